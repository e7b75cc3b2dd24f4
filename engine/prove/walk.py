"""All paths of one person from one moment of entry: a search over states, where paths that meet are one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import takewhile

from engine.clearance import clear
from engine.flow import EnrolmentState, Reason, TouchMove
from engine.model import DAY, HOUR, Project
from engine.prove.acts import Act, Doing
from engine.prove.log import Course, Log, StepKey, Way
from engine.prove.merge import Memory
from engine.prove.moments import MINUTE
from engine.prove.people import Person
from engine.prove.world import State, Turn, World
from engine.timeline import respond_by

#: more states than this are not followed from one entry
MAX_STATES = 20_000
#: of a campaign that begins again so many rounds are followed
MAX_ROUNDS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Who enters when. ``rank``: plainer entries sort first."""

    people: tuple[Person, ...]
    at: int
    rank: tuple[int, ...]


class Walk:
    """One entry, every path from it. What is seen goes into the log."""

    def __init__(self, project: Project, world: World, memory: Memory, log: Log, entry: Entry) -> None:
        self._project, self._world, self._memory, self._log = project, world, memory, log
        self._entry = entry
        self._seen: set[object] = set()
        self._open: list[tuple[int, int, State]] = []
        self._before = 0  # acts that led to the start

    def run(self, start: State, acts: Sequence[Act]) -> bool:
        """Follow every path of ``acts``; False when there were too many states."""
        self._log.courses += 1
        self._before = len(start.acts)
        self._sleeps(start)
        self._push(start)
        while self._open:
            if len(self._seen) > MAX_STATES:
                return False
            _, _, state = heappop(self._open)
            if state.due is not None:
                self._look(state, state.due)
            for act in () if state.calm else acts:
                for at in _positions(state):
                    self._act(state, act, at)
        return True

    def _act(self, state: State, act: Act, at: int) -> None:
        after = self._world.happens(state, act, at)
        if after is None:
            return
        if after.due == at:
            self._look(after, at)
        else:
            self._push(after)

    def _push(self, state: State) -> None:
        key = self._memory.key(state)
        if key not in self._seen:
            self._seen.add(key)
            heappush(self._open, (len(state.acts), len(self._seen), state))

    def _look(self, state: State, at: int) -> None:
        turn = self._world.turn(state, at)
        self._log.turns += 1
        course = self._course(turn.after)
        self._note_step(turn, course)
        following = self._note_end(turn, course) if turn.after.ended else turn.after
        if following is not None:
            self._push(following)

    def _course(self, state: State) -> Course:
        rank = (len(state.acts), *self._entry.rank)
        free = not any(self._memory.holds_up(done.act) for done in state.acts)
        return Course(rank, self._entry.people, self._entry.at, state.acts, free)

    # ── what was seen ──

    def _note_step(self, turn: Turn, course: Course) -> None:
        decision, enrolment = turn.decision, turn.before.enrolment
        last = decision.verdicts[-1] if decision.verdicts else None
        if decision.decided_step is None or last is None:
            return
        key = StepKey(enrolment.campaign, enrolment.track, decision.decided_step)
        touch, capped_at = decision.touch, turn.before.capped_at
        number = self._again(turn.before)
        if number > 1:
            self._note_later(turn, key, number, course)
        elif touch is not None:
            self._log.arrive(key, course)
            if touch.move is TouchMove.QUEUE:
                delay = turn.at - capped_at if capped_at is not None and course.free else None
                self._log.settle(key, Way("sent", None, capped_at is not None), course, delay)
                self._note_late(turn, key, course)
            elif touch.move is TouchMove.SKIP:
                self._log.settle(key, Way("skipped", decision.rule, capped_at is not None), course)
        elif last.way is not None or last.rule in ("wait_for", "review", "start"):
            self._log.arrive(key, course)
            if last.way is not None:
                self._log.settle(key, Way("passed", last.way), course)

    def _note_later(self, turn: Turn, key: StepKey, number: int, course: Course) -> None:
        """What became of a step in a round that began again."""
        touch = turn.decision.touch
        if touch is not None and touch.move is not TouchMove.HOLD:
            sent = touch.move is TouchMove.QUEUE
            way = Way("sent") if sent else Way("skipped", turn.decision.rule)
            self._log.settle_later(key, number, way, course)

    @staticmethod
    def _again(state: State) -> int:
        """Which round of its cadence in a row this is."""
        return sum(1 for _ in takewhile(lambda r: r == state.rounds[-1], reversed(state.rounds)))

    def _note_late(self, turn: Turn, key: StepKey, course: Course) -> None:
        """Left in the outbox to the last moment of its life: would what the message names be over?"""
        touch = turn.decision.touch
        if touch is None or not (touch.step.offer or touch.step.respond_by):
            return
        facts, step = self._world.facts(turn.after), touch.step
        until = respond_by(self._project, step, facts, turn.at)
        if until is not None and until < touch.expires_at - 1:
            self._log.too_late(key, "respond_by", course)
        ends = touch.offer_expires_at
        if ends is None or ends >= touch.expires_at:
            return
        campaign, waiting = self._world.campaign(turn.after), turn.after.enrolment
        cleared = clear(self._project, campaign, step, waiting, facts, ends, touch.expires_at)
        if cleared.verdicts[-1].rule == "offer_expired":
            self._log.too_late(key, "offer", course)

    def _note_end(self, turn: Turn, course: Course) -> State | None:
        """How the round went out, and the round that is followed after it."""
        enrolment, decision = turn.before.enrolment, turn.decision
        here = (enrolment.campaign, enrolment.track)
        spawn = decision.spawn
        if spawn is None:
            self._log.end(here, decision.reason or Reason.COMPLETED, course)
            return None
        if decision.reason is Reason.COMPLETED:
            self._log.end(here, "repeats", course)
            # the next round is one that people enter, too; but for what was sent before it
            alone = len(turn.after.acts) == self._before and self._again(turn.before) < MAX_ROUNDS
            following = self._begun(turn) if alone else None
            return None if following is None else following._replace(calm=True)
        self._log.end(here, decision.reason or Reason.SUPERSEDED, course)
        again = (spawn.campaign, spawn.track) in turn.before.rounds
        if decision.reason is Reason.HANDED_OVER:
            if again:
                self._log.end(here, "goes round", course)
                return None
            return self._begun(turn)
        # a round that an event begins is walked by itself; here only with what was sent before it
        alone = len(turn.after.acts) == self._before + 1
        following = None if again or not alone else self._begun(turn)
        return None if following is None else following._replace(calm=True)

    def _begun(self, turn: Turn) -> State | None:
        following = self._world.begin(turn)
        if following is not None:
            self._sleeps(following)
        return following

    def _sleeps(self, state: State) -> None:
        enrolment = state.enrolment
        if enrolment.state == EnrolmentState.PARKED and state.due is None:
            self._log.end((enrolment.campaign, enrolment.track), "sleeps", self._course(state))


def _positions(state: State) -> Iterator[int]:
    """Soon after the last decision and shortly before the next; where there is none to come, a day later."""
    if state.due is None:
        yield state.now + DAY
        return
    gap = state.due - state.now
    soon = HOUR if gap > 4 * HOUR else MINUTE
    if gap > 2 * soon:
        yield state.now + soon
        yield state.due - soon
    elif gap > 0:
        yield state.now + gap // 2


def without_endings(acts: Sequence[Act], endings: frozenset[str]) -> list[Act]:
    """The acts that leave the round going, as far as can be known beforehand."""
    return [
        act
        for act in acts
        if act.doing is not Doing.CHANGE and not (act.doing is Doing.EVENT and act.name in endings)
    ]
