"""What Jinja says of a template that it cannot read, in words that help, and where the slip is."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jinja2 import TemplateSyntaxError

#: (how the slip is written, what it is, mend); the first that stands on the line that Jinja names
_SLIPS = (
    (re.compile(r"\{%[-+]?\s*(else\s+if|elseif)\b"), "'{}' is written in one word here", "write 'elif'"),
    (re.compile(r"(\{\{\{+)"), "'{}' has a brace too many", "write '{{{{ ... }}}}'"),
    (re.compile(r"\{[{%][^}]{0,500}?([“”„‟‘’«»])"), "'{}' is no quote of a template", "write \" or '"),
)
_OPENS = re.compile(r"\{%[-+]?\s*(if|for|macro|filter|call|with|raw|set)\b[^%]*%\}")
_ENDS = re.compile(r"\{%[-+]?\s*end(\w+)")
_UNCLOSED = re.compile(r"Unexpected end of template.*'(\w+)'\Z", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """A slip: ``line`` is 1-based within the text, ``word`` what is pointed at, empty for the line."""

    line: int
    word: str = ""
    message: str
    mend: str = ""


def slip(error: TemplateSyntaxError, text: str) -> Slip:
    """What is wrong with a text that Jinja refuses."""
    said = (error.message or "this is not a template").rstrip(".")
    lines = text.split("\n")
    line = lines[error.lineno - 1] if error.lineno <= len(lines) else ""
    for pattern, what, mend in _SLIPS:
        found = pattern.search(line)
        if found:
            message = f"template syntax: {what.format(found[1])}"
            return Slip(line=error.lineno, word=found[1], message=message, mend=mend.format())
    unclosed = _UNCLOSED.search(said)
    at = _opened(text, unclosed[1]) if unclosed else None
    if unclosed and at is not None:
        start, tag = at
        message = f"template syntax: '{unclosed[1]}' opened here is never closed"
        mend = f"add {{% end{unclosed[1]} %}} where it ends"
        return Slip(line=text.count("\n", 0, start) + 1, word=tag, message=message, mend=mend)
    return Slip(line=error.lineno, message=f"template syntax: {said}")


def _opened(text: str, kind: str) -> tuple[int, str] | None:
    """Place and words of the last tag of a kind that nothing closes."""
    closed = [(found.start(), None) for found in _ENDS.finditer(text) if found[1] == kind]
    opened = [(found.start(), found[0]) for found in _OPENS.finditer(text) if found[1] == kind]
    still: list[tuple[int, str]] = []
    for start, tag in sorted([*closed, *opened]):
        if tag is not None:
            still.append((start, tag))
        elif still:
            still.pop()
    return still[-1] if still else None
