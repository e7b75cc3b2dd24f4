"""Fixes -> edits of a text, and where a place is afterwards. All else in the text stays, to the last line end."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.diagnostics import Fix

_LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n|\Z)")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Edit:
    """A stretch of a line, and what comes in its place. Columns are 1-based, ``end`` is exclusive; ``whole``: nothing
    else stands on the line, and it goes."""

    line: int
    column: int
    end: int
    text: str
    whole: bool = False


def edits_of(text: str, fixes: Iterable[Fix]) -> list[Edit]:
    """The edits that make the fixes, in order. Of two that overlap the first counts.

    What is taken away from the end of a line takes the blanks before it along, and the line when nothing else is
    on it.
    """
    lines = _lines(text)
    found: list[Edit] = []
    for fix in sorted(set(fixes), key=lambda fix: (fix.line, fix.column, fix.end_column)):
        line = lines[fix.line - 1][0]
        column, end = fix.column, min(fix.end_column, len(line) + 1)
        at_end = not fix.text and not line[end - 1 :].strip()
        column = len(line[: column - 1].rstrip()) + 1 if at_end else column
        whole = at_end and column == 1
        if not found or (found[-1].line, found[-1].end) <= (fix.line, column):
            found.append(Edit(line=fix.line, column=column, end=end, text=fix.text, whole=whole))
    return found


def edited(text: str, edits: Sequence[Edit]) -> str:
    """The text with the edits made."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    lines = _lines(text)
    for edit in reversed(edits):
        line, end = lines[edit.line - 1]
        if edit.whole:
            del lines[edit.line - 1]
        else:
            lines[edit.line - 1] = (line[: edit.column - 1] + edit.text + line[edit.end - 1 :], end)
    return mark + "".join(line + end for line, end in lines)


def moved(line: int, column: int, edits: Sequence[Edit]) -> tuple[int, int]:
    """Where what stood at a line and a column stands after the edits."""
    above = bisect_left(edits, line, key=lambda edit: edit.line)
    shift = 0
    for edit in edits[above:]:
        if edit.line != line:
            break
        if edit.end <= column:
            shift += len(edit.text) - (edit.end - edit.column)
    return line - sum(edit.whole for edit in edits[:above]), column + shift


def _lines(text: str) -> list[tuple[str, str]]:
    """Each line and its end."""
    return [(found[1], found[2]) for found in _LINE.finditer(text.removeprefix("\ufeff"))]
