"""What people chose for themselves, and the opt-outs they may take back where they made them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection

from state.queries.common import execute, fetch, fetch_dicts, many


def chosen(conn: Connection, identity_id: int) -> dict[str, Any] | None:
    """paused_until, at_most_every, updated_at and source; None for who chose nothing."""
    sql = "SELECT paused_until, at_most_every, updated_at, source FROM preference WHERE identity_id = :id"
    rows = fetch_dicts(conn, sql, id=identity_id)
    return rows[0] if rows else None


def put(
    conn: Connection,
    identity_id: int,
    paused_until: int | None,
    at_most_every: int | None,
    now: int,
    source: str,
) -> None:
    """Set what a person chose, whole. The person is locked."""
    sql = """
    INSERT INTO preference (identity_id, paused_until, at_most_every, updated_at, source)
    VALUES (:id, :paused_until, :at_most_every, :now, :source)
    ON CONFLICT (identity_id) DO UPDATE SET paused_until = excluded.paused_until,
      at_most_every = excluded.at_most_every, updated_at = excluded.updated_at, source = excluded.source
    """
    row = {"id": identity_id, "paused_until": paused_until, "at_most_every": at_most_every, "now": now,
           "source": source}  # fmt: skip
    execute(conn, sql, row)


def release(conn: Connection, identity_id: int, now: int) -> None:
    """Judge again now what waits only for what the person chose before. The person is locked."""
    sql = """
    UPDATE enrolment SET resume_at = :now, due_at = :now
    WHERE identity_id = :id AND state <> 'ended' AND due_at > :now AND EXISTS (
      SELECT 1 FROM touch t WHERE t.identity_id = enrolment.identity_id AND t.campaign = enrolment.campaign
        AND t.cycle = enrolment.cycle AND t.step = enrolment.step AND t.state = 'held' AND t.reason = 'preference')
    """
    execute(conn, sql, {"id": identity_id, "now": now})
    sql = """
    UPDATE touch SET not_before = :now
    WHERE identity_id = :id AND state = 'queued' AND reason = 'preference' AND not_before > :now
    """
    execute(conn, sql, {"id": identity_id, "now": now})


def opt_outs(conn: Connection, identity_id: int, source: str) -> dict[str, int]:
    """Channel -> since when, of the opt-outs a person made there and nowhere before."""
    sql = """
    SELECT channel, at FROM suppression WHERE identity_id = :id AND reason = 'opt_out' AND source = :source
    """
    return {row[0]: row[1] for row in fetch(conn, sql, id=identity_id, source=source)}


def told(conn: Connection, identity_id: int, source: str, names: Collection[str]) -> list[dict[str, Any]]:
    """name, at, key and data (JSON) of what a person did there, oldest first."""
    sql = """
    SELECT name, at, key, CAST(data AS TEXT) AS data FROM event
    WHERE identity_id = :id AND name IN :names AND source = :source ORDER BY at, id
    """
    return fetch_dicts(conn, sql, id=identity_id, names=many(conn, names), source=source)


def lift(
    conn: Connection, identity_id: int, channel: str, at: int, source: str, addresses: Sequence[str]
) -> None:
    """Take back one opt-out of a person, and that of their addresses which came with it. An address that somebody
    else's opt-out binds too stays bound. The person is locked."""
    key = {"id": identity_id, "channel": channel, "source": source, "at": at}
    sql = """
    DELETE FROM suppression
    WHERE identity_id = :id AND channel = :channel AND reason = 'opt_out' AND source = :source AND at = :at
    """
    execute(conn, sql, key)
    sql = """
    DELETE FROM address_suppression
    WHERE address IN :names AND channel = :channel AND reason = 'opt_out' AND source = :source AND at = :at
      AND NOT EXISTS (SELECT 1 FROM suppression s JOIN contact c ON c.identity_id = s.identity_id
        WHERE s.channel = :channel AND s.reason = 'opt_out' AND s.identity_id <> :id
          AND (c.email_key = address_suppression.address OR c.phone = address_suppression.address))
    """
    execute(conn, sql, {**key, "names": many(conn, addresses)})


def person_of_touch(conn: Connection, ref: str) -> tuple[int, str] | None:
    """(identity, channel) of the touch of that name."""
    rows = fetch(conn, "SELECT identity_id, channel FROM touch WHERE ref = :ref", ref=ref)
    return (rows[0][0], rows[0][1]) if rows else None
