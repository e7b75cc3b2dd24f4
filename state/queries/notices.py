"""Answers that are no marketing: written down before they are sent, each sent at most once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection

from state.queries.bulk import BulkInsert
from state.queries.common import execute, fetch, fetch_dicts, many

_PUT = BulkInsert(
    "notice",
    ("identity_id", "id", "key", "ref", "kind", "channel", "address", "state", "created_at", "not_after"),
)

_OPEN = "state IN ('queued', 'dispatching')"


def put(conn: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """New notices: (identity_id, id, key, ref, kind, channel, address, state, created_at, not_after). One whose key is
    there is left out."""
    _PUT(conn, rows)


def unfinished(conn: Connection) -> list[dict[str, Any]]:
    """Notices that wait, or whose receipt has no outcome; the oldest first."""
    sql = f"SELECT * FROM notice WHERE {_OPEN} ORDER BY created_at, id LIMIT 200"
    return fetch_dicts(conn, sql)


def take(conn: Connection, ref: str, worker: str) -> bool:
    """The receipt of one that waits; False when somebody else has it."""
    sql = "UPDATE notice SET state = 'dispatching', worker = :worker WHERE ref = :ref AND state = 'queued'"
    return execute(conn, sql, {"ref": ref, "worker": worker}).rowcount == 1


def expire(conn: Connection, ref: str, now: int) -> bool:
    """It would come too late now. False when somebody is sending it, or it is settled."""
    sql = """
    UPDATE notice SET state = 'expired', reason = 'it would have come too late', finished_at = :now
    WHERE ref = :ref AND state = 'queued'
    """
    return execute(conn, sql, {"ref": ref, "now": now}).rowcount == 1


def settle(
    conn: Connection, ref: str, state: str, reason: str | None, provider_id: str | None, now: int
) -> None:
    """What became of one that is not settled yet; back in the queue where it certainly was not sent."""
    sql = f"""
    UPDATE notice SET state = :state, reason = :reason, provider_id = :provider_id,
           finished_at = CASE WHEN CAST(:state AS TEXT) = 'queued' THEN NULL ELSE :now END
    WHERE ref = :ref AND {_OPEN}
    """
    values = {"ref": ref, "state": state, "reason": reason, "provider_id": provider_id, "now": now}
    execute(conn, sql, values)


def told(conn: Connection, refs: Collection[str]) -> set[str]:
    """Those of the refs that are notices'."""
    return {
        row[0] for row in fetch(conn, "SELECT ref FROM notice WHERE ref IN :names", names=many(conn, refs))
    }


def confirm(conn: Connection, refs: Collection[str]) -> None:
    """The provider has these, whatever was known of them."""
    sql = """
    UPDATE notice SET state = 'sent', reason = NULL
    WHERE ref IN :names AND state IN ('dispatching', 'in_doubt')
    """
    execute(conn, sql, {"names": many(conn, refs)})


def in_doubt(conn: Connection) -> int:
    """How many may or may not have left."""
    return int(fetch(conn, "SELECT count(*) FROM notice WHERE state = 'in_doubt'")[0][0])
