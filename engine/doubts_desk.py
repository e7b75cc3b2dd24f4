"""Doubts that no channel can settle: a person looks, and says whether the message has left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import Connection

from engine.clock import iso
from engine.errors import UnknownName
from engine.flow import TouchState
from state.queries import doubts as queries
from state.queries import outbox, record

if TYPE_CHECKING:
    from engine.app import App


def listed(app: App, *, limit: int) -> dict[str, Any]:
    """Touches in doubt, the oldest first, with the address each was for. ``more``: there are others beyond
    ``limit``."""
    with app.store.read() as conn:
        rows = queries.listed(conn, limit + 1)
    return {
        "format_version": 1,
        "now": iso(app.clock.now()),
        "doubts": [_shown(row) for row in rows[:limit]],
        "more": len(rows) > limit,
    }


def settle(app: App, ref: str, *, sent: bool, by: str, comment: str | None = None) -> dict[str, Any]:
    """Take a person's word for what became of a touch in doubt, by its ref or an unambiguous beginning of it.

    Sent: it stands as sent, and counts from when it left. Not sent: it has failed, counts for nothing and is not
    sent again. Returns the touch. Raises UnknownName where no doubt, or more than one, goes by that ref.
    """
    now = app.clock.now()
    with app.store.begin() as conn:
        found = _one(conn, ref)
        outbox.lock_people(conn, [found["identity_id"]])
        found = _one(conn, found["ref"])  # under the lock: a look-up may have settled it, a merge moved it
        state = TouchState.SENT if sent else TouchState.FAILED
        outcome = {"state": state.value, "reason": None if sent else "not_sent", "provider_id": None,
                   "not_before": now, "counted_at": found["counted_at"] if sent else None,
                   "finished_at": now, "failures": found["failures"]}  # fmt: skip
        outbox.settle(conn, [{"ref": found["ref"], "attempts": found["attempts"], **outcome}])
        if sent and found["counted_at"] is not None:
            queries.put_reached(conn, found["identity_id"], found["channel"], found["counted_at"])
        record.put_ledger(conn, [_ledger(found, sent, by, comment, now)])
    return {**_shown(found), **{k: outcome[k] for k in ("state", "reason")}}


def _one(conn: Connection, ref: str) -> dict[str, Any]:
    rows = queries.beginning(conn, ref)
    if len(rows) != 1:
        what = f"{len(rows)} doubts begin" if rows else "no doubt begins"
        raise UnknownName(f"{what} with '{ref}'", hint="'rekindle doubts list' shows what is in doubt")
    return rows[0]


def _ledger(row: dict[str, Any], sent: bool, by: str, comment: str | None, now: int) -> dict[str, Any]:
    """Who said so, and why."""
    told = {"channel": row["channel"], "ref": row["ref"], "attempt": row["attempts"], "settled_by": by,
            "because": comment or f"{by} found that it was {'sent' if sent else 'not sent'}"}  # fmt: skip
    return {
        **{k: row[k] for k in ("identity_id", "campaign", "cycle", "step", "version")},
        "at": now,
        "action": "sent" if sent else "failed",
        "rule": None if sent else "not_sent",
        "reasons": orjson.dumps([told]).decode(),
    }


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    kept = {k: v for k, v in row.items() if k not in ("payload", "counted_at", "version", "cycle", "failures")}
    to = (
        orjson.loads(row["payload"]).get("to") if row["payload"] else None
    )  # gone where the person was erased
    return {**kept, "to": to, "since": iso(row["counted_at"])}
