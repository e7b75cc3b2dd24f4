"""Relationship notes, for people who look at them and close them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection

from state.queries.common import execute, fetch, fetch_dicts, many


def of_person(conn: Connection, identity_id: int) -> list[dict[str, Any]]:
    """kind, opened_at, closed_at, source and text of every note of a person, oldest first."""
    sql = """
    SELECT kind, opened_at, closed_at, source, text FROM note WHERE identity_id = :id ORDER BY opened_at, id
    """
    return fetch_dicts(conn, sql, id=identity_id)


def close(conn: Connection, identity_id: int, kind: str, comment: str | None, now: int) -> int:
    """Close the open notes of a kind; how many. The person is locked. A comment becomes the note's text."""
    sql = """
    UPDATE note SET closed_at = :now, text = coalesce(CAST(:comment AS TEXT), text)
    WHERE identity_id = :id AND kind = :kind AND closed_at IS NULL
    """
    values = {"id": identity_id, "kind": kind, "comment": comment, "now": now}
    return execute(conn, sql, values).rowcount


def close_named(conn: Connection, keys: Collection[str], now: int) -> None:
    """Close the open notes of these keys. Their people are locked."""
    sql = "UPDATE note SET closed_at = :now WHERE key IN :names AND closed_at IS NULL"
    execute(conn, sql, {"names": many(conn, keys), "now": now})


def count_open(conn: Connection, kinds: Collection[str]) -> dict[str, int]:
    """How many living people have an open note of each of these kinds; kinds nobody has are absent."""
    sql = """
    SELECT n.kind, count(DISTINCT n.identity_id) FROM note n JOIN person p ON p.identity_id = n.identity_id
    WHERE n.kind IN :names AND n.identity_id > 0 AND n.closed_at IS NULL
      AND p.merged_into IS NULL AND p.deleted_at IS NULL
    GROUP BY n.kind ORDER BY n.kind
    """
    return {row[0]: row[1] for row in fetch(conn, sql, names=many(conn, kinds))}
