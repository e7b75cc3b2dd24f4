"""Twilio's webhooks: is a call genuine, and what does it say? Pure code over the URL and the bytes as received.

The signature covers the public URL, its query included, and every field of the form, blank and repeated ones too;
Twilio adds fields without notice. It covers no instant, so an old call cannot be told from a new one: what guards
against replay is the event's own id, under which an event counts once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import parse_qsl, urlsplit

from twilio.request_validator import RequestValidator

from channels.events import EventKind, InboundMessage, Keyword, NotGenuine, ProviderEvent
from channels.twilio_answers import anonymous
from channels.twilio_codes import CODES, SUPPRESS, UNREACHABLE
from channels.twilio_message import REF

#: the header of a call that ``verify`` needs
SIGNATURE = "X-Twilio-Signature"

FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 1_000

_KINDS = {
    "accepted": EventKind.ACCEPTED,
    "scheduled": EventKind.ACCEPTED,
    "queued": EventKind.ACCEPTED,
    "sending": EventKind.ACCEPTED,
    "sent": EventKind.ACCEPTED,
    "delivered": EventKind.DELIVERED,
    "undelivered": EventKind.BOUNCED,
    "failed": EventKind.DROPPED,
    "canceled": EventKind.DROPPED,
    "read": EventKind.OPENED,
}
_FAILED = (EventKind.BOUNCED, EventKind.DROPPED)

#: words, alone in a text, that Twilio by itself acts on and answers, without saying so. Where an account has that
#: switched off, nobody answers, which is lawful; two answers are not. YES is missing: Twilio takes it for START, but
#: it answers too many questions to be a consent, and no YES is answered by us
_SILENT = {
    word: keyword
    for keyword, words in (
        (Keyword.STOP, "stop stopall unsubscribe end quit cancel revoke optout"),
        (Keyword.START, "start unstop"),
        (Keyword.HELP, "help info"),
    )
    for word in words.split()
}


def verify(url: str, body: bytes, signature: str, auth_token: str, *, content_type: str = FORM) -> None:
    """Is this call Twilio's own? Raises NotGenuine, and nothing else.

    ``url``: the public one, as Twilio called it, query and all; with and without its port is tried.
    ``signature``: the header, as it came. ``auth_token``: the account's, also where an API key sends.
    """
    try:
        if _is_json(content_type):
            if "bodySHA256" not in dict(parse_qsl(urlsplit(url).query)):
                raise NotGenuine("nothing vouches for the body")
            said: str | _Form = body.decode()
        else:
            said = _Form(_pairs(body.decode(), "strict"))
        genuine = RequestValidator(auth_token).validate(url, said, signature)
    except NotGenuine:
        raise
    except ValueError:
        raise NotGenuine("the call is malformed") from None
    if not genuine:
        raise NotGenuine("the signature does not fit")


def parse(url: str, body: bytes) -> ProviderEvent | InboundMessage:
    """What a call says. Never raises: what makes no sense is unknown, and kept. ``url``: as for ``verify``."""
    raw = body.decode("utf-8", "backslashreplace")
    try:
        pairs = _pairs(body.decode("utf-8", "replace"), "replace")
    except ValueError:  # more fields than Twilio ever sends
        return ProviderEvent(kind=EventKind.UNKNOWN, id=_digest(body), raw=raw)
    said = dict(reversed(pairs))  # of a repeated field the first
    status = said.get("MessageStatus") or said.get("SmsStatus") or ""
    name = said.get("MessageSid") or said.get("SmsSid") or ""
    if status in ("", "received", "receiving") and name and said.get("From") and "Body" in said:
        return _inbound(name, said, raw)
    kind = _KINDS.get(status, EventKind.UNKNOWN)
    code = said.get("ErrorCode", "")
    known = CODES.get(int(code)) if re.fullmatch("[0-9]{5}", code) and kind in _FAILED else None
    return ProviderEvent(
        kind=kind,
        id=":".join(filter(None, (name, status, code))) if name and status else _digest(body),
        raw=raw,
        ref=_ref(url),
        provider_id=name,
        to=said.get("To", ""),
        reason=f"{code} {known.words}" if known else anonymous(f"{code} {said.get('ErrorMessage', '')}"),
        suppress=SUPPRESS.get(known.fate) if known else None,
        soft=kind is EventKind.BOUNCED and code == UNREACHABLE,
    )


def _inbound(name: str, said: Mapping[str, str], raw: str) -> InboundMessage:
    count = said.get("NumMedia", "")
    media = (
        said.get(f"MediaUrl{n}", "") for n in range(int(count) if re.fullmatch("[0-9]{1,2}", count) else 0)
    )
    return InboundMessage(
        id=name,
        raw=raw,
        sender=said["From"],
        to=said.get("To", ""),
        text=said["Body"],
        media=tuple(filter(None, media)),
        answered=_answered(said),
        vouched=True,
    )


def _answered(said: Mapping[str, str]) -> Keyword | None:
    """Advanced Opt-Out says what it did; what Twilio does by itself it does in silence."""
    kind = said.get("OptOutType", "").strip().lower()
    silent = _SILENT.get(said["Body"].strip().lower())
    return next((word for word in Keyword if word == kind), silent)


def _ref(url: str) -> str:
    """Our ref out of the callback's query, which the signature covers."""
    try:
        return dict(parse_qsl(urlsplit(url).query, max_num_fields=_MOST_FIELDS)).get(REF, "")
    except ValueError:
        return ""


class _Form(dict[str, list[str]]):
    """A form as the SDK's validator asks for it: every value of a field."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        super().__init__()
        for name, value in pairs:
            self.setdefault(name, []).append(value)

    def getall(self, name: str) -> list[str]:
        return self[name]


def _pairs(body: str, errors: str) -> list[tuple[str, str]]:
    return parse_qsl(body, keep_blank_values=True, errors=errors, max_num_fields=_MOST_FIELDS)


def _is_json(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == "application/json"


def _digest(body: bytes) -> str:
    """A name of our own for an event that has none: the same event, the same name."""
    return f"sha256:{sha256(body).hexdigest()}"
