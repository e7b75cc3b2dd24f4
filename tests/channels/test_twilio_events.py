"""Twilio's webhooks: published vectors verify, everything else is refused cleanly, and nothing is lost."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from channels.events import EventKind, InboundMessage, Keyword, NotGenuine, ProviderEvent
from channels.twilio_codes import CODES, SUPPRESS
from channels.twilio_events import parse, verify
from channels.twilio_message import callback

# Vectors that Twilio publishes with its own libraries (twilio-python, tests/unit/test_request_validator.py; the same in
# twilio-node, -ruby, -java, -php): a form with a repeated field, and a JSON body. The others hold numbers that may be
# somebody's; what they show is shown below.
TOKEN = "12345"
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
BODY = b"Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234"
SIGNATURE = "IK+Dwps556ElfBT0I3Rgjkr1wJU="
JSON_BODY = b'{"property": "value", "boolean": true}'
JSON_URL = f"{URL}&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
JSON_SIGNATURE = "a9nBmqA0ju/hNViExpshrM61xv4="


def test_the_published_vector_of_a_form_verifies() -> None:
    verify(URL, BODY, SIGNATURE, TOKEN)


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_the_published_vector_of_a_json_body_verifies(kind: str) -> None:
    verify(JSON_URL, JSON_BODY, JSON_SIGNATURE, TOKEN, content_type=kind)


def signed(url: str, pairs: list[tuple[str, str]]) -> str:
    """By the words of Twilio's page on security: the URL, then each name and value, sorted; of equal values one."""
    text = url + "".join(name + value for name, value in sorted(set(pairs)))
    return str(RequestValidator(TOKEN).compute_signature(text, {}))


@pytest.mark.parametrize(
    ("called", "signs"),
    [
        ("https://acme.example/t", "https://acme.example/t"),
        ("https://acme.example/t", "https://acme.example:443/t"),
        ("https://acme.example:443/t", "https://acme.example/t"),
        ("https://acme.example:1234/t?a=b", "https://acme.example/t?a=b"),
        ("https://acme.example:1234/t?a=b", "https://acme.example:1234/t?a=b"),
        ("http://acme.example/t", "http://acme.example:80/t"),
        ("http://acme.example:8080/t", "http://acme.example/t"),
    ],
)
def test_twilio_signs_with_or_without_the_port(called: str, signs: str) -> None:
    pairs = [("From", "+13125550142"), ("To", "+13125550100"), ("Body", "STOP")]
    verify(called, urlencode(pairs).encode(), signed(signs, pairs), TOKEN)


def test_blank_and_repeated_fields_are_part_of_it() -> None:
    pairs = [("Body", ""), ("A", "2"), ("A", "1"), ("A", "2"), ("ToCity", ""), ("Zoë", "張偉 &=+%")]
    verify(URL, urlencode(pairs).encode(), signed(URL, pairs), TOKEN)
    without = [pair for pair in pairs if pair[1]]
    with pytest.raises(NotGenuine, match="does not fit"):
        verify(URL, urlencode(without).encode(), signed(URL, pairs), TOKEN)


def test_a_field_that_twilio_adds_tomorrow_is_part_of_it() -> None:
    pairs = [("MessageSid", "SM1"), ("InventedTomorrow", "x")]
    verify(URL, urlencode(pairs).encode(), signed(URL, pairs), TOKEN)


def test_our_ref_in_the_url_is_part_of_it() -> None:
    url = callback("https://go.acme.example/hooks/twilio?channel=sms", "a b&c=d?é/#")
    signature = signed(url, [("MessageSid", "SM1")])
    verify(url, b"MessageSid=SM1", signature, TOKEN)
    with pytest.raises(NotGenuine, match="does not fit"):
        verify(url.replace("a%20b", "a%20c"), b"MessageSid=SM1", signature, TOKEN)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"auth_token": "54321"}, "does not fit"),
        ({"auth_token": ""}, "does not fit"),
        ({"signature": ""}, "does not fit"),
        ({"signature": "not base64!"}, "does not fit"),
        ({"signature": "ünicode"}, "does not fit"),
        ({"signature": SIGNATURE.lower()}, "does not fit"),
        ({"body": b""}, "does not fit"),
        ({"body": BODY + b"&Extra="}, "does not fit"),
        ({"body": BODY.replace(b"1234", b"1235")}, "does not fit"),
        ({"url": URL.replace("https", "http")}, "does not fit"),
        ({"url": URL.replace("bar=2", "bar=3")}, "does not fit"),
        ({"url": "https://mycompany.com:port/"}, "malformed"),
        ({"url": "https://[::1/"}, "malformed"),
        ({"url": f"{URL}\ud800"}, "malformed"),
        ({"body": b"\xff"}, "malformed"),
        ({"body": b"Body=%ff"}, "malformed"),
        ({"body": b"&".join(b"a=1" for _ in range(1_001))}, "malformed"),
        ({"content_type": "application/json"}, "nothing vouches for the body"),
        ({"content_type": "application/json", "url": JSON_URL}, "does not fit"),
        ({"content_type": "application/json", "url": JSON_URL, "body": JSON_BODY}, "does not fit"),
        (
            {"content_type": "application/json", "url": JSON_URL, "body": b"{}", "signature": JSON_SIGNATURE},
            "does not fit",
        ),
        (
            {
                "content_type": "application/json",
                "url": JSON_URL,
                "body": b"\xff",
                "signature": JSON_SIGNATURE,
            },
            "malformed",
        ),
    ],
)
def test_anything_else_is_refused(changes: dict[str, Any], words: str) -> None:
    call: dict[str, Any] = {"url": URL, "body": BODY, "signature": SIGNATURE, "auth_token": TOKEN}
    with pytest.raises(NotGenuine, match=words):
        verify(**{**call, **changes})


_texts = st.one_of(
    st.text(), st.text(st.characters(codec=None)), st.sampled_from([URL, JSON_URL, SIGNATURE, TOKEN])
)
_kinds = (
    st.sampled_from(["application/x-www-form-urlencoded", "application/json", "", "text/plain"]) | st.text()
)


@settings(max_examples=200)
@given(url=_texts, body=st.binary(), signature=_texts, token=_texts, kind=_kinds)
@example(url="https://[", body=b"", signature="", token="", kind="")
def test_no_call_raises_anything_but_a_refusal(
    url: str, body: bytes, signature: str, token: str, kind: str
) -> None:
    with pytest.raises(NotGenuine):
        verify(url, body, signature, token, content_type=kind)


_pairs = st.lists(st.tuples(st.text(min_size=1), st.text()), max_size=6)


@given(pairs=_pairs, flipped=st.integers(min_value=0))
def test_what_was_signed_verifies_and_one_sign_off_does_not(
    pairs: list[tuple[str, str]], flipped: int
) -> None:
    signature = signed(URL, pairs)
    verify(URL, urlencode(pairs).encode(), signature, TOKEN)
    at = flipped % (len(signature) - 1)
    wrong = signature[:at] + ("A" if signature[at] != "A" else "B") + signature[at + 1 :]
    with pytest.raises(NotGenuine, match="does not fit"):
        verify(URL, urlencode(pairs).encode(), wrong, TOKEN)


SID = "SM" + "a1" * 16
HOOK = callback("https://go.acme.example/hooks/twilio", "ref-1")


def status(url: str = HOOK, **said: str) -> ProviderEvent:
    """The event of a status callback such as Twilio sends."""
    every = {
        "MessageSid": SID,
        "SmsSid": SID,
        "AccountSid": "AC1",
        "To": "+13125550142",
        "From": "+13125550100",
        **said,
    }
    found = parse(url, urlencode(every).encode())
    assert isinstance(found, ProviderEvent)
    return found


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("accepted", EventKind.ACCEPTED),
        ("scheduled", EventKind.ACCEPTED),
        ("queued", EventKind.ACCEPTED),
        ("sending", EventKind.ACCEPTED),
        ("sent", EventKind.ACCEPTED),
        ("delivered", EventKind.DELIVERED),
        ("undelivered", EventKind.BOUNCED),
        ("failed", EventKind.DROPPED),
        ("canceled", EventKind.DROPPED),
        ("read", EventKind.OPENED),
        ("partially_delivered", EventKind.UNKNOWN),
        ("invented_tomorrow", EventKind.UNKNOWN),
    ],
)
def test_each_status(said: str, kind: EventKind) -> None:
    event = status(MessageStatus=said, SmsStatus=said)
    assert event == ProviderEvent(
        kind=kind, id=f"{SID}:{said}", raw=event.raw, ref="ref-1", provider_id=SID, to="+13125550142"
    )


@pytest.mark.parametrize(("code", "soft"), [("30003", True), ("30007", False), ("30005", False)])
def test_a_phone_that_is_off_is_a_soft_bounce(code: str, soft: bool) -> None:
    assert status(MessageStatus="undelivered", SmsStatus="undelivered", ErrorCode=code).soft is soft


@pytest.mark.parametrize("code", sorted(CODES))
@pytest.mark.parametrize("said", ["undelivered", "failed"])
def test_a_failure_says_why_and_suppresses_only_what_the_code_proves(said: str, code: int) -> None:
    event = status(MessageStatus=said, ErrorCode=str(code))
    assert event.suppress == SUPPRESS.get(CODES[code].fate)
    assert event.reason == f"{code} {CODES[code].words}"


def test_a_phone_that_is_off_is_not_suppressed() -> None:
    assert status(MessageStatus="undelivered", ErrorCode="30003").suppress is None


def test_a_code_nobody_knows_is_told_without_a_number() -> None:
    event = status(
        MessageStatus="failed", ErrorCode="39999", ErrorMessage="No way to +1 312-555-0142 nor sam@x.example"
    )
    assert (event.reason, event.suppress) == ("39999 No way to <number> nor <address>", None)


@pytest.mark.parametrize("said", ["sent", "delivered", "invented_tomorrow"])
def test_a_code_beside_success_suppresses_nobody(said: str) -> None:
    assert status(MessageStatus=said, ErrorCode="21610").suppress is None


def test_the_same_event_has_the_same_name_and_another_has_another() -> None:
    names = [status(MessageStatus=said).id for said in ("queued", "sent", "delivered", "sent")]
    assert (names[1], len(set(names))) == (names[3], 3)
    assert status(MessageStatus="failed", ErrorCode="30001").id != status(MessageStatus="failed").id


@pytest.mark.parametrize("ref", ["ref-1", "a b&c=d?é/#", "../../up", "張偉", "%41"])
def test_an_event_comes_back_under_our_ref(ref: str) -> None:
    assert (
        status(callback(f"{HOOK}&x=1".replace("rekindle_ref=ref-1&", ""), ref), MessageStatus="sent").ref
        == ref
    )


@pytest.mark.parametrize(
    "url", ["https://go.acme.example/hooks", "https://[::1", "", "https://x.example/?rekindle_ref="]
)
def test_without_a_ref_the_event_is_kept_all_the_same(url: str) -> None:
    assert (status(url, MessageStatus="sent").ref, status(url, MessageStatus="sent").provider_id) == ("", SID)


def inbound(**said: str) -> InboundMessage:
    """What Twilio sends when a person has written to us."""
    every = {
        "MessageSid": SID, "SmsMessageSid": SID, "SmsSid": SID, "SmsStatus": "received", "From": "+13125550142",
        "To": "+13125550100", "Body": "Hello", "NumMedia": "0", "FromCity": "", **said,
    }  # fmt: skip
    found = parse("https://go.acme.example/hooks/twilio", urlencode(every).encode())
    assert isinstance(found, InboundMessage)
    return found


def test_a_message_of_a_persons() -> None:
    message = inbound(Body="What does it cost? 你好 & so on")
    assert (message.id, message.sender, message.to) == (SID, "+13125550142", "+13125550100")
    assert (message.text, message.media, message.answered) == ("What does it cost? 你好 & so on", (), None)
    assert "5550142" not in repr(message).replace(message.to, "")
    assert "cost" not in repr(message)


def test_pictures_come_as_addresses() -> None:
    message = inbound(
        Body="", NumMedia="2", MediaUrl0="https://api.twilio.com/a", MediaUrl1="https://api.twilio.com/b"
    )
    assert message.media == ("https://api.twilio.com/a", "https://api.twilio.com/b")
    assert inbound(NumMedia="9", MediaUrl0="https://api.twilio.com/a").media == ("https://api.twilio.com/a",)
    assert inbound(NumMedia="many", MediaUrl0="https://api.twilio.com/a").media == ()


@pytest.mark.parametrize(
    ("said", "answered"),
    [
        ({"Body": "Baja", "OptOutType": "STOP"}, Keyword.STOP),
        ({"Body": "Ja", "OptOutType": "START"}, Keyword.START),
        ({"Body": "?", "OptOutType": "HELP"}, Keyword.HELP),
        ({"Body": "Hello", "OptOutType": "INVENTED"}, None),
        # without Advanced Opt-Out Twilio answers these in silence
        ({"Body": "STOP"}, Keyword.STOP),
        ({"Body": " stopall\n"}, Keyword.STOP),
        ({"Body": "Unsubscribe"}, Keyword.STOP),
        ({"Body": "End"}, Keyword.STOP),
        ({"Body": "QUIT"}, Keyword.STOP),
        ({"Body": "Cancel"}, Keyword.STOP),
        ({"Body": "revoke"}, Keyword.STOP),
        ({"Body": "OPTOUT"}, Keyword.STOP),
        ({"Body": "opt out"}, None),
        ({"Body": "Stop please"}, None),
        ({"Body": "nonstop deals?"}, None),
        ({"Body": "Start"}, Keyword.START),
        ({"Body": " unstop "}, Keyword.START),
        ({"Body": "HELP"}, Keyword.HELP),
        ({"Body": "info\n"}, Keyword.HELP),
        ({"Body": "help me"}, None),
        # Twilio takes it for START; here it is the answer to whatever was asked
        ({"Body": "YES"}, None),
    ],
)
def test_whether_twilio_has_answered_already(said: dict[str, str], answered: Keyword | None) -> None:
    assert inbound(**said).answered is answered


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"{}", b"<html>", b"MessageSid=SM1", b"a=1&" * 1_001, b"Body=hello"]
)
def test_what_makes_no_sense_is_kept(body: bytes) -> None:
    event = parse(HOOK, body)
    assert isinstance(event, ProviderEvent)
    assert (event.kind, event.suppress) == (EventKind.UNKNOWN, None)
    assert event.raw == body.decode("utf-8", "backslashreplace")
    assert event.id.startswith("sha256:")


_fields = st.sampled_from(
    [
        "MessageSid",
        "MessageStatus",
        "SmsStatus",
        "ErrorCode",
        "From",
        "To",
        "Body",
        "NumMedia",
        "MediaUrl0",
        "OptOutType",
    ]
)
_values = st.text() | st.sampled_from(["sent", "failed", "21610", "received", "STOP", "2", SID, "٢١٦١٠"])
_near = st.lists(st.tuples(_fields, _values), max_size=8).map(lambda pairs: urlencode(pairs).encode())


@settings(max_examples=300)
@given(url=st.text() | st.text().map(lambda ref: f"{HOOK}{quote(ref)}"), body=st.binary() | _near)
def test_parsing_never_raises_and_loses_nothing(url: str, body: bytes) -> None:
    found = parse(url, body)
    assert found.id
    assert found.raw == body.decode("utf-8", "backslashreplace")
    assert parse(url, body) == found
