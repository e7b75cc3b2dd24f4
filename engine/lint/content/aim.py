"""Where in a file words stand: a stretch of a template's body, of its front matter, or of a text in YAML."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.located import Located, Span
from engine.template_file import ParsedTemplate, body_span

#: a text in YAML is looked through for so many lines
_LINES = 60


def at_body(parsed: ParsedTemplate, start: int, end: int) -> Span:
    """A stretch of the body, as far as it stands on one line."""
    template = parsed.template
    assert template is not None
    return body_span(parsed.file, template, start, end)


def at_words(node: Located, start: int, end: int, lines: Sequence[str]) -> Span:
    """A stretch of a YAML text in the file whose lines are given; the whole text where it is written otherwise
    than it is read."""
    first, words = node.span.line - 1, str(node.value)[start:end].strip().split()
    if not words:
        return node.span
    pattern = re.compile(r"\s+".join(map(re.escape, words)))
    if node.span.line <= len(lines):
        line = lines[first]
        whole = line.find(str(node.value), node.span.column - 1)
        if whole >= 0:
            return Span(node.span.file, node.span.line, whole + start + 1, whole + end + 1)
    for number in range(first, min(first + _LINES, len(lines))):
        found = pattern.search(lines[number], node.span.column - 1 if number == first else 0)
        if found:
            return Span(node.span.file, number + 1, found.start() + 1, found.end() + 1)
    return _first_word(node, words[0], lines)


def _first_word(node: Located, word: str, lines: Sequence[str]) -> Span:
    """Words that are broken over two lines are aimed at where they begin."""
    for number in range(node.span.line - 1, min(node.span.line - 1 + _LINES, len(lines))):
        found = re.search(rf"{re.escape(word)}\s*$", lines[number])
        if found:
            return Span(node.span.file, number + 1, found.start() + 1, found.start() + len(word) + 1)
    return node.span
