"""The nine invariants as a state machine: anything may happen in any order, and any process may die anywhere."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from channels.base import Rejected, Retry, Unknown
from channels.recording import Act
from engine.advance import advance
from engine.app import App
from engine.dispatch import dispatch
from engine.doubts import recover
from engine.jobs import run_housekeeping, run_refresh
from state.testing import database
from tests.invariants import acts, versions
from tests.invariants.books import Books
from tests.invariants.people import DAY, KINDS, Human, Kind
from tests.invariants.world import PROJECT, World, turn_the_wheel

HOUR = 3_600

#: one worker's jobs, together and apart
JOBS: dict[str, Callable[[App], object]] = {
    "refresh": lambda app: run_refresh(app, app.clock.now()),
    "recover": lambda app: recover(app, app.clock.now()),
    "advance": lambda app: advance(app, app.clock.now()),
    "advance one by one": lambda app: advance(app, app.clock.now(), batch=1),
    "dispatch": lambda app: dispatch(app, app.clock.now()),
    "turn": turn_the_wheel,
    "housekeeping": lambda app: run_housekeeping(app, app.clock.now()),
}

#: what a provider can make of a message
ACTS = {
    "refuses": Act(outcome=Rejected(reason="no")),
    "is busy": Act(outcome=Retry(reason="later", after=600)),
    "is busy for long": Act(outcome=Retry(reason="later", after=40_000)),
    "loses the answer after it arrived": Act(outcome=Unknown(reason="timeout"), arrives=True),
    "loses the answer before it arrived": Act(outcome=Unknown(reason="timeout"), arrives=False),
    "loses the connection and dies": Act(crash=True, arrives=True),
}

channels = st.sampled_from(["email", "sms", "linkedin"])
scopes = st.sampled_from(["email", "sms", "linkedin", "all"])
campaigns = st.sampled_from(["recall", "checkin", "second", "burst", "welcome"])
anyone = st.integers(0, 30)


class Machine(RuleBasedStateMachine):
    """Subclassed once a database."""

    dialect: str

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="rekindle-world-")))
        url = self._stack.enter_context(database(self.dialect))
        self.world = World(folder, url)
        self._stack.callback(self.world.close)
        self.books = Books(self.world)
        self.paused: set[str] = set()

    def _human(self, number: int) -> Human:
        living = [h for h in self.world.oracle.humans.values() if not h.merged_into and not h.gone]
        return (
            living[number % len(living)]
            if living
            else self._arrive(KINDS[0], lost=False, away=60 * DAY, consents=0)
        )

    # ── people ──

    @initialize(kinds=st.lists(st.sampled_from(KINDS), min_size=3, max_size=8), fresh=st.booleans())
    def begin(self, kinds: list[Kind], fresh: bool) -> None:
        for number, kind in enumerate(kinds):
            self._arrive(kind, lost=number % 2 == 1, away=(50 if fresh else 200) * DAY, consents=number % 4)
        self.world.hire()

    def _arrive(self, kind: Kind, *, lost: bool, away: int, consents: int) -> Human:
        human = self.world.add(kind, lost=lost, away=away, bought=(900 if consents == 3 else 210) * DAY)
        if consents != 2:
            self.world.consent(human, "sms", "express_written", proof=consents != 3)
        if consents != 1:
            self.world.consent(human, "email", "implied" if consents else "express")
        return human

    @rule(
        kind=st.sampled_from(KINDS),
        lost=st.booleans(),
        away=st.sampled_from([31, 100, 300, 500]),
        consents=st.integers(0, 3),
    )
    def someone_is_imported(self, kind: Kind, lost: bool, away: int, consents: int) -> None:
        self._arrive(kind, lost=lost, away=away * DAY, consents=consents)

    @rule(
        who=anyone,
        channel=channels,
        kind=st.sampled_from(["revoked", "revoked", "implied", "express", "express_written"]),
    )
    def consent_changes(self, who: int, channel: str, kind: str) -> None:
        self.world.consent(self._human(who), channel, kind)

    @rule(who=anyone, scope=scopes)
    def someone_refuses(self, who: int, scope: str) -> None:
        acts.refuse(self.world, self._human(who), scope)

    @rule(
        who=anyone,
        name=st.sampled_from(
            ["replied", "clicked", "purchase", "refused", "feature_shipped", "feature_shipped"]
        ),
    )
    def something_happens(self, who: int, name: str) -> None:
        acts.event(self.world, self._human(who), name, {"feature": "sso"})

    @rule(one=anyone, other=anyone)
    def two_are_one(self, one: int, other: int) -> None:
        survivor, loser = self._human(one), self._human(other)
        if survivor.identity < loser.identity and survivor.kind is loser.kind:
            acts.join(self.world, survivor, loser)

    @rule(who=anyone, certain=st.integers(0, 2))
    def someone_is_forgotten(self, who: int, certain: int) -> None:
        if not certain:
            acts.erase(self.world, self._human(who))

    @rule(who=anyone, status=st.sampled_from(["churned", "closed_lost", "customer"]))
    def the_system_of_record_changes(self, who: int, status: str) -> None:
        acts.make(self.world, self._human(who), status_at_last_touch=status)

    # ── time and work ──

    @rule(seconds=st.sampled_from([300, HOUR, 5 * HOUR, 13 * HOUR, DAY, 3 * DAY, 9 * DAY, 25 * DAY]))
    def time_passes_without_work(self, seconds: int) -> None:
        self.world.clock.move_to(self.world.now + seconds)

    @rule(job=st.sampled_from(sorted(JOBS)), worker=st.integers(0, 1))
    def a_worker_works(self, job: str, worker: int) -> None:
        self.world.work(JOBS[job], worker)

    @rule(days=st.integers(1, 8), worker=st.integers(0, 1))
    def life_goes_on(self, days: int, worker: int) -> None:
        self.world.go_on(days * DAY, worker)

    @rule(after=st.integers(1, 24), hours=st.sampled_from([0, 1, 30, 60]))
    def a_worker_dies(self, after: int, hours: int) -> None:
        self.world.accidents.order(after)
        self.world.go_on(hours * HOUR)
        self.world.accidents.cancel()

    @precondition(lambda self: self.dialect == "postgresql" and len(self.world.workers) == 1)
    @rule()
    def a_second_worker_is_hired(self) -> None:
        self.world.hire()

    @rule(reviews=st.sampled_from(["approved", "approved", "rejected"]))
    def a_reviewer_looks(self, reviews: str) -> None:
        acts.close_reviews(self.world, reviews)

    # ── what others do in between ──

    @rule(channel=channels, act=st.sampled_from(sorted(ACTS)))
    def a_provider_misbehaves(self, channel: str, act: str) -> None:
        self.world.outside[channel].then(ACTS[act])

    @rule(who=anyone, scope=scopes)
    def someone_refuses_while_a_batch_leaves(self, who: int, scope: str) -> None:
        self.world.elsewhere.append(partial(acts.refuse, self.world, self._human(who), scope))

    @rule(who=anyone, channel=channels)
    def someone_revokes_while_a_batch_leaves(self, who: int, channel: str) -> None:
        self.world.elsewhere.append(partial(self.world.consent, self._human(who), channel, "revoked"))

    @precondition(lambda self: len(self.world.workers) == 2)
    @rule()
    def the_other_worker_works_while_a_batch_leaves(self) -> None:
        self.world.elsewhere.append(partial(self.world.work, turn_the_wheel, 1))

    # ── operators ──

    @rule(campaign=campaigns)
    def an_operator_pauses_or_resumes(self, campaign: str) -> None:
        act = acts.resume if campaign in self.paused else acts.pause
        act(self.world, campaign)
        self.paused ^= {campaign}

    @rule(edit=st.sampled_from(sorted(versions.EDITS)))
    def somebody_edits_a_campaign(self, edit: str) -> None:
        versions.apply(self.world.root, PROJECT, edit)

    @rule()
    def somebody_reverts_all_edits(self) -> None:
        versions.restore(self.world.root, PROJECT)

    # ── what must hold ──

    @invariant()
    def nothing_is_wrong(self) -> None:
        self.books.look()

    def teardown(self) -> None:
        try:
            if self.world.oracle.humans:
                self._settle()
        finally:
            self._stack.close()

    def _settle(self) -> None:
        """Whatever happened: mend it, let life go on, and find nobody lost."""
        self.world.accidents.cancel()
        self.world.elsewhere.clear()
        versions.restore(self.world.root, PROJECT)
        for campaign in self.paused:
            acts.resume(self.world, campaign)
        self.world.go_on(12 * DAY)
        self.books.closed()


FAST = settings(max_examples=20, stateful_step_count=20, derandomize=True, deadline=None, database=None,
                print_blob=True, suppress_health_check=list(HealthCheck))  # fmt: skip
SOAK = settings(FAST, max_examples=int(os.environ.get("REKINDLE_SOAK_EXAMPLES", "1000")), stateful_step_count=50,
                derandomize=False)  # fmt: skip
if os.environ.get("REKINDLE_HUNT"):  # the first failure as it is found: shrinking takes minutes
    SOAK = settings(SOAK, phases=[Phase.generate], report_multiple_bugs=False)


def _run(dialect: str, profile: settings) -> None:
    run_state_machine_as_test(type("Trial", (Machine,), {"dialect": dialect}), settings=profile)


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_whatever_happens_nine_things_stay_true(dialect: str) -> None:
    _run(dialect, FAST)


@pytest.mark.soak
@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_whatever_happens_for_long_nine_things_stay_true(dialect: str) -> None:
    _run(dialect, SOAK)
