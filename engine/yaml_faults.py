"""What the YAML reader complains about, in words that help; the same for its C and its Python version."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import yaml

from engine.diagnostics import Finding, Related
from engine.located import Located, Span

_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ufeff\ufffe\uffff]")
_NO_COLON = re.compile(r" *(?:- +)?(?P<key>[a-z_]+)(?: *= *|:)(?P<value>[^\s:=/][^:=#]*?) *(?:#.*)?")
_QUOTE_WITHIN = "put the text in double quotes, or write each quote within it twice"
_NEEDS_QUOTES = "'\"%@`*&!|>"

#: (part of the reader's complaint, message, mend); the first that fits
_WORDS: tuple[tuple[str, str, str], ...] = (
    ("mapping values are not allowed", "a second ': ' on one line, or a wrong indent",
     "quote the text that holds the colon, or line the key up with its neighbours"),
    ("sequence entries are not allowed", "a list cannot start on the line of its key",
     "put each '- ' on a line of its own"),
    ("could not find expected ':'", "this is neither a key nor a list element", "write 'key: value'"),
    ("end of stream", "a quote or bracket opened here is never closed", "close it"),
    ("unknown escape", "an unknown escape in double quotes", "use single quotes, or double the backslash"),
    ("expected ',' or ']'", "a '[' opened above is not closed here", "close it with ']'"),
    ("expected ',' or '}'", "a '{' opened above is not closed here", "close it with '}'"),
    ("incompatible YAML", "only YAML 1.2 is read", "remove the %YAML line"),
    ("undefined tag handle", "tags are not part of the language", "remove the tag"),
    ("expected <document start>", "nothing can follow here", "line it up with its neighbours, or remove it"),
    ("expected key", "the indent fits nothing above", "line the key up with its neighbours"),
    ("'-' indicator", "a key among list elements", "start it with '- ', or line it up with its own mapping"),
    ("<block end>", "the indent fits nothing above", "line it up with its neighbours"),
)  # fmt: skip


def unreadable(text: str, file: str, limit: int) -> Finding | None:
    """A finding when the text is too long, not UTF-8, or holds control characters.

    Bytes that are not UTF-8 arrive as the surrogates that ``errors="surrogateescape"`` makes of them.
    """
    if len(text) > limit:
        message = f"the file has more than {limit:,} characters"
        return Span(file, 1, 1, 2).finding("RK100", message, "split it into several files")
    bad = _SURROGATE.search(text)
    if bad:
        byte = ord(bad.group()) & 0xFF
        return _at(text, bad.start(), file).finding(
            "RK100", f"byte 0x{byte:02X} is not UTF-8", "save the file as UTF-8"
        )
    bad = _CONTROL.search(text)
    if bad:
        message = f"the control character U+{ord(bad.group()):04X} cannot stand in a text file"
        return _at(text, bad.start(), file).finding("RK100", message, "remove it")
    return None


def fault(error: yaml.YAMLError, lines: list[str], file: str) -> Finding:
    """The finding for what PyYAML raised."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = str(getattr(error, "problem", "") or "")
    line, column = (mark.line, mark.column) if mark else (0, 0)
    if "end of stream" in problem and (opened := getattr(error, "context_mark", None)):
        line, column = opened.line, opened.column
    if line >= len(lines):
        line, column = len(lines) - 1, 0
    text = lines[line]
    tab = re.match(r" *\t", text)
    if tab:
        return Span(file, line + 1, tab.end(), tab.end() + 1).finding(
            "RK101", "a tab cannot indent", "use spaces"
        )
    span = Span(file, line + 1, column + 1, max(len(text.rstrip()), column + 1) + 1)
    if above := _unblanked(lines, line, problem, file):
        return above
    if ("'<scalar>'" in problem or "expected key" in problem) and text[:column].rstrip().endswith(("'", '"')):
        return span.finding("RK101", "the quote is closed before the text goes on", _QUOTE_WITHIN)
    if "cannot start any token" in problem:
        return _needs_quotes(text[column:].rstrip(), span)
    for part, message, mend in _WORDS:
        if part in problem:
            return span.finding("RK101", message, mend, related=_opened(error, message, file))
    return span.finding(
        "RK101", "this is not YAML", "check the brackets, quotes and indents on this line and above"
    )


def _unblanked(lines: list[str], line: int, problem: str, file: str) -> Finding | None:
    """``at:10d`` and ``at = 10d`` are words to YAML, which complains below them."""
    if not any(part in problem for part in ("mapping values", "could not find expected ':'")):
        return None
    above = next((n for n in range(line - 1, -1, -1) if lines[n].strip()), line)
    for number in (line, above):
        found = _NO_COLON.fullmatch(lines[number])
        if found:
            key, value = found["key"], found["value"]
            span = Span(file, number + 1, found.start("key") + 1, found.end("value") + 1)
            message = f"a key is followed by a colon and a blank: '{found.group().strip()[:40]}' is one word"
            return span.finding("RK101", message, f"write '{key}: {value[:40]}'", instead=f"{key}: {value}")
    return None


def comma(loose: Sequence[tuple[Span, str]], values: Mapping[str, Located]) -> Finding:
    """The finding for words in braces behind a comma that were meant to go on with the value before them."""
    at, first = loose[0]
    before = [(key, value) for key, value in values.items() if _stands_before(value.span, at)]
    key, value = before[-1] if before else next(iter(values.items()))
    if isinstance(value.value, int) and re.fullmatch(r"\d{3}", first):
        mend = f"write '{key}: {value.value}{first}'"
    else:
        words = [*(str(part.value) for part in value.texts()), *(word for _, word in loose)]
        mend = f"write '{key}: [{', '.join(words)}]', or give '{first}' a value"
    return at.finding("RK101", "in braces a comma ends the value; this is neither part of it nor a key", mend)


def _stands_before(one: Span, other: Span) -> bool:
    return (one.line, one.column) < (other.line, other.column)


def _opened(error: yaml.YAMLError, message: str, file: str) -> tuple[Related, ...]:
    """Where the bracket stands that is not closed."""
    mark = getattr(error, "context_mark", None)
    if mark is None or "opened above" not in message:
        return ()
    return (Span(file, mark.line + 1, mark.column + 1, mark.column + 2).related("opened here"),)


def _needs_quotes(value: str, span: Span) -> Finding:
    character = value[:1]
    if character == "\t":
        return span.finding("RK101", "a tab cannot stand here", "use spaces")
    message = f"a value cannot start with '{character}' unless it is quoted"
    simple = not re.search(r"[\"\\]| #", value)
    return span.finding(
        "RK101", message, "put quotes around the value", instead=f'"{value}"' if simple else None
    )


def _at(text: str, index: int, file: str) -> Span:
    before = re.split(r"\r\n|\r|\n", text[:index])
    column = len(before[-1]) + 1
    return Span(file, len(before), column, column + 1)
