"""A message body in its reader's words, each known by its place in the template.

A body is read once, as rendering reads it, into a Jinja source in which marks nobody types say where the words
after them stand. It can then be had in two ways: ``worded`` for one person, or ``literal``, every branch of it with
a gap where a value goes.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Any

from jinja2 import Template, TemplateError
from markdown_it.token import Token

from engine.lint.content.words import (
    END,
    LABEL,
    LINK,
    LITERAL,
    VALUE,
    Anchor,
    Words,
    digits,
    read_marks,
    without_marks,
)  # fmt: skip
from engine.markdown import parse
from engine.tags import Tags, Utm, set_aside
from engine.template_faults import TemplateFault
from engine.templates import compiled, environment

#: channels whose bodies are Markdown
MARKDOWN = frozenset({"email", "letter"})
#: stands in literal words where a value or a block tag stands
GAP = "\ufffc"

_ENV = environment(html=False)

#: what follows the label of a link: where it leads
_DESTINATION = re.compile(r"[*_`]*\](?:\([^)\n]*\)|\[[^\]\n]*\])?")
_BLANKS = re.compile(r"\s*")
#: how far ahead of the last word the next is looked for
_AHEAD = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """Something Markdown makes of a body beside words: ``kind`` is image, heading or emphasis."""

    kind: str
    at: int
    words: str  # the alternative text, or the words that are set apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A body that has been read."""

    body: str
    literal: Words
    features: tuple[Feature, ...]
    source: str = field(repr=False)
    anchors: tuple[Anchor, ...]
    #: stretches of the body that are no tags: where each begins, and where it ends
    stretches: tuple[tuple[int, int], ...]

    def worded(self, names: Mapping[str, Any]) -> Words:
        """The words for one person. Raises whatever a template can raise."""
        return read_marks(_template(self.source).render(names), self.anchors)

    def stretch(self, words: Words, start: int, end: int) -> tuple[int, int]:
        """A stretch of the words, from and to, as a stretch of the body; of a value the tag that prints it."""
        first, last = words.origin(start), words.origin(max(end - 1, start))
        if words.is_value(max(end - 1, start)):
            closed = self.body.find("}}", last)
            return first, max(closed + 2, first + 1)
        return first, max(last, first) + 1

    def is_literal(self, index: int) -> bool:
        """Is a place in the body outside of tags and comments?"""
        found = bisect_right(self.stretches, (index, len(self.body) + 1)) - 1
        return found >= 0 and index < self.stretches[found][1]


@lru_cache(maxsize=1024)
def _template(source: str) -> Template:
    return compiled(_ENV, source)


@lru_cache(maxsize=2048)
def read(body: str, channel: str) -> Script | None:
    """The script of a body; None when it is no template."""
    body = without_marks(body)
    utm = Utm(medium=channel, campaign="campaign", content="step")
    try:
        scribe = _markdown(body, utm) if channel in MARKDOWN else _plain(body, utm)
    except (TemplateFault, TemplateError, RecursionError, ValueError):
        return None
    tags, marked = scribe.tags, "".join(scribe.out)
    anchors = tuple(scribe.anchors)
    return Script(
        body=body,
        literal=read_marks(re.sub(tags.mark(), GAP, marked), anchors),
        features=tuple(scribe.features),
        source=tags.restore(marked),
        anchors=anchors,
        stretches=tuple(scribe.stretches()),
    )


def _markdown(body: str, utm: Utm) -> _Scribe:
    parsed = parse(_ENV, body, utm)
    scribe = _Scribe(parsed.words, parsed.tags)
    for token in parsed.tokens:
        scribe.block(token)
    return scribe


def _plain(body: str, utm: Utm) -> _Scribe:
    words, tags = set_aside(_ENV, body, utm)
    scribe = _Scribe(words, tags)
    for piece in re.split(f"({tags.bare_link().pattern})", words):
        if tags.bare_link().fullmatch(piece):
            scribe.link(tags.href(piece))
            scribe.words(piece)
            scribe.end()
        else:
            scribe.words(piece)
    return scribe


class _Scribe:
    """Writes the marked source down. ``given`` are the body's words with marks for its tags."""

    def __init__(self, given: str, tags: Tags) -> None:
        self.tags = tags
        self.out: list[str] = []
        self.anchors: list[Anchor] = []
        self.features: list[Feature] = []
        self._given = given
        self._mark = re.compile(f"({tags.mark()})")
        self._starts = [start for start, _ in tags.starts]
        self._cursor = 0

    def block(self, token: Token) -> None:
        """One token of a Markdown document, with what it holds."""
        if token.type == "inline":
            self._inline(token.children or [])
            self.out.append("\n")
        elif token.type in ("html_block", "fence", "code_block"):
            self.words(token.content)
        elif token.type == "heading_open":
            self._feature("heading", "")

    def words(self, text: str) -> None:
        """Words and tags of the body, in the order they stand there."""
        for piece in self._mark.split(text):
            if not piece:
                continue
            if self._mark.fullmatch(piece):
                place = self._place(piece)
                self.out += (VALUE, digits(place), piece)
            else:
                self._literal(piece)

    def link(self, href: str) -> None:
        """A link begins. ``href``: its address, tagged, or the mark of an expression for it."""
        at = self._here()
        self.out += (LINK, digits(len(self.anchors)), href, LABEL)
        self.anchors.append(Anchor(at=at, address=self.tags.restore(href)))

    def end(self) -> None:
        """A link ends."""
        self.out.append(END)

    def stretches(self) -> Iterator[tuple[int, int]]:
        """Where the body is no tag: from, to."""
        edges = [*self._starts, len(self._given)]
        for (start, origin), end in zip(self.tags.starts, edges[1:], strict=True):
            if not self._mark.fullmatch(self._given, start, end):
                yield origin, origin + end - start

    def _literal(self, piece: str) -> None:
        found = self._given.find(piece, self._cursor, self._cursor + _AHEAD + len(piece))
        if found >= 0:
            self._cursor = found + len(piece)
            for start, end in pairwise(self._edges(found, self._cursor)):
                self.out += (LITERAL, digits(self._origin(start)), self._given[start:end])
            return
        for word in re.split(r"(\w+)", piece):  # an escape or an entity: word by word, signs beside them
            place = self._place(word) if word[:1].isalnum() else self._origin(self._cursor)
            self.out += (LITERAL, digits(place), word)

    def _edges(self, start: int, end: int) -> list[int]:
        """From, to, and between them where a comment has been taken out."""
        return [start, *self._starts[bisect_right(self._starts, start) : bisect_left(self._starts, end)], end]

    def _place(self, piece: str) -> int:
        """Where a piece stands in the body; the cursor goes behind it. Where it is not found, the cursor stays."""
        found = self._given.find(piece, self._cursor, self._cursor + _AHEAD + len(piece))
        if found < 0:
            return self._origin(self._cursor)
        self._cursor = found + len(piece)
        return self._origin(found)

    def _origin(self, index: int) -> int:
        """A place in the given words as a place in the body."""
        found = bisect_right(self._starts, index) - 1
        if found < 0:
            return 0
        start, origin = self.tags.starts[found]
        return origin + index - start

    def _inline(self, children: list[Token]) -> None:
        for token in children:
            match token.type:
                case "text" | "code_inline":
                    self.words(token.content)
                case "softbreak":
                    self.out.append(" ")
                case "hardbreak":
                    self.out.append("\n")
                case "image":
                    self._image(token)
                case "link_open":
                    self._skip("[" if not token.markup else "")
                    self.link(str(token.attrs["href"]))
                case "link_close":
                    self.end()
                    self._behind(token)
                case "strong_open" | "em_open":
                    self._skip(token.markup)
                    self._feature("emphasis", "")

    def _image(self, token: Token) -> None:
        self._skip("![")
        self._feature("image", token.content)
        self._place(token.content)
        self._behind(token)

    def _skip(self, sign: str) -> None:
        """The cursor goes to the next such sign, when it is near."""
        found = self._given.find(sign, self._cursor, self._cursor + _AHEAD)
        self._cursor = max(found, self._cursor)

    def _behind(self, token: Token) -> None:
        """The cursor goes behind the destination of a link whose label it has passed."""
        if not token.markup:
            found = _DESTINATION.match(self._given, self._cursor)
            self._cursor = found.end() if found else self._cursor

    def _feature(self, kind: str, words: str) -> None:
        self.features.append(Feature(kind=kind, at=self._here(), words=words))

    def _here(self) -> int:
        """The place in the body of what comes next, blanks left out."""
        found = _BLANKS.match(self._given, self._cursor)
        return self._origin(found.end() if found else self._cursor)
