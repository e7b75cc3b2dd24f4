"""Plain statements mean the same on both databases, their errors too, whoever executes them."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError

from state.queries.bulk import BulkInsert
from state.queries.common import fetch, fetch_dicts, write
from state.store import Store

_PUT = "INSERT INTO control (key, value, at) VALUES (:key, :value, :at)"
_ALL = "SELECT key, at FROM control WHERE at >= :since ORDER BY key"


def put(store: Store, *keys: str) -> None:
    with store.begin() as conn:
        write(conn, _PUT, [{"key": key, "value": "{}", "at": n} for n, key in enumerate(keys)])


def test_rows_are_written_and_read_by_name_and_by_place(store: Store) -> None:
    put(store, "a", "b", "c")
    with store.read() as conn:
        assert [tuple(row) for row in fetch(conn, _ALL, since=1)] == [("b", 1), ("c", 2)]
        assert fetch_dicts(conn, _ALL, since=2) == [{"key": "c", "at": 2}]
        assert fetch_dicts(conn, _ALL, since=3) == []


def test_nothing_to_write_is_no_statement(store: Store) -> None:
    with store.begin() as conn:
        write(conn, "no statement at all", [])


def test_a_row_that_may_not_be_is_refused_as_everywhere(store: Store) -> None:
    put(store, "a")
    with pytest.raises(IntegrityError):
        put(store, "b", "a")
    with store.read() as conn:
        assert [row[0] for row in fetch(conn, _ALL, since=0)] == ["a"]
    with pytest.raises(IntegrityError), store.begin() as conn:
        BulkInsert("control", ("key", "value", "at"))(conn, [("b", "{}", None)])


def test_a_statement_that_cannot_be_tells_no_parameter(store: Store) -> None:
    for read in (fetch, fetch_dicts):
        with pytest.raises(DBAPIError) as told, store.read() as conn:
            read(conn, "SELECT 1 FROM nowhere WHERE key = :key", key="somebody@example.com")
        assert "nowhere" in str(told.value)
        assert "somebody" not in str(told.value)
