"""The outbox: claim, receipt, outcome. The receipt is committed before the send and guards against a second."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from state.queries.common import Row, execute, fetch, fetch_dicts, many, write

_KEY = "identity_id = :identity_id AND campaign = :campaign AND cycle = :cycle AND step = :step"

# The due keys come out of the index in its own order, and only they are joined to what is wide: a claim costs
# what it claims, however long the queue is. A message may be gone where its person was erased.
_WITH_ENROLMENT = """
SELECT t.identity_id, t.campaign, t.cycle, t.step, t.ref, t.channel, t.expires_at, t.attempts, t.failures,
       t.counted_at, m.payload,
       e.version, e.exclusivity_group, e.segment, e.cohort, e.track, e.state, e.step AS next_step, e.entered_at,
       e.shift, e.resume_at, e.trigger_event_id, e.reason
"""

_CLAIM = f"""{_WITH_ENROLMENT}FROM (
  SELECT identity_id, campaign, cycle, step, ref, channel, expires_at, attempts, failures, counted_at, not_before
  FROM touch
  WHERE state = 'queued' AND not_before <= :now AND campaign IN :campaigns AND channel = :channel
  ORDER BY not_before, identity_id LIMIT :size {{lock_rows}}
) AS t
JOIN person p ON p.identity_id = t.identity_id
LEFT JOIN message m
  ON m.identity_id = t.identity_id AND m.campaign = t.campaign AND m.cycle = t.cycle AND m.step = t.step
JOIN enrolment e ON e.identity_id = t.identity_id AND e.campaign = t.campaign AND e.cycle = t.cycle
ORDER BY t.not_before, t.identity_id {{lock_person}}
"""

_OF_REFS = f"""{_WITH_ENROLMENT}FROM touch t
LEFT JOIN message m
  ON m.identity_id = t.identity_id AND m.campaign = t.campaign AND m.cycle = t.cycle AND m.step = t.step
JOIN enrolment e ON e.identity_id = t.identity_id AND e.campaign = t.campaign AND e.cycle = t.cycle
WHERE t.ref IN :names AND t.state = :state ORDER BY t.identity_id, t.campaign, t.cycle, t.step
"""

_RECEIPT = f"""
UPDATE touch SET state = 'dispatching', worker = :worker, attempts = attempts + 1, counted_at = :now
WHERE {_KEY} AND state = 'queued'
"""

_SECOND_RECEIPT = """
UPDATE touch SET state = 'dispatching', worker = :worker, attempts = attempts + 1
WHERE ref = :ref AND state = 'in_doubt'
"""

_HOLD = f"""
UPDATE touch SET not_before = :not_before, reason = :reason, expires_at = expires_at + CAST(:longer AS BIGINT)
WHERE {_KEY} AND state = 'queued'
"""

_CANCEL = f"""
UPDATE touch SET state = 'cancelled', reason = :reason, finished_at = :now WHERE {_KEY} AND state = 'queued'
"""

_GIVE_UP = f"""
UPDATE touch SET state = 'failed', reason = 'gave_up', finished_at = :now WHERE {_KEY} AND state = 'queued'
"""

_SETTLE = """
UPDATE touch SET state = :state, reason = :reason, provider_id = :provider_id, not_before = :not_before,
       counted_at = :counted_at, finished_at = :finished_at, failures = :failures
WHERE ref = :ref AND state IN ('dispatching', 'in_doubt') AND attempts = :attempts
"""

_REFUSALS = """
SELECT identity_id AS who, channel FROM suppression WHERE identity_id IN :ids
UNION ALL SELECT identity_id, 'all' FROM person WHERE identity_id IN :ids AND deleted_at IS NOT NULL
UNION ALL SELECT identity_id, 'all' FROM preference WHERE identity_id IN :ids AND paused_until > :now
UNION ALL SELECT c.identity_id, c.channel FROM consent c
  WHERE c.identity_id IN :ids AND c.type = 'revoked' AND c.at <= :now AND NOT EXISTS (
    SELECT 1 FROM consent later WHERE later.identity_id = c.identity_id AND later.channel = c.channel
      AND later.at > c.at AND later.at <= :now)
"""

_REACHED = """
UPDATE person SET last_touch_at = :now, last_touch_channel = :channel
WHERE identity_id = :identity_id AND deleted_at IS NULL
"""


def channels_with_work(conn: Connection, now: int, campaigns: Collection[str]) -> list[str]:
    """Channels that have something to send now."""
    sql = "SELECT DISTINCT channel FROM touch WHERE state = 'queued' AND not_before <= :now AND campaign IN :campaigns"
    return sorted(r[0] for r in fetch(conn, sql, now=now, campaigns=many(conn, campaigns)))


def claim(
    conn: Connection, channel: str, now: int, campaigns: Collection[str], size: int
) -> list[dict[str, Any]]:
    """Queued touches of a channel that may leave, with message and enrolment; their people locked."""
    return fetch_dicts(conn, _CLAIM, channel=channel, now=now, campaigns=many(conn, campaigns), size=size)


def of_refs(conn: Connection, refs: Collection[str], state: str) -> list[dict[str, Any]]:
    """Touches in a state by their refs, as ``claim`` gives them; nobody is locked."""
    return fetch_dicts(conn, _OF_REFS, names=many(conn, refs), state=state)


def still_queued(conn: Connection, ids: Collection[int]) -> set[tuple[int, str, int, str]]:
    """Keys of these people's queued touches, read after the lock was had."""
    sql = (
        "SELECT identity_id, campaign, cycle, step FROM touch WHERE identity_id IN :ids AND state = 'queued'"
    )
    return {(r[0], r[1], r[2], r[3]) for r in fetch(conn, sql, ids=many(conn, ids))}


def put_receipts(conn: Connection, rows: Sequence[Row]) -> None:
    """Queued becomes dispatching, under this worker's name; from now on it counts at this moment."""
    write(conn, _RECEIPT, rows)


def put_second_receipts(conn: Connection, rows: Sequence[Row]) -> None:
    """In doubt becomes dispatching once more, and counts at the moment it has counted at."""
    write(conn, _SECOND_RECEIPT, rows)


def hold(conn: Connection, rows: Sequence[Row]) -> None:
    """Not now: look again at ``not_before``; it lives ``longer`` by so many seconds."""
    write(conn, _HOLD, rows)


def cancel(conn: Connection, rows: Sequence[Row]) -> None:
    """Overtaken before it left."""
    write(conn, _CANCEL, rows)


def give_up(conn: Connection, rows: Sequence[Row]) -> None:
    """Too late for another try of what the channel has put off."""
    write(conn, _GIVE_UP, rows)


def still_ours(conn: Connection, refs: Collection[str], worker: str) -> set[str]:
    """Those of the refs whose receipt this worker still holds."""
    sql = "SELECT ref FROM touch WHERE ref IN :names AND state = 'dispatching' AND worker = :worker"
    return {row[0] for row in fetch(conn, sql, names=many(conn, refs), worker=worker)}


def refusals(
    conn: Connection, ids: Collection[int], addresses: Collection[str], now: int
) -> set[tuple[int | str, str]]:
    """(identity or address, channel or ``all``) of everyone among these who is not to be written to. A suppression
    binds once it is on record, whatever the clock of whoever recorded it said."""
    found = {(row[0], row[1]) for row in fetch(conn, _REFUSALS, ids=many(conn, ids), now=now)}
    sql = "SELECT address, channel FROM address_suppression WHERE address IN :names"
    return found | {(row[0], row[1]) for row in fetch(conn, sql, names=many(conn, addresses))}


class Owner(NamedTuple):
    """Whose a touch is and in which round, how often it was tried and its channel has put it off, and whether it still
    waits for an outcome."""

    identity_id: int
    cycle: int
    attempts: int
    failures: int
    open: bool


def lock_owners(conn: Connection, refs: Collection[str]) -> dict[str, Owner]:
    """Ref -> owner of these touches, whoever that is by now: a merge may have moved them. The people are locked."""
    ids = fetch(conn, "SELECT DISTINCT identity_id FROM touch WHERE ref IN :names", names=many(conn, refs))
    lock_people(conn, [row[0] for row in ids])
    sql = """
    SELECT ref, identity_id, cycle, attempts, failures, state IN ('dispatching', 'in_doubt') FROM touch
    WHERE ref IN :names
    """
    found = fetch(conn, sql, names=many(conn, refs))
    return {row[0]: Owner(row[1], row[2], row[3], row[4], bool(row[5])) for row in found}


def settle(conn: Connection, rows: Sequence[Row]) -> None:
    """What became of touches that were dispatching or in doubt; of each the attempt that is told of, no other."""
    write(conn, _SETTLE, rows)


def put_last_touch(conn: Connection, rows: Sequence[Row]) -> None:
    """Remember on the person when and where they were last reached."""
    write(conn, _REACHED, rows)


def open_receipts(conn: Connection) -> list[dict[str, Any]]:
    """Touches that are dispatching or in doubt, with the worker that holds the receipt."""
    sql = """
    SELECT t.identity_id, t.campaign, t.cycle, t.step, t.ref, t.channel, t.state, t.worker, t.attempts, t.counted_at,
           t.expires_at, t.failures, e.version
    FROM touch t JOIN enrolment e
      ON e.identity_id = t.identity_id AND e.campaign = t.campaign AND e.cycle = t.cycle
    WHERE t.state IN ('dispatching', 'in_doubt') ORDER BY t.identity_id, t.campaign, t.cycle, t.step
    """
    return fetch_dicts(conn, sql)


def lock_people(conn: Connection, ids: Collection[int]) -> None:
    """Wait for and take the locks of these people, in one order, so that two never wait for each other."""
    if conn.dialect.name == "postgresql":
        sql = "SELECT identity_id FROM person WHERE identity_id IN :ids ORDER BY identity_id FOR UPDATE"
        execute(conn, sql, {"ids": many(conn, ids)})
