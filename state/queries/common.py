"""What the statements share: lists of identities as one parameter, rows locked in one order.

Statements are plain SQL with ``:name`` parameters, handed to the driver as they are: SQLAlchemy keeps
connections and transactions here, and does not look at every parameter of every row on the way (``state.sqlite``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import Connection, CursorResult

from state import postgres, sqlite

Row = Mapping[str, Any]

_PARAMETER = re.compile(r"(?<![:\w]):(\w+)")


@lru_cache(maxsize=256)
def driver_sql(sql: str, dialect: str) -> str:
    """The statement as this database's driver takes it.

    ``IN :ids``, ``IN :names`` and ``IN :campaigns`` take a whole list as one parameter (see ``many``), so that a
    statement is prepared once whatever the batch; ``{each_campaign}`` is the same list as a table, its one column
    ``name``. ``{lock_person}`` locks the row of ``p``, ``{lock_rows}`` the rows of its own query, and both pass over
    rows another worker has.
    """
    postgres = dialect == "postgresql"
    for name in ("ids", "names", "campaigns"):
        kind = "bigint[]" if name == "ids" else "text[]"
        one = f"= ANY(CAST(:{name} AS {kind}))" if postgres else f"IN (SELECT value FROM json_each(:{name}))"
        sql = sql.replace(f"IN :{name}", one)
    each = "unnest(CAST(:campaigns AS text[])) AS name" if postgres else "json_each(:campaigns)"
    named = "name" if postgres else "value AS name"
    sql = sql.replace("{each_campaign}", f"(SELECT {named} FROM {each}) AS running")
    sql = sql.replace("{lock_person}", "FOR UPDATE OF p SKIP LOCKED" if postgres else "")
    sql = sql.replace("{lock_rows}", "FOR UPDATE SKIP LOCKED" if postgres else "")
    # SQLite's driver knows :name itself; psycopg writes it %(name)s
    return _PARAMETER.sub(r"%(\1)s", sql.replace("%", "%%")) if postgres else sql


def execute(conn: Connection, sql: str, params: Row) -> CursorResult[Any]:
    """Execute a statement once."""
    return conn.exec_driver_sql(driver_sql(sql, conn.dialect.name), dict(params))


def many(conn: Connection, values: Iterable[Any]) -> Any:
    """A list as the one parameter that ``IN :ids`` and its like expect."""
    return (
        postgres.array(values) if conn.dialect.name == "postgresql" else orjson.dumps(list(values)).decode()
    )


def fetch(conn: Connection, sql: str, **params: Any) -> Sequence[Any]:
    """All rows, as tuples."""
    if conn.dialect.name == "sqlite":
        return sqlite.rows(conn, driver_sql(sql, "sqlite"), params)
    return _tuples(execute(conn, sql, params))


def fetch_dicts(conn: Connection, sql: str, **params: Any) -> list[dict[str, Any]]:
    """All rows, each a new dictionary by column name."""
    if conn.dialect.name == "sqlite":
        return sqlite.dict_rows(conn, driver_sql(sql, "sqlite"), params)
    result = execute(conn, sql, params)
    keys = tuple(result.keys())
    return [dict(zip(keys, row, strict=True)) for row in _tuples(result)]


def _tuples(result: CursorResult[Any]) -> Sequence[tuple[Any, ...]]:
    """The driver's own rows: plain statements need nothing that SQLAlchemy would make of them."""
    rows: Sequence[tuple[Any, ...]] = result.cursor.fetchall()
    result.close()
    return rows


def write(conn: Connection, sql: str, rows: Sequence[Row]) -> None:
    """Execute once for every row, as one batch."""
    if not rows:
        return
    if conn.dialect.name == "sqlite":
        sqlite.run_many(conn, driver_sql(sql, "sqlite"), rows)
    else:
        conn.exec_driver_sql(driver_sql(sql, conn.dialect.name), list(rows))


def insert_sql(table: str, columns: Sequence[str], tail: str = "") -> str:
    """``INSERT INTO table (columns) VALUES (:columns) tail``."""
    names = ", ".join(columns)
    values = ", ".join(f":{c}" for c in columns)
    return f"INSERT INTO {table} ({names}) VALUES ({values}) {tail}"


def as_json(value: Any) -> Any:
    """A JSON column read by a plain statement: SQLite hands out its text, PostgreSQL the value."""
    return orjson.loads(value) if isinstance(value, str | bytes) else value
