"""SendGrid's signed events: what is genuine verifies, all else is refused cleanly, and nothing is lost."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from sendgrid import EventWebhook

from channels.events import EventKind, NotGenuine, ProviderEvent
from channels.sendgrid_events import TOLERANCE, parse, verify

PRIVATE, ANOTHER = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
TIMESTAMP = "1772463600"
NOW = int(TIMESTAMP)
BODY = b'[{"email":"sam@customer.example","event":"dropped","sg_event_id":"ZHJvcC0x","timestamp":1772463590}]\r\n'


def _public(key: Any) -> str:
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b64encode(der).decode()


def _signed(body: bytes, key: ec.EllipticCurvePrivateKey = PRIVATE) -> str:
    return b64encode(key.sign(TIMESTAMP.encode() + body, ec.ECDSA(SHA256()))).decode()


KEY, OTHER_KEY = _public(PRIVATE), _public(ANOTHER)
SIGNATURE, OTHER_SIGNATURE = _signed(BODY), _signed(BODY, ANOTHER)


def test_a_signature_verifies_as_it_does_in_sendgrids_own_library() -> None:
    verify(BODY, SIGNATURE, TIMESTAMP, KEY, now=NOW)
    assert EventWebhook(KEY).verify_signature(BODY.decode(), SIGNATURE, TIMESTAMP)


def test_the_key_may_be_pem() -> None:
    pem = f"-----BEGIN PUBLIC KEY-----\n{KEY[:64]}\n{KEY[64:]}\n-----END PUBLIC KEY-----\n"
    verify(BODY, SIGNATURE, TIMESTAMP, pem, now=NOW)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"public_key": OTHER_KEY}, "does not fit"),
        ({"signature": OTHER_SIGNATURE}, "does not fit"),
        ({"body": b"payload"}, "does not fit"),
        ({"body": BODY.rstrip()}, "does not fit"),
        ({"timestamp": "1772463599"}, "does not fit"),
        ({"timestamp": "timestamp"}, "timestamp is not one"),
        ({"timestamp": ""}, "timestamp is not one"),
        ({"timestamp": "1772463600\n"}, "timestamp is not one"),
        ({"timestamp": "١٧٧٢٤٦٣٦٠٠"}, "timestamp is not one"),
        ({"timestamp": "9" * 5000}, "timestamp is not one"),
        ({"signature": ""}, "does not fit"),
        ({"signature": "AAAA"}, "does not fit"),
        ({"signature": "not base64!"}, "not base64"),
        ({"signature": "ünicode"}, "not base64"),
        ({"signature": SIGNATURE[:-3]}, "not base64"),
        ({"public_key": ""}, "key cannot be read"),
        ({"public_key": "AAAA"}, "key cannot be read"),
        ({"public_key": "not base64!"}, "key cannot be read"),
        ({"public_key": KEY[:-8]}, "key cannot be read"),
        ({"public_key": _public(ed25519.Ed25519PrivateKey.generate())}, "of another kind"),
        ({"public_key": _public(rsa.generate_private_key(65537, 2048))}, "of another kind"),
        ({"now": NOW + TOLERANCE + 1}, "too old"),
        ({"now": NOW - 301}, "ahead of our clock"),
        ({"now": NOW + 301, "tolerance": 300}, "too old"),
    ],
)
def test_anything_else_is_refused(changes: dict[str, Any], words: str) -> None:
    call: dict[str, Any] = {"body": BODY, "signature": SIGNATURE, "timestamp": TIMESTAMP, "public_key": KEY}
    with pytest.raises(NotGenuine, match=words):
        verify(**{**call, "now": NOW, **changes})


@pytest.mark.parametrize("late", [0, 1, TOLERANCE, -300])
def test_a_delivery_of_the_last_day_is_fresh(late: int) -> None:
    verify(BODY, SIGNATURE, TIMESTAMP, KEY, now=NOW + late)


_texts = st.one_of(
    st.text(),
    st.sampled_from([KEY, SIGNATURE, TIMESTAMP, OTHER_KEY]),
    st.binary().map(b64encode).map(bytes.decode),
)


@given(body=st.binary(), signature=_texts, timestamp=_texts, key=_texts)
def test_no_call_raises_anything_but_a_refusal(body: bytes, signature: str, timestamp: str, key: str) -> None:
    with pytest.raises(NotGenuine):
        verify(body, signature, timestamp, key, now=NOW)


@given(body=st.binary(max_size=500), flipped=st.integers(min_value=0))
def test_what_was_signed_verifies_and_one_bit_off_does_not(body: bytes, flipped: int) -> None:
    signed = _signed(body)
    verify(body, signed, TIMESTAMP, KEY, now=NOW)
    tampered = bytearray(body or b"x")
    tampered[flipped % len(tampered)] ^= 1 << flipped % 8
    with pytest.raises(NotGenuine):
        verify(bytes(tampered), signed, TIMESTAMP, KEY, now=NOW)


def one(**said: Any) -> ProviderEvent:
    [event] = parse(json.dumps([{"sg_event_id": "e1", "timestamp": NOW, **said}]).encode())
    return event


def test_an_event_is_whole() -> None:
    said = {
        "email": "sam@customer.example", "event": "bounce", "type": "bounce", "status": "5.1.1",
        "reason": "550 5.1.1 <sam@customer.example> user unknown", "rekindle_ref": "ref-1", "category": ["closed_lost"],
        "sg_message_id": "14c5d75ce93.dfd.0",
    }  # fmt: skip
    event = one(**said)
    assert json.loads(event.raw) == {"sg_event_id": "e1", "timestamp": NOW, **said}
    assert event == ProviderEvent(
        kind=EventKind.BOUNCED,
        id="e1",
        raw=event.raw,
        ref="ref-1",
        provider_id="14c5d75ce93.dfd.0",
        at=NOW,
        to="sam@customer.example",
        reason="550 5.1.1 <address> user unknown",
        suppress="hard_bounce",
    )
    assert "sam@" not in repr(event)


@pytest.mark.parametrize(
    ("event", "kind", "suppress"),
    [
        ("processed", EventKind.ACCEPTED, None),
        ("delivered", EventKind.DELIVERED, None),
        ("deferred", EventKind.DEFERRED, None),
        ("bounce", EventKind.BOUNCED, "hard_bounce"),
        ("dropped", EventKind.DROPPED, None),
        ("spamreport", EventKind.COMPLAINED, "complaint"),
        ("open", EventKind.OPENED, None),
        ("click", EventKind.CLICKED, None),
        ("unsubscribe", EventKind.UNSUBSCRIBED, "opt_out"),
        ("group_unsubscribe", EventKind.UNSUBSCRIBED, "opt_out"),
        ("group_resubscribe", EventKind.UNKNOWN, None),
        ("account_status_change", EventKind.UNKNOWN, None),
        ("invented_tomorrow", EventKind.UNKNOWN, None),
    ],
)
def test_each_kind_of_event(event: str, kind: EventKind, suppress: str | None) -> None:
    found = one(event=event)
    assert (found.kind, found.suppress) == (kind, suppress)


@pytest.mark.parametrize(
    ("said", "hard"),
    [
        ({"type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 no such user"}, True),
        ({"type": "bounce", "status": "5.0.0", "reason": "500 unknown recipient"}, True),
        ({"type": "bounce", "status": "5.2.1", "reason": "550 5.2.1 account disabled"}, True),
        ({"type": "bounce", "status": "5.2.1", "reason": "550 5.2.1 at a rate that"}, False),
        ({"type": "bounce", "status": "5.2.2", "reason": "552 5.2.2 over quota and inactive"}, True),
        ({"type": "bounce", "status": "5.7.1", "reason": "550 5.7.1 policy"}, False),
        ({"type": "bounce", "status": "5.7.26", "reason": "550-5.7.26 unauthenticated"}, False),
        ({"type": "bounce", "status": "5.1.1", "reason": "421 5.1.1 come back"}, False),
        ({"type": "bounce", "reason": "550 blocked", "bounce_classification": "Reputation"}, False),
        ({"type": "bounce", "reason": "gone", "bounce_classification": "Invalid Address"}, True),
        ({"type": "bounce"}, True),
        ({"type": "blocked", "status": "5.1.1", "reason": "550 5.1.1 no such user"}, False),
        ({"type": "blocked", "reason": "unable to get mx info", "bounce_classification": "Unclassified"}, False),
    ],
)  # fmt: skip
def test_only_a_bad_address_is_a_hard_bounce(said: dict[str, str], hard: bool) -> None:
    event = one(event="bounce", **said)
    assert event.kind is EventKind.BOUNCED
    assert event.suppress == ("hard_bounce" if hard else None)


@pytest.mark.parametrize(
    ("said", "soft"),
    [
        ({"type": "blocked", "status": "4.2.2", "reason": "452 4.2.2 full"}, True),
        ({"type": "blocked", "bounce_classification": "Mailbox Unavailable"}, True),
        ({"type": "bounce", "status": "5.7.1", "reason": "550 5.7.1 policy"}, False),
        ({"type": "blocked", "bounce_classification": "Reputation"}, False),
        ({"type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 no such user"}, False),
    ],
)
def test_only_a_mailbox_that_takes_nothing_for_now_is_a_soft_bounce(said: dict[str, str], soft: bool) -> None:
    assert one(event="bounce", **said).soft is soft


@pytest.mark.parametrize(
    ("reason", "suppress"),
    [
        ("Bounced Address", "hard_bounce"),
        ("Unsubscribed Address", "opt_out"),
        ("Spam Reporting Address", "complaint"),
        ("Invalid SMTPAPI header", None),
        ("Spam Content (if spam checker app enabled)", None),
        ("Recipient List over Package Quota", None),
    ],
)
def test_why_sendgrid_did_not_try(reason: str, suppress: str | None) -> None:
    assert one(event="dropped", reason=reason).suppress == suppress


def test_a_machines_open_is_marked() -> None:
    assert one(event="open", sg_machine_open=True).machine
    assert not one(event="open", sg_machine_open=False).machine
    assert not one(event="open").machine


def test_an_event_without_an_id_has_the_same_name_each_time() -> None:
    events = parse(b'[{"event": "open", "email": "a@b.example"}]') + parse(
        b'[{"event":"open","email":"a@b.example"}]'
    )  # type: ignore[operator]
    assert events[0].id == events[1].id
    assert events[0].id.startswith("sha256:")


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"{", b"<html>", b"[" * 900 + b"]" * 900, b"[" * 9_000, b'["\\ud800"]']
)
def test_what_cannot_be_read_is_kept(body: bytes) -> None:
    [event] = parse(body)
    assert (event.kind, event.ref, event.suppress) == (EventKind.UNKNOWN, "", None)
    assert event.raw == body.decode("utf-8", "backslashreplace")


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
_FIELDS = [
    "event", "type", "status", "reason", "response", "timestamp", "email", "sg_event_id", "sg_message_id", "url",
    "rekindle_ref", "sg_machine_open", "bounce_classification",
]  # fmt: skip
_VALUES = [
    "bounce",
    "dropped",
    "blocked",
    "open",
    "5.1.1",
    "5.2.1",
    "550 5.1.1 x",
    "421 x",
    "Bounced Address",
]
_near = st.lists(st.dictionaries(st.sampled_from(_FIELDS), st.sampled_from(_VALUES) | _json), max_size=4)


@settings(max_examples=200)
@given(st.binary() | _json.map(json.dumps).map(str.encode) | _near.map(json.dumps).map(str.encode))
def test_parsing_never_raises_and_loses_nothing(body: bytes) -> None:
    events = parse(body)
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    if isinstance(said, list) and all(event.raw[:1] == "{" for event in events):
        assert len(events) == len(said)
    assert all(event.id and (event.at is None or event.at >= 0) for event in events)
    assert parse(body) == events
