"""A message as the body of SendGrid's POST /v3/mail/send. Pure; what SendGrid would refuse is refused here, by name.

One message is one request. A request can carry a thousand people, but only one body for all of them, and ours
are worded for each person (docs/channels/sendgrid.md).
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from email.header import Header
from functools import lru_cache
from typing import Any

from channels.base import Message, MessageError
from channels.mime import one_line, wire_address

#: the custom argument that carries our ref; SendGrid's events bring it back
REF = "rekindle_ref"

#: SendGrid's limits
MOST_CATEGORIES, LONGEST_CATEGORY = 10, 255
_LONGEST_ADDRESS = 254
_CUSTOM_ARGS = 10_000

#: headers that SendGrid writes itself
_RESERVED = frozenset(
    "x-sg-id x-sg-eid received dkim-signature content-type content-transfer-encoding to from subject "
    "reply-to cc bcc".split()
)
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]+")
#: wire_address lets pass what only few servers take; SendGrid is stricter
_ADDRESS = re.compile(
    r"[^.@]+(?:\.[^.@]+)*@(?:(?!-)[A-Za-z0-9-]{1,63}(?<!-)\.)+(?=.*[A-Za-z])(?!-)[A-Za-z0-9-]{2,63}(?<!-)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is the same for every message of a channel."""

    categories: tuple[str, ...] = ()
    ip_pool: str = ""
    sandbox: bool = False
    track_opens: bool = False
    track_clicks: bool = False


def payload(message: Message, settings: Settings) -> dict[str, Any]:
    """The request's body. Raises MessageError for what SendGrid does not carry."""
    if message.media:
        raise MessageError("sendgrid carries no media with an e-mail: link to it")
    if not message.subject.strip():
        raise MessageError("sendgrid carries no e-mail without a subject")
    one_line("the subject", message.subject)
    body: dict[str, Any] = {
        "personalizations": [
            {"to": [_mailbox(message.to, message.to_name)], "custom_args": _custom_args(message.ref)}
        ],
        "from": _mailbox(message.sender, message.sender_name),
        "subject": message.subject,
        "content": _content(message),
        "mail_settings": {"footer": {"enable": False}, "sandbox_mode": {"enable": settings.sandbox}},
        "tracking_settings": _tracking(settings),
    }
    if message.reply_to:
        body["reply_to"] = _mailbox(message.reply_to, "")
    if message.headers:
        body["headers"] = _headers(message.headers)
    if categories := _categories(message, settings):
        body["categories"] = categories
    if message.attachments:
        body["attachments"] = [
            {"content": b64encode(a.content).decode(), "type": a.media_type, "filename": a.name}
            for a in message.attachments
        ]
    if settings.ip_pool:
        body["ip_pool_name"] = settings.ip_pool
    return body


def is_category(name: str) -> bool:
    """Can SendGrid keep figures under this name?"""
    return bool(name.strip()) and len(name) <= LONGEST_CATEGORY and name.isascii() and name.isprintable()


@lru_cache(maxsize=1024)  # the sender and the address for replies are those of every message
def _mailbox(address: str, name: str) -> Mapping[str, str]:
    wire = wire_address(address)
    if len(wire) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(wire):
        raise MessageError("an address is not one that sendgrid takes")
    one_line("a display name", name)
    # SendGrid takes no comma or semicolon in a recipient's name
    name = " ".join(re.sub(r"[,;]", " ", name).split())
    return {"email": wire, "name": name} if name else {"email": wire}


def _custom_args(ref: str) -> dict[str, str]:
    one_line("the ref", ref)
    if len(ref.encode()) > _CUSTOM_ARGS // 2:
        raise MessageError("the ref is too long for sendgrid")
    return {REF: ref}


def _content(message: Message) -> list[dict[str, str]]:
    """Plain text first, as SendGrid demands; none of them empty."""
    parts = [("text/plain", message.text), ("text/html", message.html)]
    # what is no Unicode text, half a surrogate pair, cannot be said in JSON
    found = [
        {"type": kind, "value": text.encode("utf-8", "replace").decode()} for kind, text in parts if text
    ]
    if not found:
        raise MessageError("sendgrid carries no e-mail without a body")
    return found


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    names = [name.lower() for name in headers]
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or names.count(name.lower()) > 1:
            raise MessageError("a header has no proper name, or is there twice")
        if name.lower() in _RESERVED:
            raise MessageError(f"sendgrid writes the header {name} itself")
        one_line(name, value)
    return {name: _encoded(name, value) for name, value in headers.items()}


def _encoded(name: str, value: str) -> str:
    """Encoded words where ASCII does not do: SendGrid passes headers on as they are."""
    if value.isascii() and "=?" not in value:
        return value
    return Header(value, "utf-8", header_name=name, maxlinelen=75).encode(linesep="")


def _categories(message: Message, settings: Settings) -> list[str]:
    """The declared ones, and the message's campaign."""
    campaign = message.meta.get("campaign", "")
    names = [campaign, *settings.categories] if is_category(campaign) else settings.categories
    return list(dict.fromkeys(names))[:MOST_CATEGORIES]


def _tracking(settings: Settings) -> dict[str, Any]:
    """Everything is said, for the account's own settings hold where nothing is: SendGrid would rewrite links, tag them
    again, add a pixel, and put its own way to unsubscribe beside ours."""
    return {
        "click_tracking": {"enable": settings.track_clicks, "enable_text": False},
        "open_tracking": {"enable": settings.track_opens},
        "subscription_tracking": {"enable": False},
        "ganalytics": {"enable": False},
    }
