"""Lines -> text, with the comments beside them in the columns they had.

Where a line has become too long for that, its comment, and those of neighbours in the same column, stand two blanks
behind. So does that of a line which has become shorter, unless other comments stand in its column.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby

from rich.cells import cell_len

from engine.fmt.write import Line

_NEAR = 2


def text_of(lines: list[Line]) -> str:
    """The file."""
    shared = Counter(line.beside.column for line in lines if line.beside)
    rows: list[str] = []
    for column, neighbours in groupby(lines, lambda line: line.beside.column if line.beside else None):
        group = list(neighbours)
        kept = column is not None and (shared[column] > 1 or _width(group[0]) == _width_before(group[0]))
        near = max(map(_width, group)) + _NEAR
        rows += _written(group, column if column is not None and kept and column >= near else near)
    return "".join(f"{row}\n" for row in rows)


def _written(group: list[Line], column: int) -> Iterator[str]:
    for line in group:
        comment = " " * (column - _width(line)) + line.beside.text if line.beside else ""
        yield " " * line.indent + line.text + comment


def _width(line: Line) -> int:
    return line.indent + cell_len(line.text.expandtabs())


def _width_before(line: Line) -> int | None:
    return line.beside.width if line.beside else None
