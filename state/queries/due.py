"""Who is due: claims that cost what is due, never what is asleep."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Connection

from state.queries.common import execute, fetch, fetch_dicts, many

_CLAIM = """
SELECT p.identity_id
FROM enrolment e JOIN person p ON p.identity_id = e.identity_id
WHERE e.due_at IS NOT NULL AND e.due_at <= :now AND e.campaign IN :campaigns
ORDER BY e.due_at, e.identity_id
LIMIT :size {lock_person}
"""

_DUE = """
SELECT identity_id, campaign, cycle, version, exclusivity_group, segment, cohort, track, state, step,
       entered_at, shift, due_at, resume_at, trigger_event_id, reason
FROM enrolment
WHERE identity_id IN :ids AND due_at IS NOT NULL AND due_at <= :now AND campaign IN :campaigns
"""


def claim(conn: Connection, now: int, campaigns: Collection[str], size: int) -> list[int]:
    """Identities with something due, their person rows locked until the transaction ends.

    On PostgreSQL rows another worker holds are passed over; SQLite has one writer anyway.
    """
    rows = fetch(conn, _CLAIM, now=now, campaigns=many(conn, campaigns), size=size)
    return list(dict.fromkeys(row[0] for row in rows))


def due_enrolments(
    conn: Connection, ids: Iterable[int], now: int, campaigns: Collection[str]
) -> list[dict[str, Any]]:
    """Every due enrolment of the claimed identities, read after the lock was had."""
    return fetch_dicts(conn, _DUE, ids=many(conn, ids), now=now, campaigns=many(conn, campaigns))


def anything(conn: Connection, now: int) -> bool:
    """Is anything due, queued for now, or waiting for its outcome? Three looks at the front of an index."""
    sql = """
    SELECT EXISTS (SELECT 1 FROM enrolment WHERE due_at IS NOT NULL AND due_at <= :now)
        OR EXISTS (SELECT 1 FROM touch WHERE state = 'queued' AND not_before <= :now)
        OR EXISTS (SELECT 1 FROM touch WHERE state IN ('dispatching', 'in_doubt'))
    """
    return bool(fetch(conn, sql, now=now)[0][0])


def next_moment(conn: Connection, campaigns: Collection[str]) -> int | None:
    """The next instant at which anything is due or may leave, or None."""
    due = fetch(
        conn,
        "SELECT min(due_at) FROM enrolment WHERE due_at IS NOT NULL AND campaign IN :campaigns",
        campaigns=many(conn, campaigns),
    )[0][0]
    queued = fetch(
        conn,
        "SELECT min(not_before) FROM touch WHERE state = 'queued' AND campaign IN :campaigns",
        campaigns=many(conn, campaigns),
    )[0][0]
    moments = [m for m in (due, queued) if m is not None]
    return min(moments) if moments else None


def overdue(conn: Connection, before: int, campaigns: Collection[str], limit: int) -> int:
    """How many enrolments should have been looked at before ``before``; counted up to ``limit``."""
    sql = """
    SELECT count(*) FROM (SELECT 1 FROM enrolment
      WHERE due_at IS NOT NULL AND due_at < :before AND campaign IN :campaigns LIMIT :limit) AS late
    """
    return int(fetch(conn, sql, before=before, campaigns=many(conn, campaigns), limit=limit)[0][0])


def asleep_or_due(conn: Connection) -> int:
    """How many enrolments have a next moment at all."""
    return int(fetch(conn, "SELECT count(*) FROM enrolment WHERE due_at IS NOT NULL")[0][0])


def nudge(conn: Connection, ids: Collection[int], now: int, campaigns: Collection[str]) -> None:
    """Look at these people's enrolments in these campaigns now; their timeline stays what it is."""
    sql = """
    UPDATE enrolment SET due_at = :now
    WHERE identity_id IN :ids AND campaign IN :campaigns AND state <> 'ended' AND (due_at IS NULL OR due_at > :now)
    """
    execute(conn, sql, {"ids": many(conn, ids), "campaigns": many(conn, campaigns), "now": now})


def shift_timeline(conn: Connection, campaign: str, seconds: int) -> int:
    """Move a campaign's whole timeline by ``seconds``: what a pause took is given back. Returns enrolments."""
    sql = """
    UPDATE enrolment SET shift = shift + :by, due_at = due_at + :by, resume_at = resume_at + :by
    WHERE campaign = :campaign AND state <> 'ended'
    """
    moved = execute(conn, sql, {"by": seconds, "campaign": campaign}).rowcount
    sql = """
    UPDATE touch SET not_before = not_before + :by, expires_at = expires_at + :by
    WHERE campaign = :campaign AND state IN ('queued', 'held')
    """
    execute(conn, sql, {"by": seconds, "campaign": campaign})
    return moved
