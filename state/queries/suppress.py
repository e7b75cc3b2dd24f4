"""Suppressions: only ever added."""

from __future__ import annotations

from sqlalchemy import Connection

from state.queries.common import execute, fetch


def put_identity(
    conn: Connection, identity_id: int, channel: str, reason: str, at: int, source: str, note: str | None
) -> None:
    """Suppress an identity; what is there stays."""
    sql = """
    INSERT INTO suppression (identity_id, channel, reason, at, source, note)
    VALUES (:identity_id, :channel, :reason, :at, :source, :note) ON CONFLICT DO NOTHING
    """
    values = {"identity_id": identity_id, "channel": channel, "reason": reason, "at": at, "source": source, "note": note}
    execute(conn, sql, values)


def put_address(conn: Connection, address: str, channel: str, reason: str, at: int, source: str) -> None:
    """Suppress an address; what is there stays."""
    sql = """
    INSERT INTO address_suppression (address, channel, reason, at, source)
    VALUES (:address, :channel, :reason, :at, :source) ON CONFLICT DO NOTHING
    """
    values = {"address": address, "channel": channel, "reason": reason, "at": at, "source": source}
    execute(conn, sql, values)


def addresses(conn: Connection, identity_id: int, channel: str) -> list[str]:
    """The match keys of the person's addresses that a channel uses; all of them for any other channel."""
    rows = fetch(conn, "SELECT email_key, phone FROM person WHERE identity_id = :id", id=identity_id)
    email, phone = rows[0] if rows else (None, None)
    wanted = {"email": (email,), "sms": (phone,), "phone": (phone,)}.get(channel, (email, phone))
    return [a for a in wanted if a]
