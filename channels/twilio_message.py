"""A message as the parameters of Twilio's POST Messages.json. Pure.

What Twilio would refuse is refused here, by name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from channels.base import Message, MessageError
from channels.mime import one_line
from channels.segments import LONGEST, size

#: the parameter of the status callback's URL that carries our ref; Twilio calls that URL with every event
REF = "rekindle_ref"

#: Twilio's limits
_MOST_MEDIA = 10
_LONGEST_URL = 2_000
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is the same for every message of a channel. Either ``messaging_service`` or ``sender`` is there."""

    messaging_service: str = ""
    sender: str = ""
    status_callback: str = ""
    max_parts: int = 10
    validity_period: int = 3_600


def parameters(message: Message, settings: Settings) -> dict[str, Any]:
    """The request, as the SDK's ``messages.create`` wants it. Raises MessageError for what Twilio does not carry."""
    if message.html:
        raise MessageError("twilio carries no HTML")
    if not _E164.fullmatch(message.to):
        raise MessageError("the number is not one that twilio takes: +, country, number, without blanks")
    request: dict[str, Any] = {
        "to": message.to,
        "validity_period": settings.validity_period,
        # the messaging service would replace characters otherwise, and the text is what was approved
        "smart_encoded": False,
    }
    if settings.messaging_service:
        request["messaging_service_sid"] = settings.messaging_service
    else:
        request["from_"] = settings.sender
    if body := _body(message, settings.max_parts):
        request["body"] = body
    if message.media:
        request["media_url"] = _media(message.media)
    if settings.status_callback:
        request["status_callback"] = callback(settings.status_callback, message.ref)
    return request


def callback(url: str, ref: str) -> str:
    """The status callback's URL with our ref in its query. Raises MessageError."""
    one_line("the ref", ref)
    whole = f"{url}{'&' if urlsplit(url).query else '?'}{REF}={quote(ref, safe='')}"
    if len(whole) > _LONGEST_URL:
        raise MessageError("the ref is too long for twilio")
    return whole


def _body(message: Message, most: int) -> str:
    # half a surrogate pair cannot be said in UTF-8
    body = message.text.encode("utf-8", "replace").decode()
    if not body.strip():
        if message.media:
            return ""
        raise MessageError("twilio carries no message without text or media")
    if len(body) > LONGEST:
        raise MessageError(f"the text has {len(body)} characters, and twilio takes {LONGEST} at most")
    parts = size(body).segments
    if parts > most and not message.media:  # a message with media is billed as one
        raise MessageError(f"the text takes {parts} parts, and max_parts is {most}")
    return body


def _media(urls: tuple[str, ...]) -> list[str]:
    if len(urls) > _MOST_MEDIA:
        raise MessageError(f"twilio carries {_MOST_MEDIA} media at most")
    for url in urls:
        if not is_public(url):
            raise MessageError("twilio fetches media itself: each needs a public https:// URL in ASCII")
    return list(urls)


def is_public(url: str) -> bool:
    """Can Twilio call this URL, and nobody on the way read it?"""
    if not url.isascii() or not url.isprintable() or " " in url or "#" in url:
        return False
    try:
        found = urlsplit(url)
        host, _ = found.hostname or "", found.port
    except ValueError:
        return False
    labels = host.split(".")
    plain = all(re.fullmatch(r"(?!-)[a-z0-9-]{1,63}(?<!-)", label) for label in labels)
    return found.scheme == "https" and "@" not in found.netloc and len(labels) > 1 and plain
