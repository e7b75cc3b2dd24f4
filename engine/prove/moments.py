"""Moments of entry that stand for all others: the edges of the hours in which steps may leave, seen from entry.

Between two edges nothing changes but by the minute: whoever enters at the one end and whoever enters at the other
show all that can happen to those between them.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from engine.gates.hours import open_on
from engine.model import DAY, Campaign, Project, Step
from engine.places import Place
from engine.schedule import clock_changes

#: a plain week from Monday 15:00 UTC on, far from any change of the clocks, and its year
WEEK_OF = int(datetime(2026, 5, 4, 15, tzinfo=UTC).timestamp())
YEAR = 2026
MINUTE = 60
WEEK = 7 * DAY

#: how long before a change of the clocks a planned moment can be put off beyond it (a long weekend), and after
_BEFORE, _AFTER = 4 * DAY, DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """What of a course depends on the hour: the steps that may leave, by what they wait for, and where."""

    steps: tuple[Step, ...]
    place: Place

    @property
    def shape(self) -> Hashable:
        """Equal where the hour brings out the same."""
        return tuple((s.at, s.channel, s.window, s.expires) for s in self.steps), self.place


class Calendar:
    """Finds the moments at which people enter. Keeps what it has found: the same hours serve many steps."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._edges: dict[tuple[object, ...], frozenset[int]] = {}

    def plain_week(self, campaign: Campaign, rhythm: Rhythm) -> list[int]:
        """The first minute of each stretch of a plain week, and the last."""
        return self._moments(campaign, rhythm, [(WEEK_OF, WEEK_OF + WEEK)])

    def around_changes(self, campaign: Campaign, rhythm: Rhythm) -> list[int]:
        """The same for every entry from which a step or a gap between steps meets a change of the clocks."""
        changes = {t for zone in rhythm.place.zones for t in clock_changes(zone, YEAR)}
        ats = sorted({0, *(s.at for s in rhythm.steps)})
        spans = [(t - at - _BEFORE, t - at + _AFTER) for t in changes for at in ats]
        # a whole week from which the change falls between two steps
        spans += [
            (t - late + _AFTER, min(t - late + _AFTER + WEEK, t - early - _BEFORE))
            for t in changes
            for early, late in pairwise(ats)
        ]
        return self._moments(campaign, rhythm, _merged(spans))

    def _moments(self, campaign: Campaign, rhythm: Rhythm, spans: Iterable[tuple[int, int]]) -> list[int]:
        shifts = _shifts(self._project, campaign, rhythm.steps)
        found: set[int] = set()
        for low, high in spans:
            cuts = {low, high}
            for step in rhythm.steps:
                for shift in {step.at, *shifts}:
                    edges = self._open_edges(step, rhythm.place, low + shift, high + shift)
                    cuts |= {at - shift for at in edges}
            for start, end in pairwise(sorted(cuts)):
                found |= {start, max(start, end - MINUTE)}
        return sorted(found)

    def _open_edges(self, step: Step, place: Place, low: int, high: int) -> Iterator[int]:
        """When the hours in which the step may leave begin and end, in [low, high)."""
        for day in range(low // DAY, -(-high // DAY)):
            yield from (at for at in self._edges_of(step, place, day) if low <= at < high)

    def _edges_of(self, step: Step, place: Place, day: int) -> frozenset[int]:
        key = (step.channel, step.window, place, day)
        if key not in self._edges:
            policy = self._project.policy
            before, spans = open_on(policy, step, place, day - 1), open_on(policy, step, place, day)
            # where one day's last span goes on in the next day's first there is no edge
            goes_on = {at for span in before for at in span} & {at for span in spans for at in span}
            edges = {at for span in spans for at in span if at // DAY == day}
            ended = {at for span in before for at in span if at == day * DAY}
            self._edges[key] = frozenset((edges | ended) - goes_on)
        return self._edges[key]


def _shifts(project: Project, campaign: Campaign, steps: Sequence[Step]) -> set[int]:
    """How far from entry an edge can matter beside the moments of the steps themselves: by a cap that an earlier
    step has filled, and by the end of a step's life while it waits for the cap."""
    found: set[int] = set()
    for cap in (*project.policy.caps, *campaign.caps):
        counted = [s for s in steps if cap.channel in (None, s.channel)]
        for step in counted:
            before = [s for s in counted if step.at - cap.per - s.expires - DAY <= s.at <= step.at]
            if len(before) > cap.limit:
                found |= {step.at - cap.per, step.at + step.expires, step.at + step.expires - cap.per}
    return found


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for low, high in sorted(span for span in spans if span[0] < span[1]):
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        else:
            found.append((low, high))
    return found
