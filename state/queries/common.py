"""What the statements share: lists of identities as one parameter, rows locked in one order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import Connection, TextClause, text

Row = Mapping[str, Any]


@lru_cache(maxsize=256)
def _prepared(sql: str, dialect: str) -> TextClause:
    postgres = dialect == "postgresql"
    for name in ("ids", "names", "campaigns"):
        kind = "bigint[]" if name == "ids" else "text[]"
        one = f"= ANY(CAST(:{name} AS {kind}))" if postgres else f"IN (SELECT value FROM json_each(:{name}))"
        sql = sql.replace(f"IN :{name}", one)
    sql = sql.replace("{lock_person}", "FOR UPDATE OF p SKIP LOCKED" if postgres else "")
    return text(sql)


def statement(conn: Connection, sql: str) -> TextClause:
    """The statement for this database.

    ``IN :ids``, ``IN :names`` and ``IN :campaigns`` take a whole list as one parameter (see ``many``), so that a
    statement is prepared once whatever the batch; ``{lock_person}`` locks the row of ``p`` and passes over rows
    another worker has.
    """
    return _prepared(sql, conn.dialect.name)


def many(conn: Connection, values: Iterable[Any]) -> Any:
    """A list as the one parameter that ``IN :ids`` and its like expect."""
    listed = list(values)
    return listed if conn.dialect.name == "postgresql" else orjson.dumps(listed).decode()


def fetch(conn: Connection, sql: str, **params: Any) -> Sequence[Any]:
    """All rows, as named tuples."""
    return conn.execute(statement(conn, sql), params).all()


def fetch_dicts(conn: Connection, sql: str, **params: Any) -> list[dict[str, Any]]:
    """All rows, each a new dictionary by column name."""
    result = conn.execute(statement(conn, sql), params)
    keys = list(result.keys())
    return [dict(zip(keys, row, strict=True)) for row in result]


def write(conn: Connection, sql: str, rows: Sequence[Row]) -> int:
    """Execute once for every row, as one batch. Returns how many rows were affected, where known."""
    if not rows:
        return 0
    return conn.execute(statement(conn, sql), list(rows)).rowcount


def insert_sql(table: str, columns: Sequence[str], tail: str = "") -> str:
    """``INSERT INTO table (columns) VALUES (:columns) tail``."""
    names = ", ".join(columns)
    values = ", ".join(f":{c}" for c in columns)
    return f"INSERT INTO {table} ({names}) VALUES ({values}) {tail}"  # noqa: S608 - names are our own columns


def as_json(value: Any) -> Any:
    """A JSON column read by a plain statement: SQLite hands out its text, PostgreSQL the value."""
    return orjson.loads(value) if isinstance(value, str | bytes) else value
