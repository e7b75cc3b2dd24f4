"""A message as the bytes of an e-mail: RFC 5322 and MIME, pure ASCII on the wire, CRLF line ends.

Only a mailbox whose own name is not ASCII puts UTF-8 into headers (RFC 6532), and only where it is asked for.

The structure is always the same, so it is written directly: tens of thousands a second, where the
standard library's ``EmailMessage`` makes under a thousand (docs/channels.md). Encoded words, quoted-printable
and addresses are the library's. A line break in any header value is refused, never folded away.
"""

from __future__ import annotations

import re
from base64 import encodebytes
from binascii import b2a_qp
from collections.abc import Mapping
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime, formataddr
from functools import lru_cache
from unicodedata import category, normalize
from urllib.parse import quote

import idna

from channels.base import Attachment, Message, MessageError

#: RFC 5322 2.1.1: the most bytes in a line, without its end, and how many it should have
_LONGEST_LINE, _GOOD_LINE = 998, 78


def to_bytes(
    message: Message, date: int, *, utf8: bool = False, more: Mapping[str, str] | None = None
) -> bytes:
    """The e-mail, ready for DATA or an ``.eml`` file. ``date``: UTC epoch seconds.

    ``utf8``: mailboxes may have names that are not ASCII, and are written as they are. ``more``: headers beside the
    message's own. Raises MessageError for what cannot be a header: line breaks, or an address no server takes.
    """
    head = "\r\n".join(_headers(message, date, utf8, more or {})).encode("utf-8" if utf8 else "ascii")
    word = _word(message.ref).encode()  # neither quoted-printable nor base64 ever holds "=_" or "=."
    body = _part("plain", message.text)
    if message.html:
        body = _multipart(b"alternative", b"=_" + word, [body, _part("html", message.html)])
    if message.attachments:
        body = _multipart(b"mixed", b"=." + word, [body, *map(_attached, message.attachments)])
    return b"%b\r\n%b" % (head, body)


def _multipart(subtype: bytes, mark: bytes, parts: list[bytes]) -> bytes:
    head = b'Content-Type: multipart/%b;\r\n boundary="%b"\r\n\r\n' % (subtype, mark)
    return head + b"".join(b"--%b\r\n%b\r\n" % (mark, part) for part in parts) + b"--%b--\r\n" % mark


def _attached(document: Attachment) -> bytes:
    if not re.fullmatch(r"[A-Za-z0-9._-]+", document.name) or not re.fullmatch(
        r"\w+/[\w.+-]+", document.media_type
    ):
        raise MessageError("an attachment's name or type is not one that every mail program takes")
    head = (
        f"Content-Type: {document.media_type}\r\nContent-Transfer-Encoding: base64\r\n"
        f'Content-Disposition: attachment; filename="{document.name}"\r\n\r\n'
    )
    return head.encode("ascii") + encodebytes(document.content).replace(b"\n", b"\r\n")


def message_id(message: Message) -> str:
    """``<ref@domain of the sender>``: the same for the same touch, whenever it is built."""
    domain = message.sender.rpartition("@")[2] or "localhost"
    return f"<{_word(message.ref)}@{_domain(domain)}>"


def _headers(message: Message, date: int, utf8: bool, more: Mapping[str, str]) -> list[str]:
    lines = [
        f"From: {mailbox(message.sender_name, message.sender, utf8=utf8)}",
        f"To: {mailbox(message.to_name, message.to, utf8=utf8)}",
        _header("Subject", message.subject),
        f"Date: {format_datetime(datetime.fromtimestamp(date, UTC))}",
        f"Message-ID: {message_id(message)}",
        "MIME-Version: 1.0",
    ]
    if message.reply_to:
        lines.append(f"Reply-To: {mailbox('', message.reply_to, utf8=utf8)}")
    return lines + [_header(name, value) for name, value in {**message.headers, **more}.items()]


def _header(name: str, value: str) -> str:
    """One header line; encoded words where ASCII does not do, long ones folded."""
    if not (name.isascii() and name.replace("-", "").isalnum()):
        raise MessageError(f"'{name}' is no name for a header")
    one_line(name, value)
    if value.isascii() and "=?" not in value:
        line = f"{name}: {value}"
        folded = line if len(line) <= _GOOD_LINE else _folded(line)
        if all(len(part) <= _LONGEST_LINE for part in folded.split("\r\n")):
            return folded
    return f"{name}: {_encoded(value, name)}"


def _folded(line: str) -> str:
    """The line broken before spaces between words, where it has any: unfolded, it is the same again."""
    found, start = [], 0
    cuts = [match.start() for match in _BETWEEN.finditer(line)]
    for cut, after in zip(cuts, [*cuts, len(line)][1:], strict=True):
        if after - start > _GOOD_LINE:
            found.append(line[start:cut])
            start = cut
    return "\r\n".join([*found, line[start:]])


#: a space that a line may be broken before: words on both sides of it, and the header's name is none
_BETWEEN = re.compile(r"(?<=[^ :]) (?=[^ ])")


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
def mailbox(name: str, address: str, *, utf8: bool = False) -> str:
    """``Dana Reyes <dana@acme.example>``, with any name in any script. Raises MessageError."""
    one_line("a display name", name)
    wire = wire_address(address, utf8=utf8)
    if not name:
        return wire
    if name.isascii() and "=?" not in name and len(name) <= _LONGEST_NAME:
        quoted = formataddr((name, "a@b")).removesuffix("<a@b>")  # the library takes ASCII addresses only
        return f"{quoted}<{wire}>"
    return f"{_encoded(name, 'Reply-To')} <{wire}>"


#: the most characters of a display name that stay on one line; a longer one is folded as encoded words
_LONGEST_NAME = 200
_LONGEST_LOCAL = 64
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+")
#: RFC 6531 3.3: beside these, anything that is not ASCII
_LOCAL_UTF8 = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\u00a1-\U0010ffff-]+")
_LONGEST_DOMAIN = 253
_DOMAIN = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


def is_local(local: str, *, utf8: bool = False) -> bool:
    """Can this stand before an ``@``, unquoted? ``utf8``: letters of any script may be in it."""
    if local.isascii():
        return bool(_LOCAL.fullmatch(local)) and len(local) <= _LONGEST_LOCAL
    sound = utf8 and local.isprintable() and local == normalize("NFC", local)
    return sound and bool(_LOCAL_UTF8.fullmatch(local)) and len(local.encode()) <= _LONGEST_LOCAL


def wire_address(address: str, *, utf8: bool = False) -> str:
    """The address as it goes over the wire, its domain in ASCII. Raises MessageError."""
    local, at, domain = address.rpartition("@")
    if not at or not is_local(local, utf8=utf8):
        raise MessageError("an address is not one that every mail server takes")
    return f"{local}@{_domain(domain)}"


@lru_cache(maxsize=4096)
def _domain(domain: str) -> str:
    """By IDNA 2008, which keeps ``ß`` and final sigma apart from what look like them: another domain, another owner."""
    try:
        wire = domain if domain.isascii() else idna.encode(domain, uts46=True).decode()
    except UnicodeError:  # idna's own errors are of this kind
        wire = ""
    if len(wire) > _LONGEST_DOMAIN or not _DOMAIN.fullmatch(wire):
        raise MessageError("the domain of an address is not a domain")
    return wire


def _word(ref: str) -> str:
    """A ref as part of a header: letters, digits, dots and hyphens stay, all else is percent-encoded."""
    return quote(ref, safe="", errors="replace").replace("%", "=")


def _part(subtype: str, content: str) -> bytes:
    data = content.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n").encode("utf-8", "replace")
    return (
        b'Content-Type: text/%b; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n%b'
        % (subtype.encode(), b2a_qp(data, istext=True))
    )
