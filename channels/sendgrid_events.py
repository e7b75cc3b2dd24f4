"""SendGrid's signed event webhook: is a call genuine, and what does it say? Pure code over the bytes as received.

The signature covers the raw body, its last CRLF included, so nothing may parse the body before ``verify``.
SendGrid delivers again for a day what was not taken, and documents neither a window for the timestamp nor whether
a second delivery gets a new one. So a call may be a day old by default, and what guards against replay is the
event's own id, under which an event counts once.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from channels.events import EventKind, NotGenuine, ProviderEvent
from channels.sendgrid_mail import REF
from channels.smtp_replies import is_asleep, is_bad_address, readable

#: the headers of a call that ``verify`` needs
SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"

#: seconds a call may be old: the day over which SendGrid delivers again, and a little
TOLERANCE = 86_400 + 300
#: seconds a call may be ahead of our clock
_AHEAD = 300

_KINDS = {
    "processed": EventKind.ACCEPTED,
    "delivered": EventKind.DELIVERED,
    "deferred": EventKind.DEFERRED,
    "bounce": EventKind.BOUNCED,
    "dropped": EventKind.DROPPED,
    "spamreport": EventKind.COMPLAINED,
    "open": EventKind.OPENED,
    "click": EventKind.CLICKED,
    "unsubscribe": EventKind.UNSUBSCRIBED,
    "group_unsubscribe": EventKind.UNSUBSCRIBED,
    # group_resubscribe stays unknown on purpose: a click there is no proof of consent
}
#: why SendGrid did not try -> what that says about the address
_DROPPED = {
    "bounced address": "hard_bounce",
    "unsubscribed address": "opt_out",
    "spam reporting address": "complaint",
}
#: SendGrid's classes of bounces that are the sender's or the server's affair, not the address's
_NOT_THE_ADDRESS = frozenset({"content", "reputation", "technical", "frequency or volume too high"})
#: SendGrid's class of bounces of a mailbox that is full or asleep
_ASLEEP = "mailbox unavailable"
_LATEST = 2**40  # an instant beyond it is no instant


def verify(
    body: bytes, signature: str, timestamp: str, public_key: str, *, now: int, tolerance: int = TOLERANCE
) -> None:
    """Is this call SendGrid's own, and fresh at ``now``? Raises NotGenuine, and nothing else.

    ``signature``, ``timestamp``: the headers, as they came. ``public_key``: the verification key of the account,
    base64 as shown there, or PEM.
    """
    if not re.fullmatch(r"[0-9]{1,12}", timestamp):
        raise NotGenuine("the timestamp is not one")
    if not now - tolerance <= int(timestamp) <= now + _AHEAD:
        raise NotGenuine("the timestamp is too old, or ahead of our clock")
    try:
        signed = b64decode(signature, validate=True)
    except ValueError:
        raise NotGenuine("the signature is not base64") from None
    try:
        _key(public_key).verify(signed, timestamp.encode() + body, ec.ECDSA(SHA256()))
    except InvalidSignature:
        raise NotGenuine("the signature does not fit") from None


def is_key(public_key: str) -> bool:
    """Can signatures be verified by it?"""
    try:
        _key(public_key)
    except NotGenuine:
        return False
    return True


@lru_cache(maxsize=16)
def _key(public_key: str) -> ec.EllipticCurvePublicKey:
    bare = "".join(re.sub(r"-----[A-Z ]+-----", "", public_key).split())
    try:
        key = load_der_public_key(b64decode(bare, validate=True))
    except (ValueError, UnsupportedAlgorithm):
        raise NotGenuine("the verification key cannot be read") from None
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise NotGenuine("the verification key is of another kind")
    return key


def parse(body: bytes) -> Sequence[ProviderEvent]:
    """The events of a call, in its order. Never raises: what makes no sense is unknown, and kept."""
    try:
        found: Any = orjson.loads(body)
        return [_event(item) for item in (found if isinstance(found, list) else [found])]
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):  # the latter: nested deeper than can be written
        raw = body.decode("utf-8", "backslashreplace")
        return [ProviderEvent(kind=EventKind.UNKNOWN, id=_digest(body), raw=raw)]


def _event(item: Any) -> ProviderEvent:
    raw = orjson.dumps(item)
    said: Mapping[str, Any] = item if isinstance(item, dict) else {}
    kind = _KINDS.get(_text(said, "event"), EventKind.UNKNOWN)
    at = said.get("timestamp")
    suppress = _suppress(kind, said)
    return ProviderEvent(
        kind=kind,
        id=_text(said, "sg_event_id") or _digest(raw),
        raw=raw.decode(),
        ref=_text(said, REF),
        provider_id=_text(said, "sg_message_id"),
        at=at if type(at) is int and 0 <= at < _LATEST else None,
        to=_text(said, "email"),
        reason=readable(_text(said, "reason") or _text(said, "response")),
        suppress=suppress,
        soft=kind is EventKind.BOUNCED and suppress is None and _is_soft(said),
        machine=said.get("sg_machine_open") is True,
        url=_text(said, "url"),
        agent=_text(said, "useragent"),
    )


def _suppress(kind: EventKind, said: Mapping[str, Any]) -> str | None:
    match kind:
        case EventKind.COMPLAINED:
            return "complaint"
        case EventKind.UNSUBSCRIBED:
            return "opt_out"
        case EventKind.DROPPED:
            return _DROPPED.get(_text(said, "reason").strip().lower())
        case EventKind.BOUNCED if _is_hard(said):
            return "hard_bounce"
    return None


def _is_hard(said: Mapping[str, Any]) -> bool:
    """Is it the address that is bad? SendGrid's own type, unless the server's words or SendGrid's class of the
    bounce put it down to something else: a block, a full queue, the sender."""
    if _text(said, "type").lower() == "blocked":
        return False
    bad = is_bad_address(_text(said, "status").strip(), _text(said, "reason"))
    if bad is not None:
        return bad
    return _text(said, "bounce_classification").strip().lower() not in _NOT_THE_ADDRESS


def _is_soft(said: Mapping[str, Any]) -> bool:
    """Does the mailbox take nothing for now? By the server's words, else by SendGrid's class of the bounce."""
    status = _text(said, "status").strip()
    words = f"{_text(said, 'reason')} {status if not status.endswith('.0.0') else ''}"
    return is_asleep(words) or _text(said, "bounce_classification").strip().lower() == _ASLEEP


def _text(said: Mapping[str, Any], name: str) -> str:
    """A field that is text; anything else there is as good as nothing."""
    value = said.get(name)
    return value if isinstance(value, str) else ""


def _digest(raw: bytes) -> str:
    """A name of our own for an event that has none: the same event, the same name."""
    return f"sha256:{sha256(raw).hexdigest()}"
