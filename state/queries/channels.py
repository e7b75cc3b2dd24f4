"""What waits on each channel, and what nobody knows of: grouped statements, for people who look."""

from __future__ import annotations

from sqlalchemy import Connection

from state.queries.common import fetch


def waiting(conn: Connection) -> dict[str, tuple[int, int]]:
    """channel -> (messages in the outbox, the moment of the one that may leave first)."""
    sql = "SELECT channel, count(*), min(not_before) FROM touch WHERE state = 'queued' GROUP BY channel"
    return {row[0]: (row[1], row[2]) for row in fetch(conn, sql)}


def in_doubt(conn: Connection) -> dict[str, tuple[int, int]]:
    """channel -> (messages in doubt, since when the oldest)."""
    sql = "SELECT channel, count(*), min(counted_at) FROM touch WHERE state = 'in_doubt' GROUP BY channel"
    return {row[0]: (row[1], row[2]) for row in fetch(conn, sql)}
