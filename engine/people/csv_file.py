"""A CSV file as a header and a stream of rows of text; gzipped where its name ends in .gz.

Nothing is ever held but the row at hand, so that memory does not grow with the file.
"""

from __future__ import annotations

import csv
import gzip
import io
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from engine.errors import ImportFailed

_DELIMITERS = ",;\t|"
#: characters; a line that names columns is never so long, one of a file that is no table may be
_LONGEST_HEADER = 1_000_000

#: (row number, cells); the header is row 1
Rows = Iterator[tuple[int, list[str]]]


class CsvTable(NamedTuple):
    """A CSV file opened for one reading; ``raw`` tells how far it was read."""

    header: tuple[str, ...]
    rows: Rows
    raw: BinaryIO


@contextmanager
def opened_csv(path: Path, name: str) -> Iterator[CsvTable]:
    """The file's columns and rows. ``name``: what messages call it. Raises ImportFailed, also while reading."""
    with _binary(path, name) as raw, _decoded(raw, compressed=path.suffix == ".gz") as text_file:
        yield CsvTable(*_parsed(text_file, name), raw)


def _binary(path: Path, name: str) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        hint = "Check the path in the project's people.sources; it is relative to the project folder"
        raise ImportFailed(f"cannot read {name}: {error.strerror}", hint=hint) from error


def _parsed(text_file: io.TextIOWrapper, name: str) -> tuple[tuple[str, ...], Rows]:
    try:
        first = text_file.readline(_LONGEST_HEADER)
        reader = csv.reader(itertools.chain([first], text_file), delimiter=max(_DELIMITERS, key=first.count))
        header = tuple(cell.strip() for cell in next(reader, ()))
    except (csv.Error, UnicodeDecodeError, EOFError, OSError) as error:
        raise _unreadable(name, error) from error
    if len(first) == _LONGEST_HEADER:
        raise ImportFailed(f"{name} is no table", hint="Its first line must name the columns")
    if not header:
        raise ImportFailed(f"{name} is empty", hint="Its first line must name the columns")
    return header, _csv_rows(reader, name)


def _decoded(raw: BinaryIO, *, compressed: bool) -> io.TextIOWrapper:
    stream: Any = gzip.GzipFile(fileobj=raw) if compressed else raw
    return io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")


def _csv_rows(reader: Iterator[list[str]], name: str) -> Rows:
    number = 1
    try:
        for number, row in enumerate(reader, start=2):
            if row:
                yield number, row
    except (csv.Error, UnicodeDecodeError, EOFError, OSError) as error:
        raise _unreadable(f"{name}, after row {number}", error) from error


def _unreadable(where: str, error: Exception) -> ImportFailed:
    if isinstance(error, UnicodeDecodeError):
        return ImportFailed(f"{where}: the text is not UTF-8", hint="Save it as UTF-8 and import it again")
    return ImportFailed(
        f"{where}: {error}", hint="What came before it is in. Mend the file and import it again"
    )
