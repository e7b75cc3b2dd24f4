"""Ending enrolments from outside the machine (a merge, an erasure), with the same books kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from engine.flow import EnrolmentState, Reason
from engine.verdict import Says, Verdict, to_json
from state.queries import record

_WITHDRAWN = Reason.WITHDRAWN.value


def end_rounds(conn: Connection, rounds: Sequence[dict[str, Any]], because: str, now: int) -> None:
    """End live enrolments as withdrawn, cancel what they had waiting to leave, and enter both in the ledger.

    A round is identity_id, campaign, cycle, version and step.
    """
    if not rounds:
        return
    reasons = to_json([Verdict(_WITHDRAWN, Says.EXIT, because)])
    cancels = [{**_key(r), "reason": _WITHDRAWN, "now": now, "reasons": reasons} for r in rounds]
    record.cancel_open(conn, cancels)
    record.move_enrolments(conn, [_ended(r, now) for r in rounds])
    record.put_ledger(conn, [_entry(r, reasons, now) for r in rounds])


def _key(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("identity_id", "campaign", "cycle")}


def _ended(row: dict[str, Any], now: int) -> dict[str, Any]:
    return {
        **_key(row),
        "state": EnrolmentState.ENDED.value,
        "reason": _WITHDRAWN,
        "step": row["step"],
        "resume_at": None,
        "ended_at": now,
        "shift": None,
    }


def _entry(row: dict[str, Any], reasons: str, now: int) -> dict[str, Any]:
    return {
        **_key(row),
        "at": now,
        "step": row["step"],
        "action": "end",
        "rule": _WITHDRAWN,
        "version": row["version"],
        "reasons": reasons,
    }
