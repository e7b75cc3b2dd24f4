"""When somebody may be called: for whoever is about to dial, since no gate stands between them and the telephone."""

from __future__ import annotations

from typing import NamedTuple

from engine.gates.hours import open_on
from engine.model import BUILT_IN, DAY, Policy, Step, StepKind
from engine.places import Place

#: kinds of tasks in which somebody dials
CALLS = frozenset({"phone", "call_back"})
#: any call, whatever the campaign says of its own
_CALL = Step(id="call", kind=StepKind.SEND, at=0, source=BUILT_IN, channel="phone")
#: days that are looked at; a week has every weekday, and two have a holiday and a weekend
_AHEAD = 14


class Hours(NamedTuple):
    """The span [opens, closes) in epoch seconds in which a call is allowed now, or next."""

    opens: int
    closes: int


def calling_hours(policy: Policy, place: Place, now: int) -> Hours | None:
    """When a call is allowed by the project's hours and the law's, in every zone they may be in; None: never."""
    today = now // DAY
    spans = sorted(
        span for day in range(today - 1, today + _AHEAD) for span in open_on(policy, _CALL, place, day)
    )
    joined: list[list[int]] = []
    for opens, closes in spans:  # a day there is not a day here: what meets at midnight is one
        if joined and opens <= joined[-1][1]:
            joined[-1][1] = max(closes, joined[-1][1])
        else:
            joined.append([opens, closes])
    return next((Hours(opens, closes) for opens, closes in joined if closes > now), None)
