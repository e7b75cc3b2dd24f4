"""The Twilio adapter, with the real SDK, against a strict double: the contract, every answer, every way a connection
ends, and no message of any kind that becomes a request Twilio would refuse for its form.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest
import twilio as sdk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels import registry
from channels.base import Accepted, Adapter, CannotTell, Message, Outcome, Rejected, Retry, Unknown
from channels.options import OptionError
from channels.pooled import NotSent
from channels.segments import size
from channels.testing import NOW, HttpDouble, NetworkContract, Received, Reply, page, sms
from channels.twilio import TwilioAdapter
from channels.twilio_codes import CODES, Fate
from channels.twilio_message import Settings
from tests.channels.doubles.twilio import (
    ACCOUNT,
    KEY,
    KEY_SECRET,
    PATH,
    SERVICE,
    TOKEN,
    Twilio,
    ref,
    refusal,
    twilio,
)

HOOK = "https://go.acme.example/webhooks/sms"
CALLBACK = "https://go.acme.example/hooks/twilio"
NUMBER = "+13125550100"


@pytest.fixture
def double() -> Iterator[Twilio]:
    with twilio() as double:
        yield double


@pytest.fixture
def adapter(double: Twilio) -> Iterator[Adapter]:
    made = build(double)
    yield made
    made.close()


def options(double: Twilio, **changes: object) -> dict[str, object]:
    """A complete declaration; what is changed to None is left out."""
    every = {
        "account_sid": ACCOUNT,
        "auth_token": TOKEN,
        "messaging_service": SERVICE,
        "status_callback": CALLBACK,
        "host": double.url,
        **changes,
    }
    return {name: value for name, value in every.items() if value is not None}


def build(double: Twilio, **changes: object) -> Adapter:
    return registry.build("twilio", options(double, **changes), registry.Host(now=lambda: NOW))


class TestTwilioContract(NetworkContract):
    adapter_name = "twilio"
    provider = "Twilio: "
    secrets = (TOKEN,)
    personal = ("5550142", "it is here", "BEGIN Twilio")
    permanent = (
        (refusal(400, 21610, "Attempt to send to unsubscribed recipient"), "opt_out"),
        (refusal(400, 21211, "The 'To' number +13125550142 is not a valid phone number."), "hard_bounce"),
        (refusal(400, 21612, "x"), None),
        (refusal(400, 29_999, "No way to +1 (312) 555-0142, nor sam@x.example"), None),
    )
    open_ended = (*NetworkContract.open_ended, Reply(status=204), Reply(status=201, body=b"<html>Welcome"))
    longest = 1_600
    example = staticmethod(sms)

    @pytest.fixture(autouse=True)
    def _server(self, double: Twilio) -> Iterator[None]:
        self.double = double
        yield
        assert double.faults == []

    def server(self) -> HttpDouble:
        return self.double.http

    def connect(self, url: str, timeout: float = 5) -> Adapter:
        return TwilioAdapter(
            account_sid=ACCOUNT,
            login=(ACCOUNT, TOKEN),
            now=lambda: NOW,
            settings=Settings(messaging_service=SERVICE, status_callback=CALLBACK),
            host=url,
            timeout=timeout,
        )

    def received(self) -> list[Received]:
        return [Received(ref=ref(said), to=said["To"], text=said["Body"]) for said in self.double.messages]


def test_a_request_is_all_that_the_message_says_and_no_more(adapter: Adapter, double: Twilio) -> None:
    assert adapter.send(sms()) == Accepted(provider_id=f"SM{1:032x}")
    assert double.messages == [
        {
            "To": "+13125550142",
            "MessagingServiceSid": SERVICE,
            "Body": "Acme: it is here, Sam.\nReply STOP to opt out",
            "StatusCallback": f"{CALLBACK}?rekindle_ref=ref-1",
            "ValidityPeriod": "3600",
            "SmartEncoded": "false",
        }
    ]


def test_the_sdk_says_who_it_is(adapter: Adapter, double: Twilio) -> None:
    adapter.send(sms())
    [request] = double.http.requests
    assert request.headers["user-agent"].startswith(f"twilio-python/{sdk.__version__} ")
    assert (request.method, request.path) == ("POST", PATH)


def test_a_number_of_ones_own_may_send(double: Twilio) -> None:
    made = build(double, messaging_service=None, **{"from": NUMBER})
    assert isinstance(made.send(sms()), Accepted)
    [message] = double.messages
    assert (message["From"], "MessagingServiceSid" in message) == (NUMBER, False)


def test_an_api_key_is_a_way_in(double: Twilio) -> None:
    made = build(double, auth_token=None, api_key_sid=KEY, api_key_secret=KEY_SECRET)
    assert isinstance(made.send(sms()), Accepted)
    assert double.http.requests[0].path == PATH


def test_beside_an_api_key_the_token_only_verifies(double: Twilio) -> None:
    made = build(double, api_key_sid=KEY, api_key_secret=KEY_SECRET)
    assert isinstance(made.send(sms()), Accepted)
    login = b64encode(f"{KEY}:{KEY_SECRET}".encode()).decode()
    assert double.http.requests[0].headers["authorization"] == f"Basic {login}"


def test_media_make_it_an_mms_which_has_no_parts(double: Twilio) -> None:
    media = ("https://acme.example/a.png", "https://acme.example/b.jpg?c=1&d=%C3%A9")
    made = build(double, max_parts=1)
    text = "x" * 1_500 + sms().text
    assert made.send(sms(text=text, media=media)) == Accepted(provider_id=f"MM{1:032x}")
    assert double.media == [list(media)]


def test_media_alone_are_a_message(adapter: Adapter, double: Twilio) -> None:
    message = sms(text="", media=("https://acme.example/a.png",), marketing=False)
    assert isinstance(adapter.send(message), Accepted)
    assert "Body" not in double.messages[0]


def test_what_is_no_unicode_text_is_replaced(adapter: Adapter, double: Twilio) -> None:
    assert isinstance(adapter.send(sms(text="half \ud83d a pair", marketing=False)), Accepted)
    assert double.messages[0]["Body"] == "half ? a pair"


def test_our_ref_joins_what_the_callback_asks_already(double: Twilio) -> None:
    made = build(double, status_callback=f"{CALLBACK}?channel=sms")
    made.send(sms("a b&c=d?é/#"))
    assert double.messages[0]["StatusCallback"] == (
        f"{CALLBACK}?channel=sms&rekindle_ref=a%20b%26c%3Dd%3F%C3%A9%2F%23"
    )
    assert double.refs() == ["a b&c=d?é/#"]


def test_the_web_service_is_called_back_where_nothing_else_is_declared(double: Twilio) -> None:
    made = hosted(double, status_callback=None)
    made.send(sms("ref-1"))
    assert double.messages[0]["StatusCallback"] == f"{HOOK}?rekindle_ref=ref-1"
    assert "status callbacks settle" in repr(made.lookup("ref-1"))


def test_nobody_is_called_back_where_the_call_could_not_be_verified(double: Twilio) -> None:
    hosted(double, status_callback=None, auth_token=None, api_key_sid=KEY, api_key_secret=KEY_SECRET).send(
        sms()
    )
    assert "StatusCallback" not in double.messages[0]


def hosted(double: Twilio, **changes: object) -> Adapter:
    """The adapter in a program that has a web service."""
    host = registry.Host(now=lambda: NOW, webhook=HOOK)
    return registry.build("twilio", options(double, **changes), host)


def test_without_a_callback_nothing_settles_a_doubt(double: Twilio) -> None:
    made = build(double, status_callback=None, auth_token=None, api_key_sid=KEY, api_key_secret=KEY_SECRET)
    assert isinstance(made.send(sms()), Accepted)
    assert "StatusCallback" not in double.messages[0]
    assert not made.capabilities.webhooks
    assert "no status_callback" in repr(made.lookup("ref-1"))


def test_options_from_the_environment_are_text(double: Twilio) -> None:
    made = build(double, validity_period="600", max_parts="2", timeout="9")
    assert isinstance(made.send(sms()), Accepted)
    assert double.messages[0]["ValidityPeriod"] == "600"


@pytest.mark.parametrize(
    ("place", "called"),
    [
        ({}, "https://api.twilio.com"),
        ({"region": "ie1"}, "https://api.ie1.twilio.com"),
        ({"edge": "dublin"}, "https://api.dublin.us1.twilio.com"),
        ({"region": "ie1", "edge": "dublin"}, "https://api.dublin.ie1.twilio.com"),
    ],
)
def test_region_and_edge_name_the_host_and_the_environment_does_not(
    double: Twilio, monkeypatch: pytest.MonkeyPatch, place: dict[str, str], called: str
) -> None:
    for name in ("REGION", "EDGE", "ACCOUNT_SID", "AUTH_TOKEN"):
        monkeypatch.setenv(f"TWILIO_{name}", "elsewhere")
    made = build(double, host=None, **place)
    seen: list[str] = []

    def unreachable(method: str, url: str, *_: object) -> None:
        seen.append(url)
        raise NotSent("no network in a test")

    monkeypatch.setattr(made._pool, "request", unreachable)  # type: ignore[attr-defined]
    assert isinstance(made.send(sms()), Retry)
    assert seen == [f"{called}{PATH}"]


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Reply(status=201), Accepted()),
        (Reply(status=201, body=b'{"sid": "SM' + b"a1" * 16 + b'"}'), Accepted(provider_id="SM" + "a1" * 16)),
        (
            refusal(400, 21610, "Attempt to send to unsubscribed recipient"),
            Rejected(
                reason="Twilio: 400 21610 the person has opted out with this sender", suppress="opt_out"
            ),
        ),
        (
            refusal(400, 21211, "The 'To' number +13125550142 is not a valid phone number."),
            Rejected(reason="Twilio: 400 21211 the number is not one", suppress="hard_bounce"),
        ),
        (
            refusal(400, 21614, "x"),
            Rejected(reason="Twilio: 400 21614 the number takes no texts", suppress="hard_bounce"),
        ),
        (
            refusal(400, 21612, "x"),
            Rejected(reason="Twilio: 400 21612 there is no way from this sender to this number"),
        ),
        (
            refusal(400, 29_999, "No way to +1 (312) 555-0142, nor sam@x.example"),
            Rejected(reason="Twilio: 400 29999 No way to <number>, nor <address>"),
        ),
        (
            refusal(400, 21606, "x"),
            Retry(
                reason="Twilio: 400 21606 check 'from': it cannot send texts, or is not this account's",
                after=600,
                ours=True,
            ),
        ),
        (
            refusal(400, 30034, "x"),
            Retry(reason="Twilio: 400 30034 the number is not registered for 10DLC", after=600, ours=True),
        ),
        (
            refusal(401, 20003, "Authenticate"),
            Retry(
                reason="Twilio: 401 20003 check account_sid and auth_token or the API key, "
                "and that the account is active",
                after=600,
                ours=True,
            ),
        ),
        (refusal(400, 21611, "x"), Retry(reason="Twilio: 400 21611 the sender's queue is full", after=60)),
        (
            refusal(429, 20429, "Too Many Requests", Retry_After="7"),
            Retry(reason="Twilio: 429 20429 too many requests", after=7),
        ),
        (
            refusal(429, 20429, "x", Retry_After="Mon, 02 Mar 2026 15:01:30 GMT"),
            Retry(reason="Twilio: 429 20429 too many requests", after=90),
        ),
        (
            refusal(429, 20429, "x", Retry_After="999999999"),
            Retry(reason="Twilio: 429 20429 too many requests", after=21_600),
        ),
        (
            refusal(429, 20429, "x", Retry_After="soon"),
            Retry(reason="Twilio: 429 20429 too many requests", after=60),
        ),
        (page(429), Retry(reason="Twilio: 429", after=60)),
        (page(503), Retry(reason="Twilio: 503", after=60)),
        (
            refusal(503, 20503, "Service Unavailable", Retry_After="3"),
            Retry(reason="Twilio: 503 20503 Service Unavailable", after=3),
        ),
        (page(400), Retry(reason="Twilio: 400: check account_sid, region and edge", after=600, ours=True)),
    ],
)
def test_what_an_answer_means(adapter: Adapter, double: Twilio, reply: Reply, outcome: Outcome) -> None:
    double.http.then(reply)
    assert adapter.send(sms()) == outcome
    assert len(double.http.requests) == 1


@pytest.mark.parametrize("status", [301, 307, 403, 404, 405, 415, 451])
def test_what_only_a_wrong_place_answers_is_ours_to_mend(
    adapter: Adapter, double: Twilio, status: int
) -> None:
    double.http.then(Reply(status=status, headers={"Location": double.url}))
    outcome = adapter.send(sms())
    assert isinstance(outcome, Retry)
    assert (outcome.after, "check account_sid" in outcome.reason) == (600, True)
    assert len(double.http.requests) == 1


@pytest.mark.parametrize(
    "reply",
    [
        page(500),
        page(502),
        page(504),
        refusal(500, 20500, "Internal Server Error"),
        refusal(500, 21610, "x"),
        Reply(status=200, body=b'{"sid": "SM1"}'),
        Reply(status=204),
        Reply(status=201, body=b"<html>Welcome to the hotel's network"),
        Reply(status=201, body=b"[1]"),
        Reply(status=201, body=b'{"sid": "<script>"}'),
    ],
)
def test_what_leaves_open_whether_it_was_taken_is_in_doubt(
    adapter: Adapter, double: Twilio, reply: Reply
) -> None:
    double.http.then(reply)
    assert isinstance(adapter.send(sms()), Unknown)
    assert len(double.http.requests) == 1


@pytest.mark.parametrize("code", sorted(CODES))
def test_each_code_leads_to_its_fate(adapter: Adapter, double: Twilio, code: int) -> None:
    double.http.then(refusal(400, code, "words"))
    outcome = adapter.send(sms())
    wanted = {
        Fate.OPTED_OUT: (Rejected, "opt_out"),
        Fate.BAD_NUMBER: (Rejected, "hard_bounce"),
        Fate.THIS_MESSAGE: (Rejected, None),
        Fate.LATER: (Retry, 60),
        Fate.OURS: (Retry, 600),
    }[CODES[code].fate]
    followed = outcome.suppress if isinstance(outcome, Rejected) else getattr(outcome, "after", None)
    assert (type(outcome), followed) == wanted


def test_who_has_opted_out_at_twilio_is_suppressed_here(adapter: Adapter, double: Twilio) -> None:
    double.opted_out.add(sms().to)
    outcome = adapter.send(sms())
    assert isinstance(outcome, Rejected)
    assert (outcome.suppress, double.messages) == ("opt_out", [])


def test_a_wrong_token_is_ours_to_mend_and_is_not_repeated(double: Twilio) -> None:
    outcome = build(double, auth_token="wrong-secret").send(sms())
    assert isinstance(outcome, Retry)
    assert (outcome.after, "wrong-secret" in repr(outcome)) == (600, False)


def test_twilio_is_not_asked_what_became_of_a_message(adapter: Adapter, double: Twilio) -> None:
    adapter.send(sms())
    assert adapter.lookup("ref-1") == CannotTell(
        reason="Twilio cannot be asked by our ref; its status callbacks settle what is in doubt"
    )
    assert len(double.http.requests) == 1
    assert adapter.capabilities.webhooks


@pytest.mark.parametrize(
    "number",
    ["13125550142", "+1 312 555 0142", "+0125550142", "+1312", "+1312555014212345", "312-555-0142",
     "whatsapp:+13125550142", "12345", "+1312555014２", "+13125550142\n", "+13125550142,+13125550143", "sam@x.example"],
)  # fmt: skip
def test_a_number_that_twilio_refuses_never_gets_there(adapter: Adapter, double: Twilio, number: str) -> None:
    outcome = adapter.send(sms(to=number))
    assert isinstance(outcome, Rejected)
    assert (outcome.suppress, number in outcome.reason) == (None, False)
    assert double.http.requests == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"text": "", "marketing": False}, "without text or media"),
        ({"text": " \n ", "marketing": False}, "without text or media"),
        ({"text": "x" * 1_601, "marketing": False}, "1601 characters, and twilio takes 1600"),
        ({"html": "<p>x</p>"}, "no HTML"),
        ({"media": ("https://acme.example/a.png",) * 11}, "10 media at most"),
        ({"media": ("http://acme.example/a.png",)}, "public https"),
        ({"media": ("https://localhost/a.png",)}, "public https"),
        ({"media": ("https://a_b.example/a.png",)}, "public https"),
        ({"media": ("https://u:p@acme.example/a.png",)}, "public https"),
        ({"media": ("/a.png",)}, "public https"),
        ({"ref": "a\nb"}, "line break"),
        ({"ref": "x" * 2_000}, "too long"),
    ],
)
def test_what_twilio_cannot_carry_is_refused_by_name(
    adapter: Adapter, double: Twilio, changes: dict[str, Any], words: str
) -> None:
    outcome = adapter.send(sms(**changes))
    assert isinstance(outcome, Rejected)
    assert words in outcome.reason
    assert double.http.requests == []


@pytest.mark.parametrize(
    ("text", "parts"),
    [("x" * 160, 1), ("x" * 161, 2), ("x" * 306, 2), ("x" * 307, 3), ("я" * 71, 2), ("€" * 81, 2)],
)
def test_a_text_costs_no_more_parts_than_declared(double: Twilio, text: str, parts: int) -> None:
    assert size(text).segments == parts
    message = sms(text=text, marketing=False)
    assert isinstance(build(double, max_parts=parts).send(message), Accepted)
    if parts > 1:
        words = f"the text takes {parts} parts, and max_parts is {parts - 1}"
        assert build(double, max_parts=parts - 1).send(message) == Rejected(reason=words)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"messaging_service": None}, "'messaging_service' and 'from': exactly one"),
        ({"from": NUMBER}, "'messaging_service' and 'from': exactly one"),
        ({"auth_token": None}, "'auth_token' and 'api_key_sid': one of them"),
        ({"api_key_sid": KEY}, "go together"),
        ({"auth_token": None, "api_key_secret": KEY_SECRET}, "go together"),
        ({"auth_token": "two words"}, "'auth_token': is no secret"),
        ({"auth_token": "a\r\nX-Evil: b"}, "'auth_token': is no secret"),
        ({"account_sid": "12345"}, "'account_sid': must be of the form AC000"),
        ({"messaging_service": ACCOUNT}, "'messaging_service': must be of the form MG000"),
        ({"messaging_service": None, "from": "Acme"}, r"'from': must be of the form \+13125550100"),
        ({"messaging_service": None, "from": f"{NUMBER}\n"}, "'from'"),
        ({"host": "https://api.twilio.com"}, "'host'"),
        ({"host": "http://127.0.0.1.evil.example"}, "'host'"),
        ({"host": "http://10.0.0.1:80"}, "'host'"),
        ({"host": "http://127.0.0.1:1/path"}, "'host'"),
        ({"account_sid": f"{ACCOUNT}\n"}, "'account_sid'"),
        ({"host": "http://127.0.0.1:1\n"}, "'host'"),
        ({"region": "evil.example/"}, "'region'"),
        ({"edge": "a.b"}, "'edge'"),
        ({"status_callback": "http://go.acme.example/"}, "'status_callback': must be a public"),
        ({"status_callback": "https://localhost/"}, "'status_callback': must be a public"),
        ({"status_callback": "https://go_on.acme.example/"}, "'status_callback': must be a public"),
        ({"status_callback": "https://go.acme.example/#x"}, "'status_callback': must be a public"),
        ({"status_callback": "https://[::1"}, "'status_callback': must be a public"),
        ({"max_parts": 0}, "'max_parts': must be between 1 and 24"),
        ({"validity_period": 36_001}, "'validity_period': must be between 1 and 36000"),
    ],
)
def test_options_that_cannot_work_are_refused_by_name(
    double: Twilio, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(OptionError, match=words) as caught:
        build(double, **changes)
    assert not [secret for secret in (TOKEN, KEY_SECRET, "two words") if secret in str(caught.value)]


words = st.text(st.characters(), max_size=300)
urls = words | st.just("https://acme.example/a.png") | st.builds("https://{}/{}".format, words, words)
messages = st.builds(
    Message,
    ref=words,
    channel=st.just("sms"),
    to=(words | st.from_regex(r"\+?[0-9 ]{1,17}", fullmatch=True)).filter(bool),
    to_name=words,
    text=words | st.text(min_size=1_500, max_size=1_700),
    media=st.lists(urls, max_size=12).map(tuple),
    marketing=st.just(False),
)  # fmt: skip
plain = st.builds(
    sms, ref=st.text(min_size=1, max_size=99), text=st.text(min_size=1), marketing=st.just(False)
)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(message=messages | plain)
def test_no_message_becomes_a_request_that_twilio_calls_malformed(
    adapter: Adapter, double: Twilio, message: Message
) -> None:
    before = len(double.messages)
    outcome = adapter.send(message)
    assert double.faults == []
    assert isinstance(outcome, Accepted | Rejected)
    if isinstance(outcome, Accepted):
        [found] = double.messages[before:]
        assert (ref(found), found["To"]) == (message.ref, message.to)
        assert found.get("Body", "") == (message.text if message.text.strip() else "")
