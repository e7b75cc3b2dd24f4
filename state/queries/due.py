"""Who is due: claims that cost what is due, never what is asleep."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection

from state.queries.common import execute, fetch, fetch_dicts, many

# Each running campaign's front: one look into the index a campaign, whatever waits in those that do not run.
_FRONTS = """
SELECT name, front FROM (
  SELECT name, (SELECT min(e.due_at) FROM enrolment e WHERE e.campaign = name AND e.due_at IS NOT NULL) AS front
  FROM {each_campaign}) AS fronts
WHERE front <= :now ORDER BY front, name
"""

# The next keys of one campaign, straight out of the index; a window is made of one such arm a campaign.
_ARM = """
SELECT identity_id, due_at FROM (
  SELECT identity_id, due_at FROM enrolment
  WHERE campaign = :c{n} AND due_at IS NOT NULL AND due_at <= :now AND (due_at, identity_id) > (:due_at, :identity_id)
  ORDER BY due_at, identity_id LIMIT :size) AS arm{n}
"""

_LOCK = "SELECT identity_id FROM person WHERE identity_id IN :ids ORDER BY identity_id FOR UPDATE SKIP LOCKED"

#: campaigns a claim looks at, the longest overdue first; SQLite takes at most 500 arms
_ARMS = 100

#: before and beyond every moment
_NEVER, _FOREVER = -(1 << 63), (1 << 63) - 1

_DUE = """
SELECT identity_id, campaign, cycle, version, exclusivity_group, segment, cohort, track, state, step,
       entered_at, shift, due_at, resume_at, trigger_event_id, reason
FROM enrolment
WHERE identity_id IN :ids AND due_at IS NOT NULL AND due_at <= :now AND campaign IN :campaigns
"""


def claim(conn: Connection, now: int, campaigns: Collection[str], size: int) -> list[int]:
    """Identities with something due, the longest overdue first, their person rows locked until the transaction ends.

    On PostgreSQL rows another worker holds are passed over; SQLite has one writer anyway.
    """
    fronts = fetch(conn, _FRONTS, now=now, campaigns=many(conn, campaigns))[:_ARMS]
    names = [row[0] for row in fronts]
    at = (_NEVER, 0)
    while names:
        window = _window(conn, now, names, size, at)
        if not window:
            break
        ids = _locked(conn, dict.fromkeys(row[0] for row in window))
        if ids:
            return ids
        at = (window[-1][1], window[-1][0])  # others have all of these
    return []


def _window(
    conn: Connection, now: int, campaigns: Sequence[str], size: int, after: tuple[int, int]
) -> Sequence[Any]:
    """The next (identity, moment) of these campaigns beyond (moment, identity), in that order."""
    arms = " UNION ALL ".join(_ARM.replace("{n}", str(n)) for n in range(len(campaigns)))
    names = {f"c{n}": campaign for n, campaign in enumerate(campaigns)}
    sql = f"{arms} ORDER BY due_at, identity_id LIMIT :size"
    return fetch(conn, sql, now=now, size=size, due_at=after[0], identity_id=after[1], **names)


def _locked(conn: Connection, ids: Iterable[int]) -> list[int]:
    """Those of the identities whose rows could be locked, in the order given."""
    if conn.dialect.name != "postgresql":
        return list(ids)
    wanted = list(ids)
    ours = {row[0] for row in fetch(conn, _LOCK, ids=many(conn, wanted))}
    return [i for i in wanted if i in ours]


def due_enrolments(
    conn: Connection, ids: Iterable[int], now: int, campaigns: Collection[str]
) -> list[dict[str, Any]]:
    """Every due enrolment of the claimed identities, read after the lock was had."""
    return fetch_dicts(conn, _DUE, ids=many(conn, ids), now=now, campaigns=many(conn, campaigns))


def anything(conn: Connection, now: int, campaigns: Collection[str]) -> bool:
    """Is anything of these campaigns due or queued for now, or anything at all waiting for its outcome? A look at
    the front of an index each."""
    sql = """
    SELECT EXISTS (SELECT 1 FROM {each_campaign} WHERE :now >=
                     (SELECT min(e.due_at) FROM enrolment e WHERE e.campaign = name AND e.due_at IS NOT NULL))
        OR EXISTS (SELECT 1 FROM touch WHERE state = 'queued' AND not_before <= :now AND campaign IN :campaigns)
        OR EXISTS (SELECT 1 FROM touch WHERE state IN ('dispatching', 'in_doubt'))
    """
    return bool(fetch(conn, sql, now=now, campaigns=many(conn, campaigns))[0][0])


def next_moment(conn: Connection, campaigns: Collection[str]) -> int | None:
    """The next instant at which anything is due or may leave, or None."""
    due = fetch(conn, _FRONTS, now=_FOREVER, campaigns=many(conn, campaigns))
    queued = fetch(
        conn,
        "SELECT min(not_before) FROM touch WHERE state = 'queued' AND campaign IN :campaigns",
        campaigns=many(conn, campaigns),
    )[0][0]
    return min((m for m in (due[0][1] if due else None, queued) if m is not None), default=None)


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


def shift_timeline(conn: Connection, campaign: str, since: int, now: int) -> int:
    """Give back to a campaign's rounds the time from ``since`` to ``now``; who entered meanwhile, the time from
    there. What an event had called for is looked at now, and is not as late as all that. Returns enrolments."""
    by = "(:now - CASE WHEN entered_at > :since THEN entered_at ELSE :since END)"
    sql = f"""
    UPDATE enrolment SET shift = shift + {by}, resume_at = resume_at + {by}, due_at = CASE
        WHEN due_at IS NULL THEN NULL
        WHEN due_at = resume_at OR resume_at + {by} < :now THEN resume_at + {by}
        ELSE :now END
    WHERE campaign = :campaign AND state <> 'ended' AND entered_at < :now
    """
    moved = execute(conn, sql, {"since": since, "now": now, "campaign": campaign}).rowcount
    sql = """
    UPDATE touch SET not_before = not_before + :by, expires_at = expires_at + :by
    WHERE campaign = :campaign AND state IN ('queued', 'held')
    """
    execute(conn, sql, {"by": now - since, "campaign": campaign})
    return moved
