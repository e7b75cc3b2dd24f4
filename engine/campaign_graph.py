"""A compiled campaign as a graph.

The edges are those the pure core takes (engine/decide.py): each cohort's own next step, a branch's target,
what follows the last step, what a trigger or an exit does at any time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from engine import phrases
from engine.graph import Edge, Graph, Node, NodeKind, merged
from engine.model import Campaign, Cohort, Step, StepKind, Track
from engine.phrases import duration
from engine.predicate import Predicate


def graph_of(campaign: Campaign, currency: str) -> Graph:
    """Who enters, what each cohort gets and when, and every way out. ``currency`` is the project's."""
    drawing = _Drawing(campaign, currency)
    return Graph(title=campaign.id, nodes=tuple(drawing.nodes()), edges=merged(drawing.edges()))


_STEP_KINDS = {
    StepKind.SEND: NodeKind.SEND,
    StepKind.WAIT_FOR: NodeKind.WAIT,
    StepKind.CHOOSE: NodeKind.CHOOSE,
    StepKind.REVIEW: NodeKind.REVIEW,
    StepKind.START: NodeKind.END,
}


@dataclass(frozen=True, slots=True)
class _Drawing:
    campaign: Campaign
    currency: str

    # ── boxes ──

    def nodes(self) -> Iterator[Node]:
        yield Node(id="audience", kind=NodeKind.START, lines=tuple(self._audience()))
        yield from map(self._cohort, self.campaign.cohorts)
        for track in self._tracks():
            yield from (self._step(track, step) for step in track.steps)
        for track in self.campaign.triggers:
            matching = (f"{key} = {field}" for key, field in track.matching)
            yield Node(id=_trigger_id(track), kind=NodeKind.EVENT, lines=(f"{track.event}", *matching))
        yield Node(id="any_time", kind=NodeKind.EVENT, lines=("at any time",))
        yield from self._ways_out()

    def _audience(self) -> Iterator[str]:
        yield f"segment {self.campaign.segment}"
        if self.campaign.where is not None:
            yield f"where {self._words(self.campaign.where)}"
        if self.campaign.holdout:
            yield f"holdout {self.campaign.holdout / 100:g}%"

    def _cohort(self, cohort: Cohort) -> Node:
        lines = [cohort.id, "everyone left" if cohort.when is None else self._words(cohort.when)]
        if cohort.park_until is None:
            return Node(id=_cohort_id(cohort), kind=NodeKind.COHORT, lines=tuple(lines))
        lines.append(f"asleep until {cohort.park_until}")
        return Node(id=_cohort_id(cohort), kind=NodeKind.ASLEEP, lines=tuple(lines))

    def _step(self, track: Track, step: Step) -> Node:
        lines = (f"{duration(step.at)} {step.id}", *_what_it_does(step), *self._when_it_applies(step))
        return Node(id=_step_id(track, step), kind=_STEP_KINDS[step.kind], lines=lines, track=track.id)

    def _when_it_applies(self, step: Step) -> Iterator[str]:
        if step.only_if is not None:
            yield f"if {self._words(step.only_if)}"
        if step.unless is not None:
            yield f"unless {self._words(step.unless)}"

    def _ways_out(self) -> Iterator[Node]:
        then = self.campaign.then
        if then.repeat is not None:
            yield Node(
                id="after", kind=NodeKind.ASLEEP, lines=(f"again {duration(then.repeat)} after entry",)
            )
        elif then.park:
            yield Node(id="after", kind=NodeKind.ASLEEP, lines=(f"parked {duration(then.park)}",))
        for reason in self._reasons():
            yield Node(id=f"end_{reason}", kind=NodeKind.END, lines=(reason,))

    def _reasons(self) -> Iterable[str]:
        declared = (e.reason for e in self.campaign.exits)
        reasons = dict.fromkeys(["won_back", *declared, "left_segment", "opted_out"])
        if self.campaign.then.repeat is None:
            reasons["completed"] = None
        if any(s.kind is StepKind.REVIEW for t in self._tracks() for s in t.steps):
            reasons |= {"withdrawn": None, "expired": None}
        return reasons

    # ── arrows ──

    def edges(self) -> Iterator[Edge]:
        yield from self._entries()
        for track in self._tracks():
            for cohort in self._cohort_ids():
                for step in track.steps:
                    if _is_for(step, cohort):
                        yield from self._onward(track, step, cohort)
        yield from self._afterwards()
        yield from self._exits()

    def _entries(self) -> Iterator[Edge]:
        for cohort in self.campaign.cohorts:
            yield Edge(start="audience", end=_cohort_id(cohort))
            for end in self._first_boxes(cohort):
                yield Edge(start=_cohort_id(cohort), end=end, label=cohort.park_until or "")
        if not self.campaign.cohorts:
            yield Edge(start="audience", end=self._box(self.campaign.main, 0, None))
        for track in self.campaign.triggers:
            yield Edge(start="any_time", end=_trigger_id(track))
            for cohort_id in self._cohort_ids():
                yield Edge(start=_trigger_id(track), end=self._box(track, 0, cohort_id))

    def _first_boxes(self, cohort: Cohort) -> list[str]:
        """Where a cohort begins; what a matching trigger speaks for wakes nobody into the cadence."""
        speaking = [t for t in self.campaign.triggers if cohort.park_until and t.event == cohort.park_until]
        if any(t.matching for t in speaking):
            return [_trigger_id(t) for t in speaking]
        return [self._box(self.campaign.main, 0, cohort.id)]

    def _onward(self, track: Track, step: Step, cohort: str | None) -> Iterator[Edge]:
        here = _step_id(track, step)
        if step.kind is StepKind.START:
            return
        for branch in step.branches:
            target = next(i for i, s in enumerate(track.steps) if s.id == branch.go)
            label = "else" if branch.when is None else self._words(branch.when)
            yield Edge(start=here, end=self._box(track, target, cohort), label=label)
            if branch.when is None:
                return
        if step.kind is StepKind.REVIEW:
            yield Edge(start=here, end="end_withdrawn", label="declined")
            yield Edge(start=here, end="end_expired", label="no answer in time")
        yield Edge(start=here, end=self._next(track, step, cohort), label=self._label(track, step, cohort))

    def _label(self, track: Track, step: Step, cohort: str | None) -> str:
        """What leads on to the next box: an answer, or the cohort where the cohorts part."""
        if step.kind is StepKind.REVIEW:
            return "approved"
        if step.kind is StepKind.CHOOSE:
            return "none holds"
        passing = [c for c in self._cohort_ids() if _is_for(step, c)]
        parts = len({self._next(track, step, c) for c in passing}) > 1
        return cohort or "" if parts else ""

    def _afterwards(self) -> Iterator[Edge]:
        if self.campaign.then.repeat is not None:
            for cohort in self._cohort_ids():
                first = self._box(self.campaign.main, 0, cohort)
                if first != "after":  # a cohort without a step of its own sleeps on
                    yield Edge(start="after", end=first)
        elif self.campaign.then.park:
            yield Edge(start="after", end="end_completed")

    def _exits(self) -> Iterator[Edge]:
        for event in self.campaign.goal.events if self.campaign.goal else ():
            yield Edge(start="any_time", end="end_won_back", label=event)
        for way in self.campaign.exits:
            why = way.event or (self._words(way.where) if way.where is not None else "")
            task = f" (task {way.task})" if way.task else ""
            yield Edge(start="any_time", end=f"end_{way.reason}", label=f"{why}{task}")
        yield Edge(start="any_time", end="end_left_segment", label=f"no longer {self.campaign.segment}")
        yield Edge(start="any_time", end="end_opted_out", label="opt-out on every channel")

    # ── where the core would go ──

    def _tracks(self) -> tuple[Track, ...]:
        return (self.campaign.main, *self.campaign.triggers)

    def _cohort_ids(self) -> tuple[str | None, ...]:
        return tuple(c.id for c in self.campaign.cohorts) or (None,)

    def _next(self, track: Track, step: Step, cohort: str | None) -> str:
        return self._box(track, track.steps.index(step) + 1, cohort)

    def _box(self, track: Track, index: int, cohort: str | None) -> str:
        """The first step at or after ``index`` that is for the cohort, or what follows the last."""
        found = next((s for s in track.steps[index:] if _is_for(s, cohort)), None)
        if found is not None:
            return _step_id(track, found)
        then = self.campaign.then
        return "after" if then.park or then.repeat is not None else "end_completed"

    def _words(self, predicate: Predicate) -> str:
        return phrases.in_words(predicate, self.currency)


def _what_it_does(step: Step) -> Iterator[str]:
    match step.kind:
        case StepKind.SEND:
            refs = " | ".join(f"{name}: {ref}" if name else ref for name, ref in step.variants)
            yield f"{step.channel}: {refs}"
        case StepKind.WAIT_FOR:
            yield f"wait for {step.event}, up to {duration(step.up_to)}"
        case StepKind.CHOOSE:
            yield "choose"
        case StepKind.REVIEW:
            yield f"review: {step.task}, up to {duration(step.up_to)}"
        case StepKind.START:
            yield f"start {step.start}"
    if step.offer:
        yield f"offer {step.offer}"


def _is_for(step: Step, cohort: str | None) -> bool:
    return step.cohorts is None or cohort in step.cohorts


def _step_id(track: Track, step: Step) -> str:
    return f"{track.id}.{step.id}"


def _cohort_id(cohort: Cohort) -> str:
    return f"cohort_{cohort.id}"


def _trigger_id(track: Track) -> str:
    return f"trigger_{track.id}"
