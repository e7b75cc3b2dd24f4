"""Plain statements mean the same on both databases, their errors too, whoever executes them."""

from __future__ import annotations

from operator import itemgetter

import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError, IntegrityError

from state import postgres
from state.queries.bulk import BulkInsert, BulkUpdate
from state.queries.common import as_json, execute, fetch, fetch_dicts, many, write
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


_KEY = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
_PUT_ALL = BulkInsert("control", ("key", "value", "at"))
_SET_ALL = BulkUpdate("control", ("key",), ("value", "at"))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(keys=st.sets(_KEY, min_size=1), value=_KEY, at=st.integers(-(2**63), 2**63 - 1))
@example(
    keys={"", " ", "NULL", "null", "{}", "a,b", "\\", '"', '\\"', "'", "\r\n\t", "{{", "é\U0001f600"},
    value="\\",
    at=-1,
)
def test_any_text_and_number_is_written_and_found_as_it_is(
    store: Store, keys: set[str], value: str, at: int
) -> None:
    with store.begin() as conn:
        execute(conn, "DELETE FROM control", {})
        _PUT_ALL(conn, [(key, "{}", 0) for key in keys])
        _SET_ALL(conn, [(key, orjson.dumps([key + value]).decode(), at) for key in keys])
        sql = "SELECT key, value, at FROM control WHERE key IN :names AND at IN :ids"
        found = fetch(conn, sql, names=many(conn, keys), ids=many(conn, [at]))
        assert [(key, as_json(said), when) for key, said, when in sorted(found, key=itemgetter(0))] == [
            (key, [key + value], at) for key in sorted(keys)
        ]
        assert fetch(conn, sql, names=many(conn, []), ids=many(conn, [at])) == []


def test_nothing_is_written_that_postgresql_would_read_otherwise() -> None:
    assert postgres.array([None, "NULL", True, 1, -2]) == '{NULL,"NULL",true,1,-2}'
    with pytest.raises(TypeError):
        postgres.array([b"bytes"])  # type: ignore[list-item]
