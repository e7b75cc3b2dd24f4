"""Comments, where YAML and Jinja see one: what stands in a string, in a block of text or in a tag is none."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate

from jinja2 import TemplateSyntaxError

from engine.document import MAX_CHARACTERS, scan
from engine.located import Span
from engine.template_file import FOLDER, front_matter
from engine.templates import environment
from engine.yaml_faults import unreadable

#: a comment behind the sign that opens a block of text: ``terms: |  # like this``
_BEHIND_SIGN = re.compile(r"[|>][-+0-9]*[ \t]+(?=#)")

#: (start, end) of a stretch of a text, in characters
_Stretch = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """One comment. ``text`` has its marks; ``span`` ends with its first line, ``last`` is the line it ends on."""

    text: str
    span: Span
    last: int

    def part(self, start: int, end: int) -> Span:
        """The place of a part of the text, or of the whole comment where that goes on for lines."""
        if self.last != self.span.line:
            return self.span
        shown = self.text[start:end].rstrip()
        return replace(self.span, column=self.span.column + start, end=self.span.column + start + len(shown))


@dataclass(frozen=True, kw_only=True)
class Commented:
    """A file's comments, and its lines without them. ``front``: the last line of a template's front matter,
    0 where there is none."""

    comments: tuple[Comment, ...]
    lines: tuple[str, ...]
    front: int = 0
    is_template: bool = False

    @cached_property
    def spoken(self) -> list[int]:
        """The lines that say something beside comments, in order."""
        return [number for number, line in enumerate(self.lines, 1) if not line.isspace() and line]


def read_comments(text: str, file: str) -> Commented:
    """The comments of a file as far as it can be read. Never raises for what it holds."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if unreadable(text, file, MAX_CHARACTERS):
        return Commented(comments=(), lines=tuple(text.split("\n")))
    if not file.startswith(FOLDER):
        found = list(_in_yaml(text, 0))
        return Commented(comments=_comments(text, file, found), lines=_without(text, found))
    front, start = front_matter(text)
    opens = text.find("\n")  # the end of the first line, which stands before the front matter
    found = [*_in_yaml(f"\n{front}", opens), *_in_jinja(text[start:], start)]
    return Commented(
        comments=_comments(text, file, found),
        lines=_without(text, found),
        front=text.count("\n", 0, start),
        is_template=True,
    )


def _starts(text: str) -> list[int]:
    """Where each line starts."""
    return [0, *accumulate(len(line) + 1 for line in text.split("\n"))]


def _comments(text: str, file: str, stretches: list[_Stretch]) -> tuple[Comment, ...]:
    starts = _starts(text)
    return tuple(_comment(text, file, starts, stretch) for stretch in stretches)


def _comment(text: str, file: str, starts: list[int], stretch: _Stretch) -> Comment:
    start, end = stretch
    line = bisect_right(starts, start)
    first = text[start:end].split("\n")[0].rstrip()
    column = start - starts[line - 1] + 1
    span = Span(file, line, column, column + len(first))
    return Comment(text=text[start:end], span=span, last=bisect_right(starts, end - 1))


def _without(text: str, stretches: list[_Stretch]) -> tuple[str, ...]:
    """The lines of the text with blanks in the place of its comments."""
    parts, at = [], 0
    for start, end in stretches:
        parts += [text[at:start], re.sub(r"[^\n]", " ", text[start:end])]
        at = end
    return tuple("".join([*parts, text[at:]]).split("\n"))


def _in_yaml(text: str, offset: int) -> Iterator[_Stretch]:
    """Whatever starts with # between two tokens."""
    starts, before = _starts(text), 0
    for token in scan(text):
        start, end = (starts[mark.line] + mark.column for mark in (token.start_mark, token.end_mark))
        for found in re.finditer(r"#[^\n]*", text[before:start]):
            yield before + found.start() + offset, before + found.end() + offset
        if getattr(token, "style", None) in ("|", ">") and (sign := _BEHIND_SIGN.match(text, start)):
            stop = text.find("\n", start)
            yield sign.end() + offset, (stop if stop >= 0 else len(text)) + offset
        before = max(before, end)


def _in_jinja(text: str, offset: int) -> Iterator[_Stretch]:
    """What Jinja's own reader takes for a comment."""
    at = opened = 0
    try:
        for _, kind, word in environment(html=False).lex(text):
            at = text.find(word, at)  # a minus sign in a tag drops the blanks beside it, so that `at` lags
            if kind == "comment_begin":
                opened = at
            at += len(word)
            if kind == "comment_end":
                yield opened + offset, opened + offset + len(text[opened:at].rstrip())
    except TemplateSyntaxError:
        return
