"""Words of a message that know where in the template they come from, and the marks by which they are told it.

Marks are private characters of Unicode, which nobody types: they go through rendering with the words, and are taken
out again. A place in the body is two of them, digits to a base of their number.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

LITERAL, VALUE, LINK, LABEL, END = "\ue000\ue001\ue002\ue003\ue004"
_BASE, _ZERO = 4096, 0xE100
_MARK = re.compile("([\ue000\ue001\ue002][\ue100-\uf0ff]{2}|[\ue000-\uf8ff])")
_PRIVATE = re.compile("[\ue000-\uf8ff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A link as written: where its label stands in the body, and its address with tags."""

    at: int
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link of a worded message; its label is ``text[start:end]``."""

    anchor: Anchor
    address: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A text, a line for each paragraph, heading and item, and where each stretch of it comes from."""

    text: str
    links: tuple[Link, ...]
    starts: tuple[int, ...]
    origins: tuple[tuple[int, bool], ...]  # (place in the body, is it a value)

    def origin(self, index: int) -> int:
        """Where in the body the character at ``index`` stands; for one of a value, where its tag does."""
        place, fixed, start = self._stretch(index)
        return place if fixed else place + index - start

    def is_value(self, index: int) -> bool:
        """Does the character come from a value?"""
        return self._stretch(index)[1]

    def _stretch(self, index: int) -> tuple[int, bool, int]:
        found = max(bisect_right(self.starts, index) - 1, 0)
        return (*self.origins[found], self.starts[found]) if self.origins else (0, True, 0)


def digits(place: int) -> str:
    """A place in the body, as it stands in a mark."""
    high, low = divmod(min(place, _BASE * _BASE - 1), _BASE)
    return chr(_ZERO + high) + chr(_ZERO + low)


def _number(digits: str) -> int:
    return (ord(digits[0]) - _ZERO) * _BASE + ord(digits[1]) - _ZERO


def without_marks(text: str) -> str:
    """A text of somebody else's that can be marked: private characters become others of the same length."""
    return _PRIVATE.sub("\ufffd", text)


def read_marks(marked: str, anchors: tuple[Anchor, ...]) -> Words:
    """Marked words read back. Never raises: a value may hold marks too."""
    reader = _Reader(anchors)
    for piece in _MARK.split(marked):
        reader.take(piece)
    return reader.words()


class _Reader:
    """Takes marked words piece by piece; what is inside of a link's mark is its address."""

    def __init__(self, anchors: tuple[Anchor, ...]) -> None:
        self._anchors = anchors
        self._text: list[str] = []
        self._length = 0
        self._starts: list[int] = []
        self._origins: list[tuple[int, bool]] = []
        self._links: list[Link] = []
        self._address: list[str] | None = None
        self._open: tuple[Anchor, str, int] | None = None

    def take(self, piece: str) -> None:
        sign = piece[:1]
        if len(piece) == 3 and sign in (LITERAL, VALUE):
            self._starts.append(self._length)
            self._origins.append((_number(piece[1:]), sign == VALUE))
        elif len(piece) == 3 and sign == LINK:
            self._begin(_number(piece[1:]))
        elif sign == LABEL and self._open and self._address is not None:
            self._open = (self._open[0], "".join(self._address), self._length)
            self._address = None
        elif sign == END and self._open and self._address is None:
            anchor, address, start = self._open
            self._links.append(Link(anchor=anchor, address=address, start=start, end=self._length))
            self._open = None
        elif not _PRIVATE.match(piece):
            self._add(piece)

    def _begin(self, anchor: int) -> None:
        if anchor < len(self._anchors):
            self._open, self._address = (self._anchors[anchor], "", 0), []

    def _add(self, words: str) -> None:
        if self._address is not None:
            self._address.append(words)
            return
        self._text.append(words)
        self._length += len(words)

    def words(self) -> Words:
        return Words(
            text="".join(self._text),
            links=tuple(self._links),
            starts=tuple(self._starts),
            origins=tuple(self._origins),
        )


def lines(words: Words) -> Iterator[tuple[int, str]]:
    """Each line that says something: where it begins, and its text."""
    for found in re.finditer(r"[^\n]+", words.text):
        if found[0].strip():
            yield found.start(), found[0]
