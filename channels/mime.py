"""A message as the bytes of an e-mail: RFC 5322 and MIME, pure ASCII on the wire, CRLF line ends.

The structure is always the same, so it is written directly: tens of thousands a second, where the
standard library's ``EmailMessage`` makes under a thousand (docs/channels.md). Encoded words, quoted-printable
and addresses are the library's. A line break in any header value is refused, never folded away.
"""

from __future__ import annotations

import re
from binascii import b2a_qp
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime, formataddr
from functools import lru_cache
from unicodedata import category
from urllib.parse import quote

from channels.base import Message, MessageError

#: RFC 5322 2.1.1: the most bytes in a line, without its end
_LONGEST_LINE = 998


def to_bytes(message: Message, date: int) -> bytes:
    """The e-mail, ready for DATA or an ``.eml`` file. ``date``: UTC epoch seconds.

    Raises MessageError for what cannot be a header: line breaks, or an address no server takes.
    """
    head = "\r\n".join(_headers(message, date)).encode("ascii")
    text = _part("plain", message.text)
    if not message.html:
        return b"%b\r\n%b" % (head, text)
    boundary = f"=_{_word(message.ref)}"  # quoted-printable never holds "=_"
    mark = boundary.encode()
    kind = b'Content-Type: multipart/alternative;\r\n boundary="%b"' % mark
    parts = b"--%b\r\n%b\r\n--%b\r\n%b\r\n--%b--\r\n" % (mark, text, mark, _part("html", message.html), mark)
    return b"%b\r\n%b\r\n\r\n%b" % (head, kind, parts)


def message_id(message: Message) -> str:
    """``<ref@domain of the sender>``: the same for the same touch, whenever it is built."""
    domain = message.sender.rpartition("@")[2] or "localhost"
    return f"<{_word(message.ref)}@{_domain(domain)}>"


def _headers(message: Message, date: int) -> list[str]:
    lines = [
        f"From: {mailbox(message.sender_name, message.sender)}",
        f"To: {mailbox(message.to_name, message.to)}",
        _header("Subject", message.subject),
        f"Date: {format_datetime(datetime.fromtimestamp(date, UTC))}",
        f"Message-ID: {message_id(message)}",
        "MIME-Version: 1.0",
    ]
    if message.reply_to:
        lines.append(f"Reply-To: {mailbox('', message.reply_to)}")
    return lines + [_header(name, value) for name, value in message.headers.items()]


def _header(name: str, value: str) -> str:
    """One header line; encoded words where ASCII does not do, long ones folded."""
    if not (name.isascii() and name.replace("-", "").isalnum()):
        raise MessageError(f"'{name}' is no name for a header")
    one_line(name, value)
    if value.isascii() and "=?" not in value and len(name) + len(value) + 2 <= _LONGEST_LINE:
        return f"{name}: {value}"
    return f"{name}: {_encoded(value, name)}"


def _encoded(value: str, name: str) -> str:
    """Encoded words, one a line."""
    return Header(value, "utf-8", header_name=name).encode(linesep="\r\n")


def one_line(name: str, value: str) -> None:
    """Raises MessageError where a value holds what would end a header, or is no text at all."""
    if value.isprintable():
        return
    if any(category(sign) in ("Cc", "Zl", "Zp", "Cs") for sign in value):
        raise MessageError(f"the value of {name} holds a line break or control character")


@lru_cache(maxsize=1024)
def mailbox(name: str, address: str) -> str:
    """``Dana Reyes <dana@acme.example>``, with any name in any script. Raises MessageError."""
    one_line("a display name", name)
    wire = wire_address(address)
    if not name:
        return wire
    if name.isascii() and "=?" not in name:
        return formataddr((name, wire))
    return f"{_encoded(name, 'Reply-To')} <{wire}>"


_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}")


def wire_address(address: str) -> str:
    """The address as it goes over the wire, its domain in ASCII. Raises MessageError."""
    local, at, domain = address.rpartition("@")
    if not at or not _LOCAL.fullmatch(local):
        raise MessageError("an address is not one that every mail server takes")
    return f"{local}@{_domain(domain)}"


@lru_cache(maxsize=4096)
def _domain(domain: str) -> str:
    try:
        wire = domain.encode("idna").decode()
    except UnicodeError:
        wire = ""
    if not re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", wire):
        raise MessageError("the domain of an address is not a domain")
    return wire


def _word(ref: str) -> str:
    """A ref as part of a header: letters, digits, dots and hyphens stay, all else is percent-encoded."""
    return quote(ref, safe="").replace("%", "=")


def _part(subtype: str, content: str) -> bytes:
    data = content.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n").encode("utf-8", "replace")
    return (
        b'Content-Type: text/%b; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n%b'
        % (subtype.encode(), b2a_qp(data, istext=True))
    )
