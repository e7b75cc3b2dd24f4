"""What came in from outside: on record once, and the touches and people it is about."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection

from state.queries.bulk import BulkInsert, BulkUpdate
from state.queries.common import fetch, fetch_dicts, many

COLUMNS = (
    "id", "source", "key", "kind", "channel", "ref", "provider_id", "identity_id", "at", "received_at", "machine",
    "state", "reason", "said", "raw",
)  # fmt: skip
_PUT = BulkInsert("received", COLUMNS)
_MOVE = BulkUpdate("touch", ("ref",), ("state", "reason", "provider_id", "counted_at", "finished_at"))

_TOUCHES = """
SELECT t.ref, t.identity_id, t.campaign, t.cycle, t.step, t.channel, t.state, t.attempts, t.counted_at, t.finished_at,
       t.not_before, t.provider_id, e.version
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


def put(conn: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Put on record what came in; what is there stays as it is. Rows are in the order of ``COLUMNS``."""
    _PUT(conn, rows)


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
