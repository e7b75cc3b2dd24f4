"""Synthetic people: made for a drill, told by an identity below zero, gone after it; nobody counts or enrols them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection

from state.queries.common import execute, fetch, many

#: every table that something about a person can be in
_TABLES = (
    "person", "contact", "identifier", "consent", "suppression", "note", "event", "enrolment", "touch", "message",
    "decision", "task", "received", "notice", "preference", "letter", "audience_member",
)  # fmt: skip


def put(conn: Connection, rows: Mapping[str, Mapping[str, Any]]) -> None:
    """The rows of one synthetic person: table -> column -> value."""
    for table, row in rows.items():
        names = ", ".join(row)
        values = ", ".join(f":{name}" for name in row)
        execute(conn, f"INSERT INTO {table} ({names}) VALUES ({values})", row)


def is_taken(conn: Connection, phone: str) -> bool:
    """Does anybody have the number, or has anybody said no by it?"""
    sql = """
    SELECT 1 FROM person WHERE phone = :phone UNION ALL SELECT 1 FROM contact WHERE phone = :phone
    UNION ALL SELECT 1 FROM address_suppression WHERE address = :phone
    """
    return bool(fetch(conn, sql, phone=phone))


def owners(conn: Connection, refs: Collection[str]) -> dict[str, int]:
    """Whose touch goes by each of these refs."""
    sql = "SELECT ref, identity_id FROM touch WHERE ref IN :names"
    return {row[0]: row[1] for row in fetch(conn, sql, names=many(conn, refs))}


def drop(conn: Connection, ids: Collection[int], addresses: Collection[str]) -> None:
    """Synthetic people and all about them go, their addresses' suppressions too. Nobody else is touched, whatever
    the ids and the addresses say."""
    for table in _TABLES:
        execute(
            conn,
            f"DELETE FROM {table} WHERE identity_id IN :ids AND identity_id < 0",
            {"ids": many(conn, ids)},
        )
    sql = """
    DELETE FROM address_suppression WHERE address IN :names
      AND address NOT IN (SELECT phone FROM person WHERE phone IN :names UNION ALL
                          SELECT phone FROM contact WHERE phone IN :names UNION ALL
                          SELECT email_key FROM person WHERE email_key IN :names UNION ALL
                          SELECT email_key FROM contact WHERE email_key IN :names)
    """
    execute(conn, sql, {"names": many(conn, addresses)})


def left(conn: Connection) -> int:
    """How many synthetic people there are."""
    return int(fetch(conn, "SELECT count(*) FROM person WHERE identity_id < 0")[0][0])
