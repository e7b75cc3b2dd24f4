"""Reading a source as a header and a stream of rows of text, whatever it is: CSV, gzipped CSV, or SQL.

Nothing is ever held but the row at hand, so that memory does not grow with the source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from engine.errors import ImportFailed
from engine.model import SourceDef
from engine.people.csv_file import Rows, opened_csv
from engine.settings import resolved

#: rows fetched from a database at once
_FETCH = 2_000


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
    with opened_csv(path, name) as table:
        size, position = path.stat().st_size, table.raw.tell
        yield SourceTable(name=name, header=table.header, rows=table.rows, size=size, position=position)


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
