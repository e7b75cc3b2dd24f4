"""Can a rolling cap ever be exceeded? Proven on the gates themselves, for every history that fills a cap.

A window comes to hold more than its cap only at a moment at which one touch more leaves. So it is enough to show that
none is allowed, neither when it is decided nor when it leaves, while a cap that binds it is full: whoever filled it,
when, and in whatever state those touches are. What the gates are shown of them is what is loaded for a decision.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from engine import gates, law
from engine.facts import TouchFact
from engine.flow import TouchState
from engine.gates.base import Gate, Situation
from engine.gates.fatigue import in_words
from engine.model import Campaign, Project, Step, Track
from engine.prove import room
from engine.prove.base import Asked
from engine.prove.due import sends, willing
from engine.prove.histories import (
    Binding,
    Earlier,
    bindings,
    every_kind,
    full,
    gathered,
    is_complete,
    shown,
    that_count,
)
from engine.prove.model import Answer, Outcome
from engine.prove.staged import exceeding
from engine.prove.whereabouts import Whereabouts, everywhere
from engine.testfile import DEFAULT_NOW
from engine.verdict import Says

#: what the proof rests on
ASSUMED = (
    "decisions about one person are made one after the other, as the store's locks have it",
    "identities that are merged may each have had what the caps allow before they were one",
)
SUMMED = "of a cap with too many histories to try: whether one touch counts does not depend on the others"


class Breach(NamedTuple):
    """A touch that is allowed although a cap is full."""

    binding: Binding
    history: tuple[Earlier, ...]
    at_dispatch: bool  # it was held when it was decided, and not when it left
    situation: Situation
    track: Track


def answers(asked: Asked) -> Iterator[Answer]:
    """Whether caps can be exceeded; caps that can never matter, and cadences that no cap has room for."""
    yield from _Trial(asked).answers()
    yield from room.answers(asked)


class _Trial:
    """All histories that fill a cap, on one project."""

    def __init__(self, asked: Asked) -> None:
        self._asked, self._project = asked, asked.project
        self._loaded = gathered(asked.project, every_kind(asked.project), DEFAULT_NOW)
        self._tried = 0
        self._caps: set[Binding] = set()
        self._summed = False

    def answers(self) -> Iterator[Answer]:
        broken: set[Binding] = set()
        for campaign in self._asked.campaigns:
            for track, step, where, caps in _questions(self._project, campaign):
                if self._asked.budget.over:
                    yield _unsettled(campaign, step, "there was no time to try every history")
                    return
                s = willing(self._project, campaign, track, step, where)
                if s is None:
                    continue  # it never leaves at all: that is told elsewhere
                if not _allowed(s, gates.GATES):
                    yield _unsettled(campaign, step, f"nobody was found whom '{step.id}' may be sent to")
                    continue
                for binding in caps:
                    breach = None if binding in broken else self._breach(binding, s, track)
                    if breach is not None:
                        broken.add(binding)
                        yield _exceeded(self._project, campaign, breach)
        if self._tried and not broken:
            yield self._kept()

    def _breach(self, binding: Binding, s: Situation, track: Track) -> Breach | None:
        """The plainest history that fills the cap and lets a touch through; best one that a test case can give."""
        own = TouchFact(*s.own, s.step.channel or "", TouchState.QUEUED.value, None)
        several = that_count(self._project, s.campaign, binding)
        self._caps.add(binding)
        self._summed = self._summed or not is_complete(binding, several)
        found: Breach | None = None
        for history in full(binding, several):
            self._tried += 1
            s.facts.touches[:] = shown(history, self._loaded, s.now)
            decided = _allowed(s, gates.GATES)
            s.facts.touches.append(own)
            if not decided and not _allowed(s, gates.AT_DISPATCH):
                continue
            breach = Breach(binding, history, not decided, s, track)
            if decided and all(kind.is_plain for kind in history):
                return breach
            found = found or breach
        return found

    def _kept(self) -> Answer:
        message = (
            f"none of {self._tried:,} histories that fill {_one_of(len(self._caps))} lets a touch through"
        )
        assumptions = (*ASSUMED, SUMMED) if self._summed else ASSUMED
        return Answer(question="caps", outcome=Outcome.KEPT, message=message, assumptions=assumptions)


def _one_of(caps: int) -> str:
    return "the cap" if caps == 1 else f"one of {caps} caps"


def _questions(
    project: Project, campaign: Campaign
) -> Iterator[tuple[Track, Step, Whereabouts, list[Binding]]]:
    """A step for each channel, with the caps that bind it; those of the law where it has them, one at a time."""
    channels: set[str | None] = set()
    for track, step in sends(campaign):
        channel = step.channel or ""
        if channel in channels:
            continue
        channels.add(channel)
        places: dict[object, Whereabouts] = {}
        for where in everywhere(project, channel):
            places.setdefault(law.frequencies(channel, where.place.regions), where)
        for n, where in enumerate(places.values()):
            caps = bindings(project, campaign, channel, where.place.regions)
            lawful = [b for b in caps if b.law]
            if n == 0 or len(lawful) == 1:
                yield track, step, where, lawful if n else caps


def _allowed(s: Situation, asked: Sequence[Gate]) -> bool:
    return gates.judge(s, tuple(asked))[-1].says is Says.ALLOW


def _unsettled(campaign: Campaign, step: Step, message: str) -> Answer:
    return Answer(
        question="caps",
        outcome=Outcome.NOT_SETTLED,
        message=message,
        source=step.source,
        campaign=campaign.id,
        step=step.id,
    )


def _exceeded(project: Project, campaign: Campaign, breach: Breach) -> Answer:
    binding, s = breach.binding, breach.situation
    whose = f"the law's {binding.law}" if binding.law else f"the cap of {in_words(binding.cap)}"
    stage = "when it leaves" if breach.at_dispatch else "when it is decided"
    message = f"{whose} can be exceeded: '{s.step.id}' is allowed {stage} although it is full"
    complete = is_complete(binding, that_count(project, campaign, binding))
    return Answer(
        question="caps",
        outcome=Outcome.VIOLATED,
        message=message,
        source=binding.cap.source,
        campaign=campaign.id,
        step=s.step.id,
        details=tuple(kind.told for kind in breach.history),
        counterexample=None
        if breach.at_dispatch
        else exceeding(project, breach.track, s, breach.history, binding.cap.per),
        assumptions=ASSUMED if complete else (*ASSUMED, SUMMED),
    )
