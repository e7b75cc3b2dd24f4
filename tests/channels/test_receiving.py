"""What the adapters take for their providers' calls: published vectors verify, and nothing else is believed."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from sendgrid import EventWebhook
from twilio.request_validator import RequestValidator

from channels import registry
from channels.events import Call, EventKind, InboundMessage, Keyword, NotGenuine, ProviderEvent, Receiver
from channels.options import OptionError
from channels.sendgrid_events import SIGNATURE, TIMESTAMP, TOLERANCE

VECTORS: Mapping[str, str] = json.loads(Path(__file__).with_name("sendgrid_vectors.json").read_text())
BODY = b64decode(VECTORS["body"])
SIGNED_AT = int(VECTORS["timestamp"])
TOKEN = "12345"
ACCOUNT = f"AC{'0' * 32}"
URL = "https://go.acme.example/webhooks/sms?rekindle_ref=r1"


def sendgrid(**options: Any) -> Receiver:
    made = registry.build("sendgrid", {"api_key": "SG.x", "webhook_key": VECTORS["key"], **options})
    assert isinstance(made, Receiver)
    return made


def twilio(**options: Any) -> Receiver:
    every = {"account_sid": ACCOUNT, "auth_token": TOKEN, "from": "+13125550100", **options}
    made = registry.build("twilio", {k: v for k, v in every.items() if v})
    assert isinstance(made, Receiver)
    return made


def told(body: bytes = BODY, *, now: int = SIGNED_AT, method: str = "POST", **headers: str) -> Call:
    """SendGrid's published call."""
    signed = {SIGNATURE.lower(): VECTORS["signature"], TIMESTAMP.lower(): VECTORS["timestamp"]}
    url = "https://go.acme.example/webhooks/email"
    return Call(method=method, url=url, headers=signed | headers, body=body, now=now)


def texted(pairs: list[tuple[str, str]], *, url: str = URL, signature: str | None = None) -> Call:
    """A call of Twilio's."""
    text = url + "".join(name + value for name, value in sorted(set(pairs)))
    signed = signature or str(RequestValidator(TOKEN).compute_signature(text, {}))
    headers = {"content-type": "application/x-www-form-urlencoded", "x-twilio-signature": signed}
    return Call(method="POST", url=url, headers=headers, body=urlencode(pairs).encode(), now=1)


def test_sendgrids_published_vector_is_taken_as_sendgrids_own_library_takes_it() -> None:
    [event] = sendgrid().receive(told()).items
    assert isinstance(event, ProviderEvent)
    assert (event.kind, event.suppress, event.at) == (EventKind.DROPPED, "hard_bounce", 1600112492)
    assert EventWebhook(VECTORS["key"]).verify_signature(
        BODY.decode(), VECTORS["signature"], VECTORS["timestamp"]
    )


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (told(BODY.replace(b"dropped", b"bounced")), "does not fit"),
        (told(BODY.rstrip()), "does not fit"),
        (told(b""), "does not fit"),
        (told(**{SIGNATURE.lower(): VECTORS["another_signature"]}), "does not fit"),
        (told(**{SIGNATURE.lower(): "%%%"}), "not base64"),
        (told(**{SIGNATURE.lower(): ""}), "does not fit"),
        (told(**{TIMESTAMP.lower(): "1600112503"}), "does not fit"),
        (told(**{TIMESTAMP.lower(): "yesterday"}), "is not one"),
        (told(now=SIGNED_AT + TOLERANCE + 1), "too old"),
        (told(now=SIGNED_AT - 301), "ahead of our clock"),
        (told(method="GET"), "posts"),
    ],
)
def test_what_is_tampered_with_stale_or_malformed_is_not_sendgrids(call: Call, words: str) -> None:
    with pytest.raises(NotGenuine, match=words):
        sendgrid().receive(call)


def test_another_accounts_key_verifies_nothing_of_ours() -> None:
    with pytest.raises(NotGenuine, match="does not fit"):
        sendgrid(webhook_key=VECTORS["another_key"]).receive(told())


def test_without_a_key_nothing_is_believed() -> None:
    made = registry.build("sendgrid", {"api_key": "SG.x"})
    assert isinstance(made, Receiver)
    assert not made.capabilities.webhooks
    with pytest.raises(NotGenuine, match="no webhook_key"):
        made.receive(told())


@pytest.mark.parametrize("key", ["x", "MFkw", b64encode(b"no key").decode()])
def test_what_is_no_key_is_refused_when_it_is_declared(key: str) -> None:
    with pytest.raises(OptionError, match="'webhook_key': is no verification key"):
        sendgrid(webhook_key=key)


@given(st.binary(max_size=200), st.text(max_size=20), st.text(max_size=20))
def test_whatever_comes_it_is_refused_or_taken(body: bytes, signature: str, timestamp: str) -> None:
    headers = {SIGNATURE.lower(): signature, TIMESTAMP.lower(): timestamp, "x-twilio-signature": signature}
    call = Call(method="POST", url=URL, headers=headers, body=body, now=SIGNED_AT)
    for receiver in (sendgrid(), twilio()):
        with pytest.raises(NotGenuine):
            receiver.receive(call)


@given(st.binary(max_size=300))
def test_whatever_is_signed_is_kept(body: bytes) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    public = b64encode(
        private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).decode()
    signature = b64encode(private.sign(VECTORS["timestamp"].encode() + body, ec.ECDSA(SHA256()))).decode()
    assert sendgrid(webhook_key=public).receive(
        told(body, **{SIGNATURE.lower(): signature})
    ).items or body in (b"[]",)


def test_a_text_is_taken_and_answered_without_a_word() -> None:
    pairs = [
        ("MessageSid", "SM1"),
        ("From", "+13125550142"),
        ("To", "+13125550100"),
        ("Body", "STOP"),
        ("NumMedia", "0"),
    ]
    taken = twilio().receive(texted(pairs))
    [message] = taken.items
    assert isinstance(message, InboundMessage)
    assert (message.sender, message.text, message.answered) == ("+13125550142", "STOP", Keyword.STOP)
    assert (taken.reply.status, taken.reply.content_type, taken.reply.body) == (
        200,
        "text/xml",
        b"<Response/>",
    )


def test_a_status_is_taken_under_our_ref() -> None:
    [event] = twilio().receive(texted([("MessageSid", "SM1"), ("MessageStatus", "delivered")])).items
    assert isinstance(event, ProviderEvent)
    assert (event.kind, event.ref, event.id) == (EventKind.DELIVERED, "r1", "SM1:delivered")


@pytest.mark.parametrize(
    "call",
    [
        texted([("MessageSid", "SM1")], signature="AAAA"),
        texted([("MessageSid", "SM1")], signature="\u2603"),
        Call(method="GET", url=URL, headers={}, body=b"", now=1),
        Call(method="POST", url=URL, headers={}, body=b"MessageSid=SM1", now=1),
        Call(method="POST", url=URL, headers={"content-type": "application/json"}, body=b"{}", now=1),
    ],
)
def test_what_is_not_twilios_is_refused(call: Call) -> None:
    with pytest.raises(NotGenuine):
        twilio().receive(call)


def test_an_api_key_alone_verifies_nothing() -> None:
    made = twilio(auth_token=None, api_key_sid=f"SK{'0' * 32}", api_key_secret="x")
    with pytest.raises(NotGenuine, match="no auth_token"):
        made.receive(texted([("MessageSid", "SM1")]))
