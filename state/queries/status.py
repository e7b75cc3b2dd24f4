"""Counts for people who look. Each is one grouped statement; none is on a hot path. Synthetic people (an identity below
zero, ``state.queries.synthetic``) are in none of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from state.queries.common import fetch, fetch_dicts

#: what becomes of the rows of an import; ``read`` is the sum of the others
_IMPORTED = ("read", "rejected", "created", "updated", "unchanged", "merged", "future")


def enrolments(conn: Connection, now: int) -> Sequence[Any]:
    """(campaign, segment, state, reason, how many, of them due by ``now``)."""
    sql = """
    SELECT campaign, segment, state, reason, count(*), sum(CASE WHEN due_at <= :now THEN 1 ELSE 0 END)
    FROM enrolment WHERE identity_id > 0
    GROUP BY campaign, segment, state, reason ORDER BY campaign, segment, state, reason
    """
    return fetch(conn, sql, now=now)


def touches(conn: Connection) -> Sequence[Any]:
    """(campaign, channel, state, reason, how many)."""
    sql = """
    SELECT campaign, channel, state, reason, count(*) FROM touch WHERE identity_id > 0
    GROUP BY campaign, channel, state, reason ORDER BY campaign, channel, state, reason
    """
    return fetch(conn, sql)


def planned(conn: Connection) -> int:
    """How many steps ever came due for a channel, counted from the ledger and not from the touches."""
    sql = """
    SELECT count(*) FROM (SELECT DISTINCT identity_id, campaign, cycle, step FROM decision
      WHERE action IN ('queue', 'hold', 'skip') AND step IS NOT NULL) AS due_steps
    """
    return int(fetch(conn, sql)[0][0])


def people(conn: Connection) -> dict[str, int]:
    """How many identities live, were merged, were erased."""
    sql = """
    SELECT sum(CASE WHEN merged_into IS NULL AND deleted_at IS NULL THEN 1 ELSE 0 END) AS living,
           sum(CASE WHEN merged_into IS NOT NULL THEN 1 ELSE 0 END) AS merged,
           sum(CASE WHEN deleted_at IS NOT NULL THEN 1 ELSE 0 END) AS erased
    FROM person WHERE identity_id > 0
    """
    row = fetch_dicts(conn, sql)[0]
    return {k: int(v or 0) for k, v in row.items()}


def imports(conn: Connection) -> list[dict[str, Any]]:
    """What all imports of each source read, took and refused; ``last`` is the latest one's share."""
    # cast, for PostgreSQL sums big integers to decimals
    sums = ", ".join(f"CAST(sum({name}) AS BIGINT) AS {name}" for name in _IMPORTED)
    sql = f"""
    SELECT source, kind, count(*) AS runs, max(finished_at) AS finished_at, {sums}
    FROM import_run GROUP BY source, kind ORDER BY kind DESC, source
    """
    latest = f"""
    SELECT source, {", ".join(_IMPORTED)} FROM import_run
    WHERE id IN (SELECT max(id) FROM import_run GROUP BY source, kind)
    """
    last = {row.pop("source"): row for row in fetch_dicts(conn, latest)}
    return [{**row, "last": last[row["source"]]} for row in fetch_dicts(conn, sql)]


def not_written(conn: Connection) -> Sequence[Any]:
    """(segment, campaign, enrolment state, enrolment reason, touch state, touch reason, people) of everyone living
    to whom nothing was ever sent, told by their last enrolment and its last touch; NULLs for those never enrolled.
    As many rows as there are different stories, however many people."""
    sql = """
    SELECT segment, campaign, state, reason, touch_state, touch_reason, count(*) FROM (
      SELECT e.segment, e.campaign, e.state, e.reason, t.state AS touch_state, t.reason AS touch_reason,
        row_number() OVER (PARTITION BY p.identity_id ORDER BY e.entered_at DESC, e.cycle DESC, e.campaign DESC,
          t.planned_at DESC, t.step DESC) AS newest
      FROM person p
      LEFT JOIN enrolment e ON e.identity_id = p.identity_id
      LEFT JOIN touch t ON t.identity_id = e.identity_id AND t.campaign = e.campaign AND t.cycle = e.cycle
      WHERE p.identity_id > 0 AND p.merged_into IS NULL AND p.deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM touch s
        WHERE s.identity_id = p.identity_id AND s.state IN ('sent', 'delivered', 'bounced'))
    ) AS stories WHERE newest = 1
    GROUP BY segment, campaign, state, reason, touch_state, touch_reason
    ORDER BY segment, campaign, state, reason, touch_state, touch_reason
    """
    return fetch(conn, sql)


def written(conn: Connection) -> Sequence[Any]:
    """(segment of the latest enrolment, how many living people something was sent to)."""
    sql = """
    SELECT l.segment, count(*) FROM (
      SELECT e.identity_id, e.segment, row_number() OVER (
        PARTITION BY e.identity_id ORDER BY e.entered_at DESC, e.cycle DESC, e.campaign DESC) AS latest
      FROM enrolment e) AS l
    JOIN person p ON p.identity_id = l.identity_id
    WHERE l.latest = 1 AND p.identity_id > 0 AND p.merged_into IS NULL AND p.deleted_at IS NULL
      AND EXISTS (SELECT 1 FROM touch s
      WHERE s.identity_id = p.identity_id AND s.state IN ('sent', 'delivered', 'bounced'))
    GROUP BY l.segment
    """
    return fetch(conn, sql)


def in_doubt(conn: Connection) -> list[dict[str, Any]]:
    """Touches whose outcome nobody knows."""
    sql = """
    SELECT ref, campaign, step, channel, counted_at, attempts FROM touch WHERE state = 'in_doubt'
    ORDER BY counted_at, ref
    """
    return fetch_dicts(conn, sql)
