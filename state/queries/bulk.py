"""Writing many rows at once, as fast as each database can: COPY, or one statement over arrays, on PostgreSQL;
the driver's own loop on SQLite. Rows are tuples in the order of the columns; JSON columns take their text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel

from state import postgres, sqlite, tables

assert tables.Person.metadata is SQLModel.metadata  # the tables are declared by importing them

_POSTGRES = postgresql.dialect()  # type: ignore[no-untyped-call]

Rows = Sequence[tuple[Any, ...]]


class BulkInsert:
    """``INSERT`` of many rows; ``tail`` is what follows, an ``ON CONFLICT`` clause or nothing.

    Without a clause rows must be new, and go in by COPY on PostgreSQL.
    """

    def __init__(self, table: str, columns: Sequence[str], tail: str = "ON CONFLICT DO NOTHING") -> None:
        self._table, self._columns, self._tail = table, tuple(columns), tail

    def __call__(self, conn: Connection, rows: Rows) -> int:
        """Write the rows in the caller's transaction; how many were written."""
        if not rows:
            return 0
        if conn.dialect.name == "sqlite":
            return sqlite.run_many(conn, self._sqlite, rows)
        if self._tail:
            return conn.exec_driver_sql(self._postgres, _as_columns(rows)).rowcount
        return self._copy(conn, rows)

    def _copy(self, conn: Connection, rows: Rows) -> int:
        driver: Any = conn.connection.driver_connection
        sql = f"COPY {self._table} ({', '.join(self._columns)}) FROM STDIN"
        with driver.cursor() as cursor, cursor.copy(sql) as copy:
            for row in rows:
                copy.write_row(row)
        return len(rows)

    @cached_property
    def _sqlite(self) -> str:
        names, marks = ", ".join(self._columns), ", ".join("?" * len(self._columns))
        return f"INSERT INTO {self._table} ({names}) VALUES ({marks}) {self._tail}"

    @cached_property
    def _postgres(self) -> str:
        names = ", ".join(self._columns)
        arrays = _arrays(self._table, self._columns)
        return f"INSERT INTO {self._table} ({names}) SELECT * FROM unnest({arrays}) {self._tail}"


class BulkUpdate:
    """``UPDATE`` of many rows found by ``keys``. A row is the key columns, then the columns to set."""

    def __init__(self, table: str, keys: Sequence[str], columns: Sequence[str]) -> None:
        self._table, self._keys, self._columns = table, tuple(keys), tuple(columns)

    def __call__(self, conn: Connection, rows: Rows) -> None:
        """Write the rows in the caller's transaction. Each key occurs once."""
        if not rows:
            return
        if conn.dialect.name == "postgresql":
            conn.exec_driver_sql(self._postgres, _as_columns(rows))
            return
        split = len(self._keys)
        sqlite.run_many(conn, self._sqlite, [row[split:] + row[:split] for row in rows])

    @cached_property
    def _sqlite(self) -> str:
        sets = ", ".join(f"{c} = ?" for c in self._columns)
        where = " AND ".join(f"{k} = ?" for k in self._keys)
        return f"UPDATE {self._table} SET {sets} WHERE {where}"

    @cached_property
    def _postgres(self) -> str:
        every = (*self._keys, *self._columns)
        sets = ", ".join(f"{c} = new.{c}" for c in self._columns)
        where = " AND ".join(f"{self._table}.{k} = new.{k}" for k in self._keys)
        values = f"unnest({_arrays(self._table, every)}) AS new ({', '.join(every)})"
        return f"UPDATE {self._table} SET {sets} FROM {values} WHERE {where}"


def _arrays(table: str, columns: Sequence[str]) -> str:
    """One typed array parameter a column."""
    declared = SQLModel.metadata.tables[table].c
    return ", ".join(f"%s::{declared[c].type.compile(dialect=_POSTGRES)}[]" for c in columns)


def _as_columns(rows: Rows) -> tuple[str, ...]:
    return tuple(postgres.array(column) for column in zip(*rows, strict=True))
