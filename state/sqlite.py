"""Plain statements on SQLite, handed to the driver itself.

SQLAlchemy keeps the connection and the transaction. What it makes of a result for every statement, a plain statement
never looks at, and where the database answers in microseconds that was half of the time of a small transaction.
Errors come as SQLAlchemy's own, as from anywhere else.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

#: by name, or by place
Params = Any


def rows(conn: Connection, sql: str, params: Params = ()) -> list[tuple[Any, ...]]:
    """All rows, as tuples; none for a statement that has none."""
    try:
        return _driver(conn).execute(sql, params).fetchall()
    except sqlite3.Error as error:
        raise _wrapped(sql, error) from error


def dict_rows(conn: Connection, sql: str, params: Params = ()) -> list[dict[str, Any]]:
    """All rows, each a new dictionary by column name."""
    try:
        cursor = _driver(conn).execute(sql, params)
        keys = [column[0] for column in cursor.description]
        return [dict(zip(keys, row, strict=True)) for row in cursor.fetchall()]
    except sqlite3.Error as error:
        raise _wrapped(sql, error) from error


def run_many(conn: Connection, sql: str, rows: Sequence[Params]) -> int:
    """Execute once for every row; how many rows of the table that changed."""
    try:
        return _driver(conn).executemany(sql, rows).rowcount
    except sqlite3.Error as error:
        raise _wrapped(sql, error) from error


def _driver(conn: Connection) -> sqlite3.Connection:
    return cast(sqlite3.Connection, conn.connection.driver_connection)


def _wrapped(sql: str, error: sqlite3.Error) -> Exception:
    return DBAPIError.instance(sql, None, error, sqlite3.Error, hide_parameters=True)
