"""Which states are one and the same to every decision that is still to come, so that paths that meet are one path."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import NamedTuple

from engine.cases.cast import involved
from engine.facts import NoteFact
from engine.gates.notes import HOLDING
from engine.model import Campaign, Project
from engine.predicate import EventHappened, NoteExists, events_of, leaves
from engine.prove.acts import Act, Doing, asked_on_the_way
from engine.prove.world import State


class Ahead(NamedTuple):
    """Events that something still to come looks at: steps that wait for them, and conditions."""

    awaited: frozenset[str] = frozenset()
    asked: frozenset[str] = frozenset()


class Memory(NamedTuple):
    """What of the past decisions can ask for: how often an event happened, when it did, which notes there were."""

    counted: dict[str, int]  # event -> from so many on it is the same
    timed: frozenset[str]  # events of which the moments count
    noted: frozenset[str]
    triggers: frozenset[str]
    ahead: Mapping[
        tuple[str, str, str | None], Ahead
    ]  # (campaign, track, step) -> what is still asked from there on

    @classmethod
    def of(cls, project: Project, campaign: Campaign) -> Memory:
        """The memory of a campaign, those that it may hand over to, and the segments."""
        every = involved(project, campaign.id)
        found = [leaf for p in asked_on_the_way(project, campaign) for leaf in leaves(p)]
        happened = [leaf for leaf in found if isinstance(leaf, EventHappened)]
        counted: dict[str, int] = {}
        for leaf in happened:
            counted[leaf.name] = max(counted.get(leaf.name, 0), leaf.times + 1)
        return cls(
            counted=counted,
            timed=frozenset(leaf.name for leaf in happened if leaf.within is not None),
            noted=frozenset(leaf.kind for leaf in found if isinstance(leaf, NoteExists)),
            triggers=frozenset(t.event for c in every for t in c.triggers if t.event),
            ahead=dict(_ahead(project, every)),
        )

    def holds_up(self, act: Act) -> bool:
        """Does the act open a note that no condition asks for, and that only holds everything back?"""
        return act.doing is Doing.OPEN and act.name in HOLDING and act.name not in self.noted

    def key(self, state: State) -> Hashable:
        """Equal for states from which the same can follow."""
        e = state.enrolment
        return (
            (e.campaign, e.cohort, e.track, e.state, e.step, e.entered_at, e.shift, e.resume_at, e.review),
            (state.due, state.who, state.touches, state.rounds, state.capped_at, state.calm),
            tuple(self._note(n) for n in state.notes if n.kind in self.noted or n.kind in HOLDING),
            tuple((s.channel, s.reason) for s in state.suppressions),
            frozenset(self._events(state, self.ahead.get((e.campaign, e.track, e.step), Ahead()))),
        )  # fmt: skip

    def _note(self, note: NoteFact) -> Hashable:
        return note if note.kind in self.noted else (note.kind, note.closed_at is None)

    def _events(self, state: State, ahead: Ahead) -> Iterable[Hashable]:
        seen, since = state.enrolment.trigger_event_id or 0, state.enrolment.entered_at
        times: dict[str, list[int]] = {}
        for event in state.events:
            if event.at >= since:
                times.setdefault(event.name, []).append(event.at)
            if event.name in self.triggers and event.id > seen:
                yield event.name, tuple(sorted(event.data.items()))
        for name, moments in times.items():
            if name in ahead.awaited:
                yield name, "first", moments[0]
            if name in ahead.asked:
                last = moments[-self.counted[name] :]
                yield name, "last", tuple(last) if name in self.timed else len(last)


def _ahead(
    project: Project, every: Iterable[Campaign]
) -> Iterator[tuple[tuple[str, str, str | None], Ahead]]:
    segments = events_of(*(s.where for s in project.segments))
    for campaign in every:
        always = segments | events_of(*(c.when for c in campaign.cohorts), *(e.where for e in campaign.exits))
        for track in (campaign.main, *campaign.triggers):
            yield (campaign.id, track.id, None), Ahead(asked=always)
            for n, step in enumerate(track.steps):
                later = track.steps[n:]
                asked = (p for s in later for p in (s.only_if, s.unless, *(b.when for b in s.branches)))
                awaited = frozenset(s.event for s in later if s.event)
                yield (campaign.id, track.id, step.id), Ahead(awaited, always | events_of(*asked))
