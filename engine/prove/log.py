"""What was seen on all the paths, and for each thing seen the plainest way to see it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from engine.prove.people import Person
from engine.prove.world import Done


class StepKey(NamedTuple):
    """A step by name."""

    campaign: str
    track: str
    step: str


class Way(NamedTuple):
    """How a step came out: ``sent``; ``skipped`` under a rule; ``passed`` in a way, where it sends nothing."""

    how: str
    rule: str | None = None
    #: a full cap put it off first
    capped: bool = False


class Course(NamedTuple):
    """A person, the moment they enter, and what happens from then on. Shorter and plainer ones sort first."""

    rank: tuple[int, ...]
    people: tuple[Person, ...]  # the person at entry, and whom changes of data make of them
    entry: int
    acts: tuple[Done, ...]
    #: nobody held it up with a note: what comes out so only where somebody did is not how it is meant to
    free: bool = True


@dataclass(slots=True)
class Seen:
    """Something that was seen, how often, and the plainest course that shows it; with the delays that came of it."""

    course: Course
    times: int = 0
    free: int = 0  # ... on courses that nobody held up
    least: int | None = None  # seconds
    most: int | None = None
    longest: Course | None = None  # the course of ``most``

    def again(self, course: Course, delay: int | None) -> None:
        """Once more, on a course that may be plainer."""
        self.times += 1
        self.free += course.free
        if course.rank < self.course.rank:
            self.course = course
        if delay is not None:
            self.least = delay if self.least is None else min(self.least, delay)
            if self.most is None or delay > self.most:
                self.most, self.longest = delay, course


@dataclass(slots=True)
class Log:
    """Everything that was seen, on all campaigns."""

    arrived: dict[StepKey, Seen] = field(default_factory=dict)
    settled: dict[StepKey, dict[Way, Seen]] = field(default_factory=dict)
    #: (campaign, track) -> how the round went out: a reason, ``repeats``, ``sleeps`` or ``goes round``
    rounds: dict[tuple[str, str], dict[str, Seen]] = field(default_factory=dict)
    #: steps whose message could not have left later than it did: the offer or the deadline in it would be over
    late: dict[StepKey, dict[str, Seen]] = field(default_factory=dict)
    #: step -> number of a round that began again by itself -> how the step came out in it
    later: dict[StepKey, dict[int, dict[Way, Seen]]] = field(default_factory=dict)
    turns: int = 0  # decisions made
    courses: int = 0  # a person entering at a moment
    #: campaign -> why not everything was looked at
    doubts: dict[str, list[str]] = field(default_factory=dict)

    def arrive(self, key: StepKey, course: Course) -> None:
        """The timeline has come to a step."""
        self.arrived.setdefault(key, Seen(course)).again(course, None)

    def settle(self, key: StepKey, way: Way, course: Course, delay: int | None = None) -> None:
        """A step is behind the person."""
        self.settled.setdefault(key, {}).setdefault(way, Seen(course)).again(course, delay)

    def settle_later(self, key: StepKey, number: int, way: Way, course: Course) -> None:
        """A step is behind the person in a round that began again."""
        ways = self.later.setdefault(key, {}).setdefault(number, {})
        ways.setdefault(way, Seen(course)).again(course, None)

    def end(self, round_: tuple[str, str], how: str, course: Course) -> None:
        """A round is over, or goes on for ever in its way."""
        self.rounds.setdefault(round_, {}).setdefault(how, Seen(course)).again(course, None)

    def too_late(self, key: StepKey, what: str, course: Course) -> None:
        """A message that leaves at the last moment of its life would name something that is over."""
        self.late.setdefault(key, {}).setdefault(what, Seen(course)).again(course, None)

    def doubt(self, campaign: str, why: str) -> None:
        """Not everything was looked at."""
        if why not in self.doubts.setdefault(campaign, []):
            self.doubts[campaign].append(why)

    def ways(self, key: StepKey) -> Iterator[tuple[Way, Seen]]:
        """How a step came out, the most frequent first."""
        found = self.settled.get(key, {})
        yield from sorted(found.items(), key=lambda pair: -pair[1].times)
