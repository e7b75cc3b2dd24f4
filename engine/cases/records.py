"""What the engine wrote down about a case, read once: its rounds, its decisions and its touches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection

from state.queries import cases


class Decided(NamedTuple):
    """A line of the ledger. ``verdicts`` are those of the decision, as ``Verdict.as_data`` tells them."""

    campaign: str
    cycle: int
    step: str | None
    at: int
    action: str
    rule: str | None
    verdicts: Sequence[Mapping[str, Any]]

    @property
    def because(self) -> str:
        """What the last verdict says, the one that settled it."""
        return str(self.verdicts[-1].get("because", "")) if self.verdicts else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Rounds in the order entered, decisions oldest first; rows of rounds and touches as the store has them.

    ``exit_tasks``: (campaign, cycle) -> kind of the task that the end of the round left to somebody.
    """

    rounds: Sequence[Mapping[str, Any]]
    decisions: Sequence[Decided]
    touches: Sequence[Mapping[str, Any]]
    exit_tasks: Mapping[tuple[str, int], str]


def read_records(conn: Connection) -> Records:
    """Everything on record about the one person in the store."""
    return Records(
        rounds=cases.rounds(conn),
        decisions=[
            Decided(campaign, cycle, step, at, action, rule, orjson.loads(reasons))
            for campaign, cycle, step, at, action, rule, reasons in cases.decisions(conn)
        ],
        touches=cases.touches(conn),
        exit_tasks={(campaign, cycle): kind for campaign, cycle, kind in cases.exit_tasks(conn)},
    )
