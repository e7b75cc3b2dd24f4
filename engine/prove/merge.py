"""Which states are one and the same to every decision that is still to come, so that paths that meet are one path."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import NamedTuple

from engine.cases.cast import involved
from engine.facts import EventFact, NoteFact
from engine.gates.notes import HOLDING
from engine.model import Campaign, Project
from engine.predicate import EventHappened, NoteExists, leaves
from engine.prove.world import State


class Memory(NamedTuple):
    """What of the past decisions can ask for: how often an event happened, when it did, which notes there were."""

    counted: dict[str, int]  # event -> from so many on it is the same
    timed: frozenset[str]
    noted: frozenset[str]
    triggers: frozenset[str]

    @classmethod
    def of(cls, project: Project, campaign: Campaign) -> Memory:
        """The memory of a campaign, those that it may hand over to, and the segments."""
        every = involved(project, campaign.id)
        asked = [*(s.where for s in project.segments), *(p for c in every for p in c.predicates)]
        found = [leaf for p in asked for leaf in leaves(p)]
        happened = [leaf for leaf in found if isinstance(leaf, EventHappened)]
        counted: dict[str, int] = {}
        for leaf in happened:
            counted[leaf.name] = max(counted.get(leaf.name, 0), leaf.times + 1)
        waits = {step.event for c in every for step in c.steps if step.event}
        return cls(
            counted=counted,
            timed=frozenset({leaf.name for leaf in happened if leaf.within is not None} | waits),
            noted=frozenset(leaf.kind for leaf in found if isinstance(leaf, NoteExists)),
            triggers=frozenset(t.event for c in every for t in c.triggers if t.event),
        )

    def key(self, state: State) -> Hashable:
        """Equal for states from which the same can follow."""
        e = state.enrolment
        return (
            (e.campaign, e.cohort, e.track, e.state, e.step, e.entered_at, e.shift, e.resume_at, e.review),
            (state.due, state.who, state.touches, state.rounds, state.capped_at, state.calm),
            tuple(self._note(n) for n in state.notes if n.kind in self.noted or n.kind in HOLDING),
            tuple((s.channel, s.reason) for s in state.suppressions),
            frozenset(self._events(state.events, e.trigger_event_id or 0)),
        )  # fmt: skip

    def _note(self, note: NoteFact) -> Hashable:
        return note if note.kind in self.noted else (note.kind, note.closed_at is None)

    def _events(self, events: Iterable[EventFact], seen: int) -> Iterable[Hashable]:
        times: dict[str, int] = {}
        for event in events:
            if event.name in self.timed:
                yield event.name, event.at
            if event.name in self.counted:
                times[event.name] = min(times.get(event.name, 0) + 1, self.counted[event.name])
            if event.name in self.triggers and event.id > seen:
                yield event.name, tuple(sorted(event.data.items()))
        yield from times.items()
