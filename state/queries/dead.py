"""Dead letters: touches that were given up or refused, what was tried of them, and a person's word on what follows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from state.queries.common import Row, fetch, fetch_dicts, write

_ROW = """
SELECT t.ref, t.identity_id, t.campaign, t.cycle, t.step, t.channel, t.reason, t.failures, t.attempts, t.finished_at,
       t.expires_at, p.first_name, p.last_name, m.payload
FROM touch t
JOIN person p ON p.identity_id = t.identity_id
LEFT JOIN message m
  ON m.identity_id = t.identity_id AND m.campaign = t.campaign AND m.cycle = t.cycle AND m.step = t.step
WHERE t.state = 'failed'
"""

_LEDGER = """
SELECT at, action, rule, reasons FROM decision
WHERE identity_id = :identity_id AND campaign = :campaign AND cycle = :cycle AND step = :step ORDER BY id
"""

_KEY = "identity_id = :identity_id AND campaign = :campaign AND cycle = :cycle AND step = :step AND state = 'failed'"

_REVIVE = f"""
UPDATE touch SET state = 'queued', reason = NULL, failures = 0, finished_at = NULL, not_before = :not_before
WHERE {_KEY}
"""

_DROP = f"UPDATE touch SET state = 'cancelled', reason = 'dropped', finished_at = :now WHERE {_KEY}"


def listed(conn: Connection, limit: int, *, refused: bool) -> list[dict[str, Any]]:
    """Those given up, the latest first; with ``refused`` also what the provider refused or never left."""
    which = "" if refused else "AND t.reason = 'gave_up'"
    sql = f"{_ROW} {which} ORDER BY t.finished_at DESC, t.ref LIMIT :limit"
    return fetch_dicts(conn, sql, limit=limit)


def beginning(conn: Connection, ref: str) -> list[dict[str, Any]]:
    """Failed touches whose ref begins so; a handful at most."""
    sql = f"{_ROW} AND substr(t.ref, 1, :length) = :ref ORDER BY t.ref LIMIT 10"
    return fetch_dicts(conn, sql, ref=ref, length=len(ref))


def tried(conn: Connection, row: Row) -> list[dict[str, Any]]:
    """What the ledger has of a touch, in order."""
    keys = ("identity_id", "campaign", "cycle", "step")
    return fetch_dicts(conn, _LEDGER, **{key: row[key] for key in keys})


def count(conn: Connection) -> dict[str, int]:
    """How many were given up, by channel."""
    sql = "SELECT channel, count(*) FROM touch WHERE state = 'failed' AND reason = 'gave_up' GROUP BY channel"
    return {row[0]: row[1] for row in fetch(conn, sql)}


def revive(conn: Connection, rows: Sequence[Row]) -> None:
    """Back to the outbox, as if it had never been tried."""
    write(conn, _REVIVE, rows)


def drop(conn: Connection, rows: Sequence[Row]) -> None:
    """It will not be sent."""
    write(conn, _DROP, rows)
