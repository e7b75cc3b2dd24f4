"""The ledger's rows: one a decision, with its reasons."""

from __future__ import annotations

from typing import Any

from engine.facts import EnrolmentFact


def ledger_row(
    enrolment: EnrolmentFact, now: int, step: str | None, action: str, rule: str | None, reasons: str
) -> dict[str, Any]:
    """A ledger row; its number is given when it is written. ``reasons`` is JSON."""
    return {
        "identity_id": enrolment.identity_id,
        "at": now,
        "campaign": enrolment.campaign,
        "cycle": enrolment.cycle,
        "step": step,
        "action": action,
        "rule": rule,
        "version": enrolment.version,
        "reasons": reasons,
    }
