"""Ending enrolments from outside the machine (a merge, an erasure), with the same books kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from engine.flow import EnrolmentState, Reason
from engine.verdict import Says, Verdict, to_json
from state.queries import merging, record

_WITHDRAWN = Reason.WITHDRAWN.value


def end_rounds(conn: Connection, rounds: Sequence[dict[str, Any]], because: str, now: int) -> None:
    """End live enrolments as withdrawn, cancel what they had waiting to leave, and enter both in the ledger.

    A round is identity_id, campaign, cycle, version and step.
    """
    if not rounds:
        return
    waiting = merging.open_touches(conn, rounds)
    versions = {_round(r): r["version"] for r in rounds}
    record.cancel_open(conn, [{**_key(r), "reason": _WITHDRAWN, "now": now} for r in rounds])
    record.move_enrolments(conn, [_ended(r, now) for r in rounds])
    reasons = to_json([Verdict(_WITHDRAWN, Says.EXIT, because)])
    touched = [_entry({**t, "version": versions[_round(t)]}, "cancel", reasons, now) for t in waiting]
    record.put_ledger(conn, touched + [_entry(r, "end", reasons, now) for r in rounds])


def _round(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["identity_id"], row["campaign"], row["cycle"]


def _key(row: dict[str, Any]) -> dict[str, Any]:
    return dict(zip(("identity_id", "campaign", "cycle"), _round(row), strict=True))


def _ended(row: dict[str, Any], now: int) -> dict[str, Any]:
    return {
        **_key(row),
        "state": EnrolmentState.ENDED.value,
        "reason": _WITHDRAWN,
        "step": row["step"],
        "resume_at": None,
        "ended_at": now,
    }


def _entry(row: dict[str, Any], action: str, reasons: str, now: int) -> dict[str, Any]:
    return {
        **_key(row),
        "at": now,
        "step": row["step"],
        "action": action,
        "rule": _WITHDRAWN,
        "version": row["version"],
        "reasons": reasons,
    }
