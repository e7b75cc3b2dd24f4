"""A mail from the mailbox that bounces come to, opened with care: anybody can write it, so it is bounded and
nothing in it is believed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from email.utils import getaddresses, parseaddr, parsedate_to_datetime
from hashlib import sha256
from html.parser import HTMLParser

from channels import return_path

#: more of a mail is not read: bytes, characters of a header, headers of one name, parts
MOST = 1_048_576
_MOST_OF_A_HEADER = 2_000
_MOST_HEADERS = 20
_MOST_PARTS = 200
#: more of its text is not looked at, and not kept
_MOST_OF_A_TEXT = 65_536
#: an instant beyond it is no instant
_LATEST = 2**40

#: where a mail server writes whom it delivered to; the first is the surest
_DELIVERED_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "To")
_QUOTED_MARK = re.compile(rf"^[>\s]*{return_path.HEADER}:[ \t]*(\S{{1,100}})", re.IGNORECASE | re.MULTILINE)
#: a ref of the engine's; other programs have other Message-IDs
_OUR_ID = re.compile(r"<([0-9a-f]{32})@[^<>\s]{1,255}>")
_QUOTED_ID = re.compile(r"^[>\s]*Message-ID:\s*<([0-9a-f]{32})@", re.IGNORECASE | re.MULTILINE)

ReadMark = Callable[[str], str | None]


class Opened:
    """A mail, and what may be asked of it. Nothing here raises for what it says."""

    def __init__(self, data: bytes) -> None:
        data = data[:MOST]
        self.mail = BytesParser(policy=compat32).parsebytes(data)
        self.raw = text_of(data[:_MOST_OF_A_TEXT])
        blank = re.search(rb"\r?\n\r?\n", data)
        body = data[blank.end() :] if blank else b""
        told = "\0".join(self.header(name) for name in ("Message-ID", "From", "To", "Date", "Subject"))
        #: the same when the same mail is delivered again: what servers write on the way is left out
        self.digest = f"sha256:{sha256(told.encode('utf-8', 'replace') + body).hexdigest()}"

    def header(self, name: str) -> str:
        """The first header of that name, on one line; empty where there is none."""
        return header_of(self.mail, name)

    def parts(self) -> Iterator[Message]:
        """The mail and what is in it, from the outside in."""
        for n, part in enumerate(self.mail.walk()):
            if n >= _MOST_PARTS:
                return
            yield part

    def part(self, *kinds: str) -> Message | None:
        """The first part of one of these kinds."""
        return next((part for part in self.parts() if part.get_content_type() in kinds), None)

    @property
    def sender(self) -> str:
        """The address in From."""
        return parseaddr(self.header("From"))[1]

    @property
    def at(self) -> int | None:
        """When it was written, as it says."""
        return instant(self.header("Date"))

    def delivered_to(self) -> Iterator[str]:
        """The addresses it may have been delivered to, the surest first."""
        for name in _DELIVERED_TO:
            values = [one_line(value) for value in self.mail.get_all(name, [])[:_MOST_HEADERS]]
            yield from (address for _, address in getaddresses(values) if "@" in address)

    def text(self) -> str:
        """What it says: its first plain text, else its HTML without the markup."""
        part = self.part("text/plain")
        if part is not None:
            return content(part)
        part = self.part("text/html")
        return bare(content(part)) if part is not None else ""

    def returned(self) -> Message | None:
        """The headers of the mail that it is about, where it brings them back."""
        part = self.part("message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers")
        if part is None:
            return None
        if part.is_multipart():
            inner = part.get_payload()
            return inner[0] if isinstance(inner, list) and isinstance(inner[0], Message) else None
        return BytesParser(policy=compat32).parsebytes(
            content(part).encode("utf-8", "replace"), headersonly=True
        )

    def proved_ref(self, read_mark: ReadMark) -> str | None:
        """The ref of ours that it shows a mark for: in the address it came to, or in what it brings back."""
        found = (mark for address in self.delivered_to() for mark in return_path.marks(address))
        back = self.returned()
        quoted = [header_of(back, return_path.HEADER)] if back is not None else []
        if back is not None:
            quoted += return_path.marks(parseaddr(header_of(back, "Return-Path"))[1])
        in_words = _QUOTED_MARK.findall(self.text()) if back is None else []
        every = (*found, *quoted, *in_words)
        return next((ref for mark in every if (ref := read_mark(mark.strip()))), None)

    def named_ref(self) -> str | None:
        """The ref that it names in a Message-ID of what it brings back. Anybody can have written that."""
        back = self.returned()
        in_words = _QUOTED_ID.search(self.text()) if back is None else None
        found = in_words if back is None else _OUR_ID.search(header_of(back, "Message-ID"))
        return found[1] if found else None

    def answered_ref(self) -> str | None:
        """The ref of the mail that this one answers, as it says."""
        found = _OUR_ID.search(f"{self.header('In-Reply-To')} {self.header('References')}")
        return found[1] if found else None


def one_line(value: object) -> str:
    """A header's value as one line of text, cut where it is endless."""
    return " ".join(str(value)[:_MOST_OF_A_HEADER].encode("utf-8", "replace").decode().split())


def header_of(mail: Message, name: str) -> str:
    """The first header of that name, on one line; empty where there is none."""
    return one_line(mail.get(name, ""))


def decoded(value: str) -> str:
    """A header's value with its encoded words read, where they can be."""
    try:
        return str(make_header(decode_header(value)))
    except (HeaderParseError, LookupError, ValueError):  # broken, or of a charset nobody knows
        return value


def content(part: Message) -> str:
    """The text of a part that is one, its line ends as ``\\n``."""
    found = part.get_payload(decode=True)
    if not isinstance(found, bytes):
        return ""
    try:
        said = found[:_MOST_OF_A_TEXT].decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError):  # a charset nobody knows
        said = text_of(found[:_MOST_OF_A_TEXT])
    return said.replace("\r\n", "\n").replace("\0", "")


def text_of(data: bytes) -> str:
    """Bytes as text that any database takes; what is not UTF-8 is told by its number."""
    return data.decode("utf-8", "backslashreplace").replace("\0", "\\x00")


def instant(date: str) -> int | None:
    """A date of a mail in UTC epoch seconds; None where it is none."""
    try:
        found = int(parsedate_to_datetime(date).timestamp())
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return found if 0 <= found < _LATEST else None


class _Words(HTMLParser):
    """Collects what a reader sees."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("style", "script", "title")
        if tag in ("br", "p", "div", "tr", "li", "blockquote"):
            self.found.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden = max(0, self._hidden - (tag in ("style", "script", "title")))

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.found.append(data)


def bare(html: str) -> str:
    """HTML without its markup."""
    words = _Words()
    words.feed(html)
    return "".join(words.found).strip()
