"""Calls of the drill as a provider or a mailbox would make them, and the line they go over."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from urllib.parse import urlencode

import orjson
import urllib3
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from twilio.request_validator import RequestValidator

from channels import sendgrid_events, twilio_events
from channels.sendgrid_mail import REF
from channels.standard_webhooks import Signatures
from engine.clock import iso
from engine.drill.cast import Extra

#: says that a call is a drill's: the provider's key is not ours, so ours may vouch for synthetic people
HEADER = "x-rekindle-drill"
#: seconds
_TIMEOUT = urllib3.Timeout(connect=5, read=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A call to be made. ``path`` begins with a slash."""

    path: str
    body: bytes
    headers: Mapping[str, str]


class Line:
    """HTTP to the running system. ``base``: where it listens; ``public_url``: what providers know it by, and sign."""

    def __init__(self, base: str, public_url: str) -> None:
        self.base, self.public_url = base.rstrip("/"), public_url
        #: calls that were made, answered or not
        self.posts = 0
        self._pool = urllib3.PoolManager(timeout=_TIMEOUT, retries=False)

    def get(self, path: str) -> int:
        """The status of a look. Raises Unanswered."""
        return self._request("GET", path, None, {})

    def post(self, call: Post) -> int:
        """The status of a call. Raises Unanswered."""
        self.posts += 1
        return self._request("POST", call.path, call.body, call.headers)

    def _request(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> int:
        try:
            return self._pool.request(
                method, self.base + path, body=body, headers=dict(headers), redirect=False
            ).status
        except urllib3.exceptions.HTTPError as error:
            raise Unanswered(f"{self.base} did not answer ({type(error).__name__})") from None

    def close(self) -> None:
        """Release connections."""
        self._pool.clear()


class Unanswered(Exception):
    """Nobody answered; the text says where."""


def one_click(token: str) -> Post:
    """What a mailbox provider sends when its reader presses "unsubscribe" (RFC 8058)."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    return Post(path=f"/u/{token}", body=b"List-Unsubscribe=One-Click", headers=form)


def stop_by_twilio(public_url: str, auth_token: str, extra: Extra, to: str) -> Post:
    """STOP, as Twilio passes it on."""
    path = f"/webhooks/{extra.channel}"
    told = {"MessageSid": f"SM{extra.ref}", "SmsStatus": "received", "NumMedia": "0", "From": extra.phone, "To": to,
            "Body": "STOP"}  # fmt: skip
    signature = RequestValidator(auth_token).compute_signature(public_url + path, told)
    headers = {"Content-Type": twilio_events.FORM, twilio_events.SIGNATURE: signature}
    return Post(path=path, body=urlencode(told).encode(), headers=headers)


def event_by_sendgrid(key: ec.EllipticCurvePrivateKey, extra: Extra, kind: str, now: int) -> Post:
    """A bounce or a complaint, as SendGrid tells of it, signed by the drill's own key."""
    told = {"event": kind, "email": extra.email, "timestamp": now, "sg_event_id": f"drill-{extra.ref}-{kind}",
            "sg_message_id": f"drill-{extra.ref}", REF: extra.ref}  # fmt: skip
    if kind == "bounce":
        told |= {"type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 The address does not exist"}
    body = orjson.dumps([told]) + b"\r\n"
    signature = base64.b64encode(key.sign(str(now).encode() + body, ec.ECDSA(SHA256()))).decode()
    headers = {"Content-Type": "application/json", HEADER: "1", sendgrid_events.SIGNATURE: signature,
               sendgrid_events.TIMESTAMP: str(now)}  # fmt: skip
    return Post(path=f"/webhooks/{extra.channel}", body=body, headers=headers)


def receipt_by_webhook(secrets: str, extra: Extra, now: int) -> Post:
    """ "No more of this", as a product's own server tells of it."""
    told = {"type": "message.unsubscribed", "timestamp": iso(now), "data": {"ref": extra.ref}}
    body = orjson.dumps(told)
    headers = Signatures(secrets, "receipts_secret").headers(f"drill-{extra.ref}", now, body)
    return Post(
        path=f"/webhooks/{extra.channel}", body=body, headers={"Content-Type": "application/json", **headers}
    )


def event_by(name: str, secrets: str, extra: Extra, now: int) -> Post:
    """ "They want no more of this", as a system of one's own tells of it."""
    told = {"id": f"drill-{extra.ref}", "name": "unsubscribed", "person": {"email": extra.email},
            "data": {"channel": extra.channel}}  # fmt: skip
    body = orjson.dumps(told)
    headers = Signatures(secrets).headers(f"drill-{extra.ref}", now, body)
    return Post(path=f"/events/{name}", body=body, headers={"Content-Type": "application/json", **headers})


def forged(call: Post) -> Post:
    """The same call with one sign of its signature changed."""
    signed = {name: value for name, value in call.headers.items() if name.lower().endswith("signature")}
    wrong = {name: _altered(value) for name, value in signed.items()}
    return replace(call, headers={**call.headers, **wrong})


def _altered(signature: str) -> str:
    at = len(signature) // 2
    return signature[:at] + ("A" if signature[at] != "A" else "B") + signature[at + 1 :]


def drill_key(ref_key: bytes) -> ec.EllipticCurvePrivateKey:
    """The key that vouches for a drill's events, out of the environment's own: who runs a drill and who serves have it,
    and nobody else."""
    scalar = int.from_bytes(blake2b(ref_key, digest_size=32, person=b"rekindle.drill").digest())
    return ec.derive_private_key(scalar % (2**255) + 1, ec.SECP256R1())


def public(key: ec.EllipticCurvePrivateKey) -> str:
    """The public half, as a provider would show it: base64."""
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def bounce_mail(return_path: str, extra: Extra) -> bytes:
    """A mail server's report that there is nobody at the address (RFC 3464)."""
    return _report(return_path, "delivery-status", "message/delivery-status", [
        "Reporting-MTA: dns; mx.example.com", "", f"Final-Recipient: rfc822; {extra.email}", "Action: failed",
        "Status: 5.1.1", "Diagnostic-Code: smtp; 550 5.1.1 user unknown",
    ], extra)  # fmt: skip


def complaint_mail(return_path: str, extra: Extra) -> bytes:
    """A mailbox provider's report that the reader called it spam (RFC 5965)."""
    return _report(return_path, "feedback-report", "message/feedback-report", [
        "Feedback-Type: abuse", "User-Agent: rekindle-drill/1", "Version: 1", f"Original-Rcpt-To: <{extra.email}>",
    ], extra)  # fmt: skip


def _report(to: str, kind: str, part: str, fields: list[str], extra: Extra) -> bytes:
    lines = [
        "Return-Path: <>", f"Delivered-To: {to}", "From: MAILER-DAEMON@mx.example.com", f"To: {to}",
        f"Subject: drill {extra.ref}", f"Message-ID: <drill-{extra.ref}-{kind}@mx.example.com>",
        "Auto-Submitted: auto-replied", "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type={kind}; boundary="drill"', "",
        "--drill", "Content-Type: text/plain", "", "A drill.", "--drill", f"Content-Type: {part}", "", *fields, "",
        "--drill--", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode()
