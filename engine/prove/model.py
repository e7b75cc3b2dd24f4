"""What prove answers, as data: questions, answers, and people who show that an answer is no."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from engine.cases.story import Kind, Line
from engine.model import Source
from engine.prove.mending import Mend
from engine.testfile import Moment, TestCase


class Outcome(StrEnum):
    """How a question is answered."""

    KEPT = "kept"  # for any person and any behaviour
    NOTED = "noted"  # it can happen, and may be meant
    NOT_SETTLED = "not settled"  # a bound was reached, or a counterexample did not replay
    VIOLATED = "violated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One of the questions prove asks of a project; what is so where nothing is found, and where something is noted."""

    name: str
    asks: str
    kept: str
    noted: str


_ASKED = """
caps | Can a cap be exceeded? | no window ever holds more than its cap | no window ever holds more than its cap
deferrals | Which steps does a cap put off, and for how long? | none | some can be put off, or lost
ends | Does every path end? | every round ends | every round ends, or says what it waits for
reach | Is every step reachable? | somebody gets each step | somebody gets each step, though not on every way
windows | Is there a window that never opens? | each opens within its step's life | each opens, some not for long
contention | Can two campaigns fight for one slot, and who wins? | none can | some can, and who wins is settled
promises | Can a promise run out before the step that names it? | every promise is open when it is named | only where \
something holds a message up
exposure | Is what is promised bounded? | so much and no more per person | so much and no more per person
"""


def _question(line: str) -> Question:
    name, asks, kept, noted = line.split(" | ")
    return Question(name=name, asks=asks, kept=kept, noted=noted)


#: by name, in the order in which they are asked
QUESTIONS: Mapping[str, Question] = {q.name: q for q in map(_question, _ASKED.strip().splitlines())}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A line that the story of a counterexample must have; with ``absent`` one that it must not have.

    What is None may be anything.
    """

    kind: Kind
    campaign: str | None = None
    step: str | None = None
    reason: str | None = None
    absent: bool = False
    since: int = 0  # seconds after entry; an earlier line is not meant

    def fits(self, line: Line) -> bool:
        """Is the line such a one?"""
        wanted = (self.campaign, self.step, self.reason)
        found = (line.campaign, line.step, line.reason)
        meant = line.kind is self.kind and line.at >= self.since
        return meant and all(w in (None, f) for w, f in zip(wanted, found, strict=True))

    def holds(self, story: Iterable[Line]) -> bool:
        """Does the story have it, or lack it where that is asked?"""
        return any(map(self.fits, story)) is not self.absent


#: the moment of an expected line that is to stand in the place of the first one that is ``shown``
IN_PLACE = Moment(at=0, width=0)


class Told(NamedTuple):
    """One line of a counterexample's timeline."""

    at: int  # instant
    text: str
    wrong: bool = False  # what must not be


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What the real engine made of a counterexample: it happens as it was told."""

    case: TestCase  # with the whole story expected, as it should be; it fails
    timeline: tuple[Told, ...]
    zone: str  # the person's own, in which the timeline is told; UTC where nobody knows
    #: the case as it stands in a file of tests; empty where no mend is known that makes it pass
    yaml: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterexample:
    """One person and what they do, as a case of ``tests/<campaign>.yaml`` that fails until the fault is mended.

    ``case.expect`` is what should happen and does not; the rest of the story is filled in when it is replayed.
    ``shows``: what happens instead. ``over``: there the story should have been over. ``mend``: what would settle it;
    the test that is written expects what happens then. ``complete``: nothing in the project is to be mended, and
    what is expected is known as it stands. Until ``replay`` is there nothing is claimed.
    """

    campaign: str
    case: TestCase
    shows: tuple[Shown, ...]
    over: bool = False
    mend: Mend | None = None
    complete: bool = False
    replay: Replay | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One finding of prove. A question without a violation, a note or a doubt is kept; that is said once."""

    question: str  # a name of QUESTIONS
    outcome: Outcome
    message: str  # one sentence: what can happen, or cannot
    source: Source | None = None
    campaign: str | None = None
    step: str | None = None
    #: more of it, a line each: who, when, how long, what to do
    details: tuple[str, ...] = ()
    counterexample: Counterexample | None = None
    #: what the answer rests on; each is told once, at the end
    assumptions: tuple[str, ...] = ()
