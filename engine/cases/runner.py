"""Plays cases on the real engine: one compiled project, one store in memory, one virtual clock."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from types import TracebackType
from typing import NamedTuple, Self

from channels.recording import RecordingAdapter
from engine.advance import advance
from engine.app import App
from engine.cases.cast import identity_for, involved
from engine.cases.compare import Pair, compare
from engine.cases.footprint import Mark, footprint
from engine.cases.given import CaseError, put_given
from engine.cases.records import read_records
from engine.cases.script import Script, record
from engine.cases.story import read_story
from engine.clock import VirtualClock
from engine.compile import Loaded
from engine.dispatch import dispatch
from engine.endings import segment_of
from engine.errors import RekindleError, origin
from engine.facts import Facts
from engine.gather import gather
from engine.jobs import Job
from engine.model import BUILT_IN, CHANNELS, DAY, Campaign, ChannelDef, Environment
from engine.phrases import in_words
from engine.predicate import All, Predicate, holds
from engine.simulate import run_virtual
from engine.testfile import TestCase, TestFile
from engine.timeline import cohort_of
from state.queries import cases
from state.store import Store

#: how long a story is followed when it does not end by itself, and how long after the last line of the case
HORIZON = 400 * DAY
_MARGIN = 30 * DAY

#: so many looks at one person at one moment lead nowhere
_RESTLESS = 200
_HOUR = 3_600.0

#: channels on which a touch is work for a human: a case can close the task that it opens
_BY_HAND = ("linkedin", "phone")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """What became of a case. ``error``: it could not be played; ``note``: why nothing happened at all; ``marks``: what
    it made the engine go through."""

    file: str
    campaign: str
    case: TestCase
    pairs: tuple[Pair, ...] = ()
    error: str = ""
    note: str = ""
    marks: tuple[Mark, ...] = ()
    seconds: float  # of real time

    @property
    def passed(self) -> bool:
        """True when the whole story is as expected."""
        return not self.error and not any(pair.problems for pair in self.pairs)


class _Played(NamedTuple):
    """The story beside what was expected, why there is none, and what it went through."""

    pairs: tuple[Pair, ...] = ()
    note: str = ""
    marks: tuple[Mark, ...] = ()
    error: str = ""


class Restless(CaseError):
    """A person whom campaigns hand to each other without any time passing."""

    hint = "Let one of them wait, or end"


class _Patience:
    """The machine's own clock, for a turn; after so many looks its time is over, that it comes to an end."""

    def __init__(self) -> None:
        self._looks = 0

    def begin(self) -> None:
        """Another turn."""
        self._looks = 0

    @property
    def over(self) -> bool:
        """Was the last turn brought to its end?"""
        return self._looks > _RESTLESS

    def __call__(self) -> float:
        self._looks += 1
        return time.monotonic() + (_HOUR if self.over else 0)


class _Clock(VirtualClock):
    """A virtual clock that begins again with each case."""

    def begin(self, instant: int) -> None:
        self._now = instant


class CaseRunner:
    """Runs any number of cases of one project, one after the other."""

    def __init__(self, loaded: Loaded) -> None:
        """Raises ProjectError when the project has errors."""
        project = loaded.require()
        self._clock = _Clock(0)
        tasks = {
            c: ChannelDef(channel=c, adapter="task", options={}, source=BUILT_IN) for c in _BY_HAND
        }
        environment = Environment(
            name="test", sends=False, database="sqlite://", channels=tasks, signing_key=None, source=BUILT_IN
        )
        self._app = App(loaded, project, environment, Store.open("sqlite://"), self._clock)
        self._app.build_channels()
        self._provider = RecordingAdapter()
        self._app.channels |= {c: self._provider for c in CHANNELS if c not in _BY_HAND}
        self._patience = _Patience()
        self._app.monotonic, self._app.turn_seconds = self._patience, _HOUR
        self._app.publish()

    def run(self, file: TestFile, case: TestCase) -> CaseResult:
        """Play one case. Whatever goes wrong is told in the result."""
        started = time.perf_counter()
        played, error = _Played(), ""
        try:
            played = self._play(file.campaign, case)
            error = played.error
        except RekindleError as failed:
            error = str(failed)
        except Exception as bug:  # the other cases are worth running all the same
            error = f"rekindle itself failed: {type(bug).__name__} at {origin(bug)}"
        return CaseResult(
            file=file.file,
            campaign=file.campaign,
            case=case,
            pairs=played.pairs,
            error=error,
            note=played.note,
            marks=played.marks,
            seconds=time.perf_counter() - started,
        )

    def at_entry(self, campaign: str, case: TestCase) -> Facts:
        """The person of a case as the core is given them on entry. Raises CaseError."""
        identity = identity_for(case, involved(self._app.project, campaign))
        self._put(case, identity)
        with self._app.store.read() as conn:
            return gather(conn, self._app.scope(conn), [identity], case.now)[identity]

    def _put(self, case: TestCase, identity: int) -> None:
        """Nobody is there but the person of the case, as it gives them."""
        app = self._app
        self._clock.begin(case.now)
        self._provider.received.clear()
        self._provider.attempts.clear()
        with app.store.begin() as conn:
            cases.clear(conn)
            put_given(conn, app.project, case.given, identity, case.now)
        for number, event in enumerate(sorted(case.given.events, key=lambda e: e.at)):
            record(app, identity, event, key=f"given:{number}")

    def _play(self, name: str, case: TestCase) -> _Played:
        app, campaigns = self._app, involved(self._app.project, name)
        identity = identity_for(case, campaigns)
        self._put(case, identity)
        script = Script(campaigns[0], case, identity)
        jobs = (Job("case", 0, script.run, None), Job("turn", 0, self._turn, None))
        error = ""
        try:
            run_virtual(app, self._clock, case.now + _length(case), jobs=jobs, grid=1, also=script.next)
        except Restless as restless:
            error = str(restless)
        with app.store.read() as conn:
            records = read_records(conn)
        return _Played(
            pairs=tuple(compare(case.expect, read_story(records, campaigns, case.now))),
            note="" if records.rounds else self._why_not(campaigns[0], script, case.now),
            marks=tuple(footprint(records)),
            error=error,
        )

    def _turn(self, app: App, now: int) -> Counter[str]:
        """What the worker's turn does where no other worker can have left anything behind. Raises Restless."""
        self._patience.begin()
        done = advance(app, now)
        if self._patience.over:
            raise Restless("the person is handed on and on at one moment")
        return done + dispatch(app, now)

    def _why_not(self, campaign: Campaign, script: Script, now: int) -> str:
        """Why the person was not enrolled, in a reader's words."""
        facts = script.at_entry
        if facts is None:
            return ""
        segment = segment_of(self._app.project, facts, now)
        if segment != campaign.segment:
            theirs = f"they are in segment {segment}" if segment else "no segment fits them"
            wanted = next(s.where for s in self._app.project.segments if s.id == campaign.segment)
            unmet = self._unmet(wanted, facts, now)
            return f"The person did not enter: {theirs}, and the campaign is for {campaign.segment}.{unmet}"
        if campaign.where is not None and not holds(campaign.where, facts, now):
            unmet = self._unmet(campaign.where, facts, now)
            return f"The person did not enter: the audience's where does not hold of them.{unmet}"
        if campaign.cohorts and cohort_of(campaign, facts, now) is None:
            return "The person did not enter: no cohort fits them."
        return ""

    def _unmet(self, wanted: Predicate, facts: Facts, now: int) -> str:
        """Which of several conditions do not hold, in a reader's words; "" where all do."""
        parts = wanted.of if isinstance(wanted, All) else (wanted,)
        told = [in_words(p, self._app.project.currency) for p in parts if not holds(p, facts, now)]
        return f" What does not hold: {'; '.join(told)}." if told else ""

    def close(self) -> None:
        """Let the store go. May be called twice."""
        self._app.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _length(case: TestCase) -> int:
    """How long the story is followed, in seconds after entry."""
    last = max([*(h.at for h in case.when), *(e.at.at for e in case.expect)], default=0)
    return max(HORIZON, last + _MARGIN)
