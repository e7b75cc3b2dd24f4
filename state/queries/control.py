"""Operator switches and signs of life, one row each."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import Connection

from state.queries.common import as_json, execute, fetch


def put(conn: Connection, key: str, value: dict[str, Any], at: int) -> None:
    """Set a control row."""
    sql = """
    INSERT INTO control (key, value, at) VALUES (:key, :value, :at)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, at = excluded.at
    """
    execute(conn, sql, {"key": key, "value": orjson.dumps(value).decode(), "at": at})


def get(conn: Connection, key: str) -> tuple[dict[str, Any], int] | None:
    """(value, at) of a control row, or None."""
    rows = fetch(conn, "SELECT value, at FROM control WHERE key = :key", key=key)
    return (as_json(rows[0][0]), rows[0][1]) if rows else None


def like(conn: Connection, prefix: str) -> dict[str, tuple[dict[str, Any], int]]:
    """Control rows whose key begins with ``prefix``, by the rest of the key."""
    sql = "SELECT key, value, at FROM control WHERE substr(key, 1, :length) = :prefix ORDER BY key"
    rows = fetch(conn, sql, prefix=prefix, length=len(prefix))
    return {r[0][len(prefix) :]: (as_json(r[1]), r[2]) for r in rows}


def drop(conn: Connection, key: str) -> None:
    """Remove a control row, if there."""
    execute(conn, "DELETE FROM control WHERE key = :key", {"key": key})


def milliseconds(conn: Connection) -> int | None:
    """The database's own time since the epoch, which is one for all workers; None for a file, which has one worker."""
    if conn.dialect.name != "postgresql":
        return None
    return int(fetch(conn, "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)")[0][0])


def lock(conn: Connection, key: str, value: dict[str, Any], at: int) -> dict[str, Any]:
    """The row's value, made with ``value`` if absent, locked until the transaction ends."""
    sql = "INSERT INTO control (key, value, at) VALUES (:key, :value, :at) ON CONFLICT (key) DO NOTHING"
    execute(conn, sql, {"key": key, "value": orjson.dumps(value).decode(), "at": at})
    suffix = " FOR UPDATE" if conn.dialect.name == "postgresql" else ""
    found: dict[str, Any] = as_json(
        fetch(conn, f"SELECT value FROM control WHERE key = :key{suffix}", key=key)[0][0]
    )
    return found
