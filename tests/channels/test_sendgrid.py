"""The SendGrid adapter, with the real SDK, against a strict double: the contract, every answer, every way a
connection ends, and no message of any kind that becomes a request SendGrid would call malformed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from email.header import decode_header, make_header
from typing import Any

import pytest
import sendgrid as sdk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels import registry
from channels.base import Accepted, Adapter, CannotTell, Message, Outcome, Rejected, Retry, Unknown
from channels.options import OptionError
from channels.sendgrid import SendgridAdapter
from channels.sendgrid_mail import Settings
from channels.testing import NOW, HttpDouble, NetworkContract, Received, Reply, email, page
from tests.channels.doubles.sendgrid import KEY, SendGrid, refusal, sendgrid


@pytest.fixture
def double() -> Iterator[SendGrid]:
    with sendgrid() as double:
        yield double


@pytest.fixture
def adapter(double: SendGrid) -> Iterator[Adapter]:
    made = build(double)
    yield made
    made.close()


def build(double: SendGrid, **options: object) -> Adapter:
    every = {"api_key": KEY, "host": double.url, **options}
    return registry.build("sendgrid", every, registry.Host(now=lambda: NOW))


def received(mail: dict[str, Any]) -> Received:
    [envelope] = mail["personalizations"]
    bodies = {part["type"]: part["value"] for part in mail["content"]}
    return Received(
        ref=envelope["custom_args"]["rekindle_ref"],
        to=envelope["to"][0]["email"],
        subject=mail["subject"],
        text=bodies["text/plain"],
        html=bodies["text/html"],
        headers=mail["headers"],
    )


class TestSendgridContract(NetworkContract):
    adapter_name = "sendgrid"
    provider = "SendGrid: "
    secrets = (KEY,)
    permanent = (
        (refusal(400, "Does not contain a valid address.", "personalizations.0.to.0.email"), "hard_bounce"),
        (refusal(400, "Bad content for sam@customer.example", "content.0.value"), None),
        (page(413), None),
    )
    open_ended = (*NetworkContract.open_ended, Reply(status=204), Reply(status=200, body=b"<html>Welcome"))

    @pytest.fixture(autouse=True)
    def _server(self, double: SendGrid) -> Iterator[None]:
        self.double = double
        yield
        assert double.faults == []

    def server(self) -> HttpDouble:
        return self.double.http

    def connect(self, url: str, timeout: float = 5) -> Adapter:
        return SendgridAdapter(api_key=KEY, host=url, now=lambda: NOW, settings=Settings(), timeout=timeout)

    def received(self) -> list[Received]:
        return [received(mail) for mail in self.double.mails]


def test_a_mail_is_all_that_the_message_says_and_no_more(adapter: Adapter, double: SendGrid) -> None:
    assert adapter.send(email()) == Accepted(provider_id="sg-1")
    assert double.mails == [
        {
            "personalizations": [
                {
                    "to": [{"email": "sam@customer.example", "name": "Sam Okafor"}],
                    "custom_args": {"rekindle_ref": "ref-1"},
                }
            ],
            "from": {"email": "dana@acme.example", "name": "Dana Reyes"},
            "reply_to": {"email": "hello@acme.example"},
            "subject": "It is here",
            "content": [
                {"type": "text/plain", "value": email().text},
                {"type": "text/html", "value": email().html},
            ],
            "headers": {
                "List-Unsubscribe": "<https://go.acme.example/u/token>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            },
            "categories": ["closed_lost"],
            "mail_settings": {"footer": {"enable": False}, "sandbox_mode": {"enable": False}},
            "tracking_settings": {
                "click_tracking": {"enable": False, "enable_text": False},
                "open_tracking": {"enable": False},
                "subscription_tracking": {"enable": False},
                "ganalytics": {"enable": False},
            },
        }
    ]


def test_the_sdk_says_who_it_is(adapter: Adapter, double: SendGrid) -> None:
    adapter.send(email())
    [request] = double.http.requests
    assert request.headers["user-agent"] == f"sendgrid/{sdk.__version__};python"
    assert (request.method, request.path) == ("POST", "/v3/mail/send")


def test_what_is_stored_as_not_personal_is_not(double: SendGrid) -> None:
    build(double, categories="win-back").send(email())
    [mail] = double.mails
    stored = json.dumps([mail["personalizations"][0]["custom_args"], mail["categories"]])
    assert not [word for word in ("sam", "okafor", "customer.example") if word in stored.lower()]


def test_options_reach_the_mail(double: SendGrid) -> None:
    options = {"categories": "win-back, spring ,win-back", "ip_pool": "marketing", "timeout": "9"}
    made = build(double, track_opens="true", track_clicks=True, **options)
    assert isinstance(made.send(email()), Accepted)
    [mail] = double.mails
    assert mail["categories"] == ["closed_lost", "win-back", "spring"]
    assert mail["ip_pool_name"] == "marketing"
    assert mail["tracking_settings"]["open_tracking"] == {"enable": True}
    assert mail["tracking_settings"]["click_tracking"] == {"enable": True, "enable_text": False}
    assert mail["tracking_settings"]["subscription_tracking"] == {"enable": False}


def test_in_the_sandbox_a_mail_is_checked_and_not_sent(double: SendGrid) -> None:
    made = build(double, sandbox=True)
    assert made.send(email()) == Accepted()
    assert (double.checked, double.mails) == (1, [])
    assert not made.capabilities.delivers


def test_outside_the_sandbox_200_is_nobodys_promise(adapter: Adapter, double: SendGrid) -> None:
    double.http.then(Reply(status=200, body=b"<html>Welcome to the hotel's network"))
    assert isinstance(adapter.send(email()), Unknown)


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Reply(status=202), Accepted()),
        (Reply(status=202, headers={"X-Message-Id": "14c5d75ce93.dfd_-A"}), Accepted(provider_id="14c5d75ce93.dfd_-A")),
        (Reply(status=202, headers={"X-Message-Id": "<script>"}), Accepted()),
        (
            refusal(400, "Does not contain a valid address.", "personalizations.0.to.0.email"),
            Rejected(
                reason="SendGrid: 400 personalizations.0.to.0.email Does not contain a valid address.",
                suppress="hard_bounce",
            ),
        ),
        (
            refusal(400, "Each address must be unique", "personalizations.0.to.0.email"),
            Rejected(reason="SendGrid: 400 personalizations.0.to.0.email Each address must be unique"),
        ),
        (
            refusal(400, "Bad content for sam@customer.example", "content.0.value"),
            Rejected(reason="SendGrid: 400 content.0.value Bad content for <address>"),
        ),
        (refusal(400, "Bad Request"), Rejected(reason="SendGrid: 400 Bad Request")),
        (
            refusal(400, "The from email does not contain a valid address.", "from.email"),
            Retry(
                reason="SendGrid: 400 from.email The from email does not contain a valid address.", after=600, ours=True
            ),
        ),
        (
            refusal(400, "invalid ip pool", "ip_pool_name"),
            Retry(reason="SendGrid: 400 ip_pool_name invalid ip pool", after=600, ours=True),
        ),
        (page(400), Retry(reason="SendGrid: 400 without a reason: check host", after=600, ours=True)),
        (
            refusal(401, "Maximum credits exceeded"),
            Retry(
                reason="SendGrid: 401 Maximum credits exceeded: check api_key, and that the account is in credit",
                after=600,
                ours=True,
            ),
        ),
        (
            refusal(403, "access forbidden"),
            Retry(
                reason="SendGrid: 403 access forbidden: "
                "check that the key may send mail and that the sender is verified",
                after=600,
                ours=True,
            ),
        ),
        (page(413), Rejected(reason="SendGrid: 413 the e-mail is too large")),
        (refusal(429, "too many requests", Retry_After="7"), Retry(reason="SendGrid: 429 too many requests", after=7)),
        (
            refusal(429, "too many requests", X_RateLimit_Reset=str(NOW + 42)),
            Retry(reason="SendGrid: 429 too many requests", after=42),
        ),
        (
            refusal(429, "slow down", Retry_After="Mon, 02 Mar 2026 15:01:30 GMT", X_RateLimit_Reset="1"),
            Retry(reason="SendGrid: 429 slow down", after=90),
        ),
        (refusal(429, "x", Retry_After="soon", X_RateLimit_Reset="1"), Retry(reason="SendGrid: 429 x", after=1)),
        (refusal(429, "x", Retry_After="999999999"), Retry(reason="SendGrid: 429 x", after=21_600)),
        (page(429), Retry(reason="SendGrid: 429", after=60)),
        (page(503), Retry(reason="SendGrid: 503", after=60)),
    ],
)  # fmt: skip
def test_what_an_answer_means(adapter: Adapter, double: SendGrid, reply: Reply, outcome: Outcome) -> None:
    double.http.then(reply)
    assert adapter.send(email()) == outcome
    assert len(double.http.requests) == 1


@pytest.mark.parametrize("status", [301, 307, 404, 405, 415, 451])
def test_what_only_a_wrong_host_answers_is_ours_to_mend(
    adapter: Adapter, double: SendGrid, status: int
) -> None:
    double.http.then(Reply(status=status, headers={"Location": double.url}))
    outcome = adapter.send(email())
    assert isinstance(outcome, Retry)
    assert (outcome.after, "check host" in outcome.reason) == (600, True)
    assert len(double.http.requests) == 1


@pytest.mark.parametrize("status", [204, 500, 502, 504, 520])
def test_an_error_of_the_service_leaves_the_mail_in_doubt(
    adapter: Adapter, double: SendGrid, status: int
) -> None:
    double.http.then(page(status))
    assert isinstance(adapter.send(email()), Unknown)
    assert len(double.http.requests) == 1


def test_a_wrong_key_is_ours_to_mend_and_is_not_repeated(double: SendGrid) -> None:
    outcome = build(double, api_key="SG.wrong-secret").send(email())
    assert isinstance(outcome, Retry)
    assert "check api_key" in outcome.reason
    assert "wrong-secret" not in repr(outcome)


def test_sendgrid_is_not_asked_what_became_of_a_mail(adapter: Adapter, double: SendGrid) -> None:
    adapter.send(email())
    found = adapter.lookup("ref-1")
    assert found == CannotTell(
        reason="SendGrid cannot be asked by our ref; its events tell what became of it"
    )
    assert len(double.http.requests) == 1
    assert not adapter.capabilities.webhooks, "no key is declared to verify them by"


@pytest.mark.parametrize(
    "address",
    ["sam", "sam@", "@x.example", "s am@x.example", "sám@x.example", ".sam@x.example", "s..am@x.example",
     "sam.@x.example", "sam@x", "sam@localhost", "sam@-x.example", "sam@x-.example", "sam@x.example.", "sam@x..example",
     "sam@[127.0.0.1]", "a@b.example,c@d.example", "sam@x.example\r\nBcc: a@b.example", f"{'a' * 65}@x.example",
     f"sam@{'a.' * 130}example", "sam@1.2.3.4"],
)  # fmt: skip
@pytest.mark.parametrize("field", ["to", "sender", "reply_to"])
def test_an_address_that_sendgrid_refuses_never_gets_there(
    adapter: Adapter, double: SendGrid, field: str, address: str
) -> None:
    outcome = adapter.send(email(**{field: address}))
    assert isinstance(outcome, Rejected)
    assert outcome.suppress is None
    assert address not in outcome.reason
    assert double.http.requests == []


def test_an_international_domain_goes_over_in_ascii(adapter: Adapter, double: SendGrid) -> None:
    assert isinstance(adapter.send(email(to="sam@bücher.example")), Accepted)
    assert received(double.mails[0]).to == "sam@xn--bcher-kva.example"


def test_a_name_keeps_its_words_without_the_signs_sendgrid_refuses(
    adapter: Adapter, double: SendGrid
) -> None:
    assert isinstance(adapter.send(email(to_name="Okafor, Sam; MD 張偉")), Accepted)
    assert double.mails[0]["personalizations"][0]["to"][0]["name"] == "Okafor Sam MD 張偉"


def test_a_header_in_any_script_is_encoded(adapter: Adapter, double: SendGrid) -> None:
    words = "Zażółć gęślą jaźń 你好 " * 8 + "x"
    headers = {**email().headers, "X-Words": words, "X-Looks": "=?utf-8?q?x?="}
    assert isinstance(adapter.send(email(headers=headers)), Accepted)
    found = double.mails[0]["headers"]
    assert {name: str(make_header(decode_header(found[name]))) for name in headers} == headers
    assert all(len(word) <= 75 for word in found["X-Words"].split())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"media": ("https://acme.example/cat.png",)}, "no media"),
        ({"subject": " ", "marketing": False}, "without a subject"),
        ({"text": "", "html": "", "marketing": False}, "without a body"),
        ({"subject": "a\nb"}, "the subject holds a line break"),
        ({"headers": {**email().headers, "Reply-To": "x"}}, "sendgrid writes the header Reply-To itself"),
        ({"headers": {**email().headers, "X-SG-EID": "x"}}, "sendgrid writes the header X-SG-EID itself"),
        ({"headers": {**email().headers, "X A": "x"}}, "no proper name"),
        ({"headers": {**email().headers, "list-unsubscribe": "x"}}, "there twice"),
        ({"headers": {**email().headers, "X-A": "x\r\nBcc: y"}}, "line break"),
        ({"ref": "a\nb"}, "line break"),
        ({"ref": "x" * 10_000}, "too long"),
    ],
)
def test_what_sendgrid_cannot_carry_is_refused_by_name(
    adapter: Adapter, double: SendGrid, changes: dict[str, Any], words: str
) -> None:
    outcome = adapter.send(email(**changes))
    assert isinstance(outcome, Rejected)
    assert words in outcome.reason
    assert double.http.requests == []


def test_a_mail_over_the_limit_is_refused_for_good(adapter: Adapter, double: SendGrid) -> None:
    outcome = adapter.send(email(html="x" * 30_000_001))
    assert outcome == Rejected(reason="SendGrid: 413 the e-mail is too large")
    assert double.mails == []


words = st.text(st.characters(), max_size=200)
addresses = st.one_of(
    words,
    st.emails(),
    st.builds("{}@{}".format, words, words),
    st.from_regex(r"[a-z.@\-_é]{1,40}@[a-z.\-é0-9]{1,40}", fullmatch=True),
)
messages = st.builds(
    Message,
    ref=words,
    channel=st.just("email"),
    to=addresses.filter(bool),
    to_name=words,
    sender=addresses,
    sender_name=words,
    reply_to=addresses,
    subject=words,
    text=words,
    html=words,
    headers=st.dictionaries(st.one_of(words, st.sampled_from(["X-A", "x-a", "To", "List-Id"])), words, max_size=3),
    marketing=st.just(False),
    meta=st.fixed_dictionaries({}, optional={"campaign": words}),
)  # fmt: skip
#: no control characters: nearly all of these are carried, so that the judge sees them
clean = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=200)
carried = st.builds(
    email,
    to=st.emails(),
    to_name=clean,
    sender_name=clean,
    subject=clean.filter(str.strip),
    html=words,
    headers=st.dictionaries(st.sampled_from(["X-A", "List-Id", "Precedence"]), clean).map(
        email().headers.__or__
    ),
    meta=st.fixed_dictionaries({"campaign": clean}),
)


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[SendGrid, Adapter]]:
    with sendgrid() as double:
        made = build(double, categories=",".join(f"c{n}" for n in range(9)))
        yield double, made
        made.close()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(messages, carried))
def test_no_message_becomes_a_malformed_request(shared: tuple[SendGrid, Adapter], message: Message) -> None:
    double, made = shared
    before = len(double.mails)
    outcome = made.send(message)
    assert double.faults == []
    assert isinstance(outcome, Accepted | Rejected)
    assert len(double.mails) - before == isinstance(outcome, Accepted)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"host": "http://api.sendgrid.example"}, "'host': without https the key"),
        ({"host": "ftp://127.0.0.1"}, "'host': without https the key"),
        ({"host": "api.sendgrid.com"}, "'host': must be an address"),
        ({"host": "https://user:pass@sendgrid.example"}, "'host': must be an address"),
        ({"host": "https://api.sendgrid.com/v3"}, "'host': must be an address"),
        ({"host": "https://api.sendgrid.com?x"}, "'host': must be an address"),
        ({"host": "https://"}, "'host': must be an address"),
        ({"host": "https://a:99999"}, "'host': must be an address"),
        ({"host": "https://a b"}, "'host': must be an address"),
        ({"api_key": "SG.a\r\nX-Evil: 1"}, "'api_key': is no key"),
        ({"api_key": "SG.schlüssel"}, "'api_key': is no key"),
        ({"api_key": ""}, "'api_key': must not be empty"),
        ({"timeout": 0}, "'timeout': must be between 1 and 600"),
        ({"categories": ",".join("abcdefghij")}, "'categories': at most 9"),
        ({"categories": "x" * 256}, "'categories': each in ASCII"),
        ({"categories": "ü"}, "'categories': each in ASCII"),
        ({"ip_pool": "x"}, "'ip_pool'"),
        ({"sandbox": "maybe"}, "'sandbox': must be true or false"),
        ({"asm_group": 3}, "'asm_group': unknown option"),
    ],
)  # fmt: skip
def test_options_that_make_no_sense(options: dict[str, object], said: str) -> None:
    with pytest.raises(OptionError, match=said) as refused:
        registry.build("sendgrid", {"api_key": KEY, **options})
    assert str(options.get("api_key") or "-----") not in str(refused.value)
    assert "user:pass" not in str(refused.value)


@pytest.mark.parametrize(
    "host", ["https://api.eu.sendgrid.com", "https://api.sendgrid.com/", "http://[::1]:8025"]
)
def test_hosts_that_do(host: str) -> None:
    made = registry.build("sendgrid", {"api_key": KEY, "host": host})
    assert repr(made) == f"SendgridAdapter(host={host.rstrip('/')!r})"
