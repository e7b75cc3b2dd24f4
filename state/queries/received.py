"""What came in from outside: on record once, and the touches and people it is about."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection

from state.queries.bulk import BulkInsert, BulkUpdate
from state.queries.common import execute, fetch, fetch_dicts, many

COLUMNS = (
    "id", "source", "key", "kind", "channel", "ref", "provider_id", "identity_id", "at", "received_at", "machine",
    "state", "reason", "said", "raw",
)  # fmt: skip
_PUT = BulkInsert("received", COLUMNS)
_MOVE = BulkUpdate("touch", ("ref",), ("state", "reason", "provider_id", "counted_at", "finished_at"))

_TOUCHES = """
SELECT t.ref, t.identity_id, t.campaign, t.cycle, t.step, t.channel, t.state, t.reason, t.attempts, t.counted_at,
       t.finished_at, t.not_before, t.provider_id, e.version
FROM touch t JOIN enrolment e
  ON e.identity_id = t.identity_id AND e.campaign = t.campaign AND e.cycle = t.cycle
WHERE t.ref IN :names
"""

_BY_PHONE = """
SELECT phone, identity_id FROM person WHERE phone IN :names
UNION SELECT phone, identity_id FROM contact WHERE phone IN :names
"""

_BY_EMAIL = """
SELECT email_key, identity_id FROM person WHERE email_key IN :names
UNION SELECT value, identity_id FROM identifier WHERE kind = 'email' AND value IN :names
"""


def known_keys(conn: Connection, source: str, keys: Collection[str]) -> set[str]:
    """Those of a source's keys that are on record."""
    sql = "SELECT key FROM received WHERE source = :source AND key IN :names"
    return {r[0] for r in fetch(conn, sql, source=source, names=many(conn, keys))}


def put(conn: Connection, rows: Sequence[tuple[Any, ...]]) -> int:
    """Put on record what came in; what is there stays as it is. Rows are in the order of ``COLUMNS``.

    Returns how many were new. It waits for whoever is putting the same on record this moment, in the order of the keys,
    so that nobody waits in a circle.
    """
    return _PUT(conn, sorted(rows, key=itemgetter(1, 2)))


def touches(conn: Connection, refs: Collection[str]) -> dict[str, dict[str, Any]]:
    """The touches of these refs, each with the version of its round."""
    if not refs:
        return {}
    return {row["ref"]: row for row in fetch_dicts(conn, _TOUCHES, names=many(conn, refs))}


def move_touches(conn: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """(ref, state, reason, provider_id, counted_at, finished_at) of touches; their people are locked."""
    _MOVE(conn, rows)


def by_address(conn: Connection, channel: str, keys: Collection[str]) -> dict[str, set[int]]:
    """Who goes by each of these addresses, in any source: e-mail keys, or E.164 for channels that write to a phone.
    Some may have been merged or erased."""
    if not keys:
        return {}
    found: dict[str, set[int]] = {}
    sql = _BY_EMAIL if channel == "email" else _BY_PHONE
    for key, identity in fetch(conn, sql, names=many(conn, keys)):
        found.setdefault(key, set()).add(identity)
    return found


def lift(
    conn: Connection, ids: Collection[int], addresses: Collection[str], channel: str, source: str, before: int
) -> None:
    """Take back the opt-outs of these people and addresses from one channel, as far as they were said by ``source``
    and for the last time before that moment. The people are locked."""
    no = {"channel": channel, "source": source, "before": before}
    sql = """
    DELETE FROM suppression
    WHERE identity_id IN :ids AND channel = :channel AND reason = 'opt_out' AND source = :source AND at < :before
    """
    execute(conn, sql, {"ids": many(conn, ids), **no})
    sql = """
    DELETE FROM address_suppression
    WHERE address IN :names AND channel = :channel AND reason = 'opt_out' AND source = :source AND at < :before
    """
    execute(conn, sql, {"names": many(conn, addresses), **no})


_CLOSE = BulkUpdate("received", ("id",), ("identity_id", "machine", "state", "reason", "said"))
_OPEN_ROW = (
    "SELECT id, source, channel, ref, identity_id, received_at, said, raw FROM received WHERE state = 'open'"
)


def due_watched(conn: Connection, reason: str, before: int, limit: int) -> list[int]:
    """Identities with something open for that reason since ``before``."""
    sql = """
    SELECT DISTINCT identity_id FROM (
      SELECT identity_id FROM received
      WHERE state = 'open' AND reason = :reason AND received_at <= :before ORDER BY received_at LIMIT :limit) AS due
    WHERE identity_id IS NOT NULL
    """
    return [row[0] for row in fetch(conn, sql, reason=reason, before=before, limit=limit)]


def open_of(conn: Connection, ids: Collection[int], reason: str) -> list[dict[str, Any]]:
    """All that is open of these people for that reason."""
    sql = f"{_OPEN_ROW} AND identity_id IN :ids AND reason = :reason ORDER BY id"
    return fetch_dicts(conn, sql, ids=many(conn, ids), reason=reason)


def unplaced(conn: Connection, other: str, after: int, limit: int) -> list[dict[str, Any]]:
    """What is open for any ``other`` reason than that one, beyond the row ``after``."""
    sql = f"{_OPEN_ROW} AND reason <> :other AND id > :after ORDER BY id LIMIT :limit"
    return fetch_dicts(conn, sql, other=other, after=after, limit=limit)


def still_open(conn: Connection, numbers: Collection[int]) -> list[dict[str, Any]]:
    """Those of the rows that are open and can be read, nobody else having them now."""
    sql = f"{_OPEN_ROW} AND said IS NOT NULL AND id IN :ids ORDER BY id {{lock_rows}}"
    return fetch_dicts(conn, sql, ids=many(conn, numbers))


def close(conn: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """(id, identity_id, machine, state, reason, said) of rows that are open no more."""
    _CLOSE(conn, rows)


def give_up(conn: Connection, numbers: Collection[int], before: int) -> None:
    """Let be what is open still and came in before that moment."""
    sql = """
    UPDATE received SET state = 'ignored', said = NULL
    WHERE id IN :ids AND state = 'open' AND received_at < :before
    """
    execute(conn, sql, {"ids": many(conn, numbers), "before": before})


def delivered_at(conn: Connection, refs: Collection[str]) -> dict[str, int]:
    """When the messages of these refs were delivered, as far as that is told."""
    sql = """
    SELECT r.ref, min(r.at) FROM received r JOIN touch t ON t.ref = r.ref AND r.identity_id = t.identity_id
    WHERE t.ref IN :names AND r.kind = 'delivered' AND r.at IS NOT NULL GROUP BY r.ref
    """
    return {row[0]: row[1] for row in fetch(conn, sql, names=many(conn, refs))}


def close_told(conn: Connection, source: str, key: str) -> None:
    """An event for everyone has been told to everyone."""
    sql = """
    UPDATE received SET state = 'applied', reason = NULL, said = NULL WHERE source = :source AND key = :key
    """
    execute(conn, sql, {"source": source, "key": key})


def listed(
    conn: Connection, *, state: str | None, source: str | None, identity: int | None, limit: int
) -> list[dict[str, Any]]:
    """What came in, the newest first; None does not narrow."""
    sql = """
    SELECT r.id, r.source, r.key, r.kind, r.channel, r.ref, r.identity_id, r.at, r.received_at, r.machine, r.state,
           r.reason, t.campaign, t.step
    FROM received r LEFT JOIN touch t ON t.ref = r.ref
    WHERE (CAST(:state AS TEXT) IS NULL OR r.state = :state) AND (CAST(:source AS TEXT) IS NULL OR r.source = :source)
      AND (CAST(:identity AS BIGINT) IS NULL OR r.identity_id = :identity)
    ORDER BY r.id DESC LIMIT :limit
    """
    return fetch_dicts(conn, sql, state=state, source=source, identity=identity, limit=limit)


def shown(conn: Connection, number: int) -> dict[str, Any] | None:
    """One of them, whole, with the touch it is about; None where there is none of that number."""
    sql = """
    SELECT r.*, t.campaign, t.step, t.state AS touch_state
    FROM received r LEFT JOIN touch t ON t.ref = r.ref WHERE r.id = :number
    """
    return next(iter(fetch_dicts(conn, sql, number=number)), None)


def count_open(conn: Connection, watched: str) -> int:
    """How many wait for their touch or person."""
    sql = "SELECT count(*) FROM received WHERE state = 'open' AND reason <> :watched"
    return int(fetch(conn, sql, watched=watched)[0][0])


def last_at(conn: Connection) -> int | None:
    """When something came in last."""
    rows = fetch(conn, "SELECT received_at FROM received ORDER BY id DESC LIMIT 1")
    return rows[0][0] if rows else None
