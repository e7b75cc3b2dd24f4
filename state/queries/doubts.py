"""Touches in doubt: what a person needs to find out what became of them, and their word written down."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from state.queries.common import execute, fetch_dicts

_ROW = """
SELECT t.ref, t.identity_id, t.campaign, t.cycle, t.step, t.channel, t.state, t.attempts, t.failures,
       t.counted_at, e.version,
       p.first_name, p.last_name, p.company, m.payload
FROM touch t
JOIN person p ON p.identity_id = t.identity_id
JOIN enrolment e ON e.identity_id = t.identity_id AND e.campaign = t.campaign AND e.cycle = t.cycle
LEFT JOIN message m
  ON m.identity_id = t.identity_id AND m.campaign = t.campaign AND m.cycle = t.cycle AND m.step = t.step
"""


def listed(conn: Connection, limit: int) -> list[dict[str, Any]]:
    """Touches in doubt, the oldest first, with whom they are for and their message."""
    sql = f"{_ROW} WHERE t.state = 'in_doubt' ORDER BY t.counted_at, t.ref LIMIT :limit"
    return fetch_dicts(conn, sql, limit=limit)


def beginning(conn: Connection, ref: str) -> list[dict[str, Any]]:
    """Touches in doubt whose ref begins so; a handful at most."""
    sql = f"{_ROW} WHERE t.state = 'in_doubt' AND substr(t.ref, 1, :length) = :ref ORDER BY t.ref LIMIT 10"
    return fetch_dicts(conn, sql, ref=ref, length=len(ref))


def put_reached(conn: Connection, identity_id: int, channel: str, at: int) -> None:
    """The person was reached then, unless something has reached them since."""
    sql = """
    UPDATE person SET last_touch_at = :at, last_touch_channel = :channel
    WHERE identity_id = :identity_id AND (last_touch_at IS NULL OR last_touch_at < :at)
    """
    execute(conn, sql, {"identity_id": identity_id, "channel": channel, "at": at})
