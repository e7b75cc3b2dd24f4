"""The story of one person, read from the store: what was sent, skipped and held, and how each round ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from channels.base import Message
from engine.cases.records import Decided, Records
from engine.flow import Reason, TouchState
from engine.model import Campaign


class Kind(StrEnum):
    """What a line of a story tells."""

    SEND = "send"
    SKIP = "skip"
    HOLD = "hold"
    EXIT = "exit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that happened. ``at``: seconds after entry."""

    at: int
    kind: Kind
    campaign: str
    step: str | None = None
    channel: str | None = None  # of a send
    reason: str | None = None  # of anything else: the rule, and in words
    because: str = ""
    subject: str = ""
    text: str = ""
    offer: str | None = None
    variant: str | None = None
    template: str | None = None
    task: str | None = None  # of an exit: the kind of work it left to somebody


#: what left
SENT = frozenset({TouchState.SENT, TouchState.DELIVERED, TouchState.BOUNCED})
#: what never left
_NOT_SENT = frozenset({TouchState.SKIPPED, TouchState.CANCELLED, TouchState.FAILED})

#: (moment, round, ends last within its round, position of the step): the order in which things happened
_Place = tuple[int, int, bool, int]


def read_story(records: Records, campaigns: Sequence[Campaign], entered_at: int) -> list[Line]:
    """Every line in order of time. ``campaigns``: the one under test, then those it may start."""
    rank = {c.id: n for n, c in enumerate(campaigns)}
    rounds = sorted(
        records.rounds, key=lambda r: (r["entered_at"], rank.get(r["campaign"], len(rank)), r["cycle"])
    )
    number = {(r["campaign"], r["cycle"]): n for n, r in enumerate(rounds)}
    position = {
        (c.id, step.id): n
        for c in campaigns
        for n, step in enumerate(s for track in (c.main, *c.triggers) for s in track.steps)
    }

    def place(line: Line, cycle: int) -> _Place:
        last = line.kind is Kind.EXIT
        return line.at, number[line.campaign, cycle], last, position.get((line.campaign, line.step or ""), 0)

    reasons = _reasons(records.decisions)
    lines = [
        *_touches(records.touches, reasons, entered_at),
        *_holds(records.decisions, entered_at),
        *_exits(records, reasons, entered_at),
    ]
    return [line for line, cycle in sorted(lines, key=lambda pair: place(*pair))]


#: what the ledger calls a decision that sent nothing, for good
_REFUSALS = frozenset({"skip", "cancel", "failed", "end"})

#: (campaign, cycle, step, or None for the round's end) -> why, in words
_Reasons = Mapping[tuple[str, int, str | None], str]


def _reasons(decisions: Sequence[Decided]) -> _Reasons:
    return {
        (d.campaign, d.cycle, None if d.action == "end" else d.step): d.because
        for d in decisions
        if d.action in _REFUSALS
    }


def _touches(
    rows: Sequence[Mapping[str, Any]], reasons: _Reasons, entered_at: int
) -> Iterator[tuple[Line, int]]:
    for row in rows:
        if row["state"] in SENT:
            yield _send(row, entered_at), row["cycle"]
        elif row["state"] in _NOT_SENT and not _ended_with_its_round(row):
            because = reasons.get((row["campaign"], row["cycle"], row["step"]), "")
            skip = Line(
                at=row["finished_at"] - entered_at,
                kind=Kind.SKIP,
                campaign=row["campaign"],
                step=row["step"],
                reason=row["reason"],
                because=because,
            )
            yield skip, row["cycle"]


def _ended_with_its_round(row: Mapping[str, Any]) -> bool:
    """Cancelled because the round ended, which the exit alone tells; a step may be skipped for such a reason."""
    return row["state"] == TouchState.CANCELLED and row["reason"] in frozenset(Reason)


def _send(row: Mapping[str, Any], entered_at: int) -> Line:
    message = Message.from_json(row["payload"])
    return Line(
        at=row["counted_at"] - entered_at,
        kind=Kind.SEND,
        campaign=row["campaign"],
        step=row["step"],
        channel=row["channel"],
        subject=message.subject,
        text=message.text,
        offer=row["offer"],
        variant=row["variant"],
        template=row["template"],
    )


def _holds(decisions: Sequence[Decided], entered_at: int) -> Iterator[tuple[Line, int]]:
    for decided in decisions:
        if decided.action == "hold":
            hold = Line(
                at=decided.at - entered_at,
                kind=Kind.HOLD,
                campaign=decided.campaign,
                step=decided.step,
                reason=decided.rule,
                because=decided.because,
            )
            yield hold, decided.cycle


def _exits(records: Records, reasons: _Reasons, entered_at: int) -> Iterator[tuple[Line, int]]:
    for row in records.rounds:
        if row["ended_at"] is not None:
            round_ = (row["campaign"], row["cycle"])
            exit_ = Line(
                at=row["ended_at"] - entered_at,
                kind=Kind.EXIT,
                campaign=row["campaign"],
                reason=row["reason"],
                because=reasons.get((*round_, None), ""),
                task=records.exit_tasks.get(round_),
            )
            yield exit_, row["cycle"]
