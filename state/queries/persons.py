"""One person, for people who ask."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from state.queries.common import as_json, fetch, fetch_dicts


def find(
    conn: Connection, *, identity: int | None, email_key: str | None, phone: str | None, source_key: str
) -> list[int]:
    """Identities that answer to any of these; a merged one is followed to the identity it became."""
    sql = """
    SELECT p.identity_id, p.merged_into FROM person p WHERE p.identity_id = :identity
    UNION SELECT p.identity_id, p.merged_into FROM person p WHERE p.email_key = :email
    UNION SELECT p.identity_id, p.merged_into FROM person p WHERE p.phone = :phone
    UNION SELECT p.identity_id, p.merged_into FROM person p JOIN contact c ON c.identity_id = p.identity_id
      WHERE c.source_key = :key
    """
    rows = fetch(conn, sql, identity=identity if identity is not None else -1, email=email_key or "",
                 phone=phone or "", key=source_key)  # fmt: skip
    return sorted({row[1] or row[0] for row in rows})


def language(conn: Connection, identity_id: int | None) -> str | None:
    """The language on record for a person, if any."""
    rows = fetch(conn, "SELECT language FROM person WHERE identity_id = :id", id=identity_id or 0)
    return rows[0][0] if rows else None


def touches(conn: Connection, identity_id: int) -> list[dict[str, Any]]:
    """Their touches in order of time."""
    sql = "SELECT * FROM touch WHERE identity_id = :id ORDER BY planned_at, decided_at, campaign, cycle, step"
    return fetch_dicts(conn, sql, id=identity_id)


def ledger(conn: Connection, identity_id: int) -> list[dict[str, Any]]:
    """Every decision about them, oldest first."""
    return fetch_dicts(conn, "SELECT * FROM decision WHERE identity_id = :id ORDER BY at, id", id=identity_id)


def contacts(conn: Connection, identity_id: int) -> list[dict[str, Any]]:
    """The source rows that are this person."""
    sql = "SELECT source, source_key, first_seen_at, last_seen_at FROM contact WHERE identity_id = :id ORDER BY 1, 2"
    return fetch_dicts(conn, sql, id=identity_id)


def events(conn: Connection, identity_id: int) -> list[dict[str, Any]]:
    """Every event of theirs, oldest first; ``data`` decoded."""
    sql = "SELECT name, at, source, data FROM event WHERE identity_id = :id ORDER BY at, id"
    return [{**row, "data": as_json(row["data"]) or {}} for row in fetch_dicts(conn, sql, id=identity_id)]


def tasks(conn: Connection, identity_id: int) -> list[dict[str, Any]]:
    """Every task about them, open or closed, oldest first."""
    sql = "SELECT * FROM task WHERE identity_id = :id ORDER BY created_at, ref"
    return fetch_dicts(conn, sql, id=identity_id)
