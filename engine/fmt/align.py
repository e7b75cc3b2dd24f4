"""Lines -> text, with the comments beside them in columns.

A column that several comments share is kept, as long as their lines are short enough for it. Any other comment stands
two blanks behind its line, or behind the longest of neighbours whose comments stood in one column.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby

from rich.cells import cell_len

from engine.fmt.write import Line

_NEAR = 2
#: column of a line without a comment
_NONE = -1


def text_of(lines: list[Line]) -> str:
    """The file."""
    columns = [line.beside.column if line.beside else _NONE for line in lines]
    widths = [line.indent + cell_len(line.text) for line in lines]
    while (settled := list(_settled(columns, widths))) != columns:
        columns = settled
    rows = zip(lines, columns, widths, strict=True)
    return "".join(f"{_written(line, column - width)}\n" for line, column, width in rows)


def _settled(columns: list[int], widths: list[int]) -> Iterator[int]:
    """The columns, each where it is shared and far enough to the right, or as near as can be."""
    shared = Counter(columns)
    for column, group in groupby(range(len(columns)), lambda number: columns[number]):
        rows = list(group)
        near = max(widths[row] for row in rows) + _NEAR
        kept = column if column == _NONE or (shared[column] > 1 and column >= near) else near
        yield from (kept for _ in rows)


def _written(line: Line, gap: int) -> str:
    return " " * line.indent + line.text + (f"{' ' * gap}{line.beside.text}" if line.beside else "")
