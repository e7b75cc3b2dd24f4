"""Dead letters: messages that were given up, for a person to look at, to have tried again, or to drop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import Connection

from engine.claim import clearance_of
from engine.clock import iso
from engine.errors import RekindleError, UnknownName
from engine.flow import TouchMove, TouchState, move_touch
from engine.gather import enrolment_fact, gather
from engine.verdict import Verdict
from state.queries import dead, outbox, record

if TYPE_CHECKING:
    from engine.app import App


class NotRevived(RekindleError):
    """A gate refuses the message: trying it again would change nothing."""

    hint = "'rekindle dead drop' takes it off the list"


def listed(app: App, *, limit: int, refused: bool) -> dict[str, Any]:
    """Dead letters, the latest first. ``refused``: what a provider refused for good, or was found not to have left,
    too. ``more``: there are others beyond ``limit``."""
    with app.store.read() as conn:
        rows = dead.listed(conn, limit + 1, refused=refused)
    return {
        "format_version": 1,
        "now": iso(app.clock.now()),
        "dead_letters": [_shown(row) for row in rows[:limit]],
        "more": len(rows) > limit,
    }


def shown(app: App, ref: str) -> dict[str, Any]:
    """One dead letter, by its ref or an unambiguous beginning: what was tried, and what the provider said. Raises
    UnknownName."""
    with app.store.read() as conn:
        row = _one(conn, ref)
        tried = dead.tried(conn, row)
    history = [
        {
            "at": iso(each["at"]),
            "action": each["action"],
            "rule": each["rule"],
            "because": _because(each["reasons"]),
        }
        for each in tried
    ]
    return {"format_version": 1, **_shown(row), "expires_at": iso(row["expires_at"]), "history": history}


def retry(app: App, ref: str, *, by: str) -> dict[str, Any]:
    """Have it tried again. Every gate is asked now, and once more when it leaves.

    Raises UnknownName, and NotRevived where a gate refuses it: too late, no consent any more, a full cap.
    """
    now = app.clock.now()
    with app.store.begin() as conn:
        found = _locked(conn, ref)
        identity = found["identity_id"]
        [row] = outbox.of_refs(conn, [found["ref"]], TouchState.FAILED.value)
        scope = app.scope(conn, {(row["campaign"], row["version"])})
        facts = gather(conn, scope, {identity}, now)[identity]
        enrolment = enrolment_fact({**row, "step": row["next_step"]}, facts, {})
        clearance = clearance_of(app, conn, row, enrolment, facts, now)
        last = clearance.verdicts[-1]
        if clearance.move is TouchMove.CANCEL or row["payload"] is None:
            raise NotRevived(f"{found['ref'][:8]} is not tried again: {_said(last)}")
        move_touch(TouchState.FAILED, TouchMove.REVIVE)
        not_before = clearance.not_before or now
        dead.revive(conn, [{**_key(row), "not_before": not_before}])
        told = f"{by} has it tried again"
        record.put_ledger(conn, [_ledger(row, now, "retry", "revived", by, told)])
    return {**_shown(found), "state": TouchState.QUEUED.value, "not_before": iso(not_before)}


def drop(app: App, ref: str, *, by: str, comment: str | None = None) -> dict[str, Any]:
    """Take it off the list: it is not sent. Raises UnknownName."""
    now = app.clock.now()
    with app.store.begin() as conn:
        found = _locked(conn, ref)
        [row] = outbox.of_refs(conn, [found["ref"]], TouchState.FAILED.value)
        move_touch(TouchState.FAILED, TouchMove.CANCEL)
        dead.drop(conn, [{**_key(row), "now": now}])
        told = comment or f"{by} dropped it"
        record.put_ledger(conn, [_ledger(row, now, "cancel", "dropped", by, told)])
    return {**_shown(found), "state": TouchState.CANCELLED.value}


def _locked(conn: Connection, ref: str) -> dict[str, Any]:
    found = _one(conn, ref)
    outbox.lock_people(conn, [found["identity_id"]])
    return _one(
        conn, found["ref"]
    )  # under the lock: somebody may have been quicker, a merge may have moved it


def _one(conn: Connection, ref: str) -> dict[str, Any]:
    rows = dead.beginning(conn, ref)
    if len(rows) != 1:
        what = f"{len(rows)} dead letters begin" if rows else "no dead letter begins"
        raise UnknownName(f"{what} with '{ref}'", hint="'rekindle dead list --all' shows them")
    return rows[0]


def _said(verdict: Verdict) -> str:
    return f"{verdict.rule}: {verdict.because}"


def _because(reasons: str) -> str:
    """What the last line of the ledger says, in one line."""
    last = (orjson.loads(reasons) or [{}])[0] if isinstance(reasons, str) else (reasons or [{}])[0]
    return str(last.get("because", ""))


def _key(row: dict[str, Any]) -> dict[str, Any]:
    return {key: row[key] for key in ("identity_id", "campaign", "cycle", "step")}


def _ledger(row: dict[str, Any], now: int, action: str, rule: str, by: str, because: str) -> dict[str, Any]:
    told = {
        "channel": row["channel"],
        "ref": row["ref"],
        "attempt": row["attempts"],
        "by": by,
        "because": because,
    }
    return {
        **_key(row),
        "version": row["version"],
        "at": now,
        "action": action,
        "rule": rule,
        "reasons": orjson.dumps([told]).decode(),
    }


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    kept = (
        "ref",
        "identity_id",
        "campaign",
        "step",
        "channel",
        "reason",
        "failures",
        "first_name",
        "last_name",
    )
    to = (
        orjson.loads(row["payload"]).get("to") if row["payload"] else None
    )  # gone where the person was erased
    return {**{key: row[key] for key in kept}, "to": to, "since": iso(row["finished_at"])}
