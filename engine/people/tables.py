"""Reading a source as a header and a stream of rows of text, whatever it is: CSV, gzipped CSV, or SQL.

Nothing is ever held but the row at hand, so that memory does not grow with the source.
"""

from __future__ import annotations

import csv
import gzip
import io
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from engine.errors import ImportFailed
from engine.model import SourceDef
from engine.settings import resolved

#: rows fetched from a database at once
_FETCH = 2_000
_DELIMITERS = ",;\t|"

#: (row number, cells); the header is row 1
Rows = Iterator[tuple[int, list[str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTable:
    """A source opened for one reading."""

    name: str  # for messages: the file, or "query of source 'crm'"
    header: tuple[str, ...]
    rows: Rows
    #: how much there is and how much of it was read, in bytes; 0 when that cannot be known
    size: int
    position: Callable[[], int]


@contextmanager
def opened(source: SourceDef, root: Path) -> Iterator[SourceTable]:
    """The source's rows. ``root`` is the project folder. Raises ImportFailed, also while reading."""
    reader = _csv(source, root) if source.csv is not None else _sql(source, root)
    with reader as table:
        yield table


@contextmanager
def _csv(source: SourceDef, root: Path) -> Iterator[SourceTable]:
    path, name = root / str(source.csv), str(source.csv)
    with _binary(path, name) as raw, _decoded(raw, compressed=path.suffix == ".gz") as text_file:
        header, rows = _parsed(text_file, name)
        yield SourceTable(name=name, header=header, rows=rows, size=path.stat().st_size, position=raw.tell)


def _binary(path: Path, name: str) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        hint = "Check the path in the project's people.sources; it is relative to the project folder"
        raise ImportFailed(f"cannot read {name}: {error.strerror}", hint=hint) from error


def _parsed(text_file: io.TextIOWrapper, name: str) -> tuple[tuple[str, ...], Rows]:
    try:
        first = text_file.readline()
        reader = csv.reader(itertools.chain([first], text_file), delimiter=max(_DELIMITERS, key=first.count))
        header = tuple(cell.strip() for cell in next(reader, ()))
    except (csv.Error, UnicodeDecodeError, EOFError, OSError) as error:
        raise _unreadable(name, error) from error
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


@contextmanager
def _sql(source: SourceDef, root: Path) -> Iterator[SourceTable]:
    name = f"the query of source '{source.id}'"
    try:
        engine = create_engine(_url(str(resolved(source.sql or "")), root))
    except (ArgumentError, ImportError) as error:
        hint = "Install its driver, or correct the URL"
        raise ImportFailed(f"the database of source '{source.id}' cannot be used", hint=hint) from error
    try:
        with engine.connect() as conn:
            streaming = conn.execution_options(stream_results=True, yield_per=_FETCH)
            result = streaming.execute(text(str(source.query)))
            rows = ((n, [_cell(v) for v in row]) for n, row in enumerate(result, start=2))
            yield SourceTable(name=name, header=tuple(result.keys()), rows=rows, size=0, position=lambda: 0)
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise ImportFailed(f"{name} failed: {cause}", hint="Check the database and the query") from error
    finally:
        engine.dispose()


def _url(url: str, root: Path) -> Any:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        return parsed.set(database=str(root / parsed.database))
    return parsed.set(drivername="postgresql+psycopg") if parsed.drivername == "postgresql" else parsed


def _cell(value: Any) -> str:
    """A database value as a CSV file would have it."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
