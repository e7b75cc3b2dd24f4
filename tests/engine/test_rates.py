"""Declared rates hold in every stretch, whoever sends, whatever the clocks say, and whoever dies."""

from __future__ import annotations

import threading
import time
from functools import cache
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.base import Capabilities, Message, Outcome
from channels.recording import ALL_CHANNELS, RecordingAdapter
from engine import rates
from engine.app import App, environment_of
from engine.clock import SystemClock
from engine.compile import load_files
from engine.dispatch import dispatch
from engine.jobs import run_refresh, run_turn
from engine.model import BUILT_IN, DAY, ChannelDef, Rate, WarmUp
from state.store import Store
from state.testing import database
from tests.engine.building import NOW, add_person, files, open_app

HELLO = "audience: {segment: churned}\ncadence:\n  - {step: hello, at: 0d, email: note}\nthen: end\n"


def channel(
    *declared: Rate, warm_up: WarmUp | None = None, group: str | None = None, name: str = "email"
) -> ChannelDef:
    return ChannelDef(
        channel=name,
        adapter="x",
        options={},
        rates=declared,
        warm_up=warm_up,
        rate_group=group,
        source=BUILT_IN,
    )


def most_in(moments: list[int], per: int) -> int:
    """The most in any stretch of so many seconds, both ends of which are not in it together."""
    moments = sorted(moments)
    return max((sum(1 for other in moments if at <= other < at + per * 1000) for at in moments), default=0)


_NAMES = count()


@cache
def shared_store() -> Store:
    """One for all examples; each has a channel of its own."""
    return Store.open("sqlite://")


class Sender:
    """A worker that draws, sends some of it some time later, and tells of it or dies."""

    def __init__(self, store: Store, name: str) -> None:
        self.store, self.name = store, name
        self.left: list[int] = []

    def go(
        self, declared: ChannelDef, now: int, wanted: int, used: float, takes: int, dies: bool
    ) -> rates.Share:
        with self.store.begin() as conn:
            share = rates.draw(conn, declared, now, wanted, self.name, coarse=False)
            share.keep(conn, share.count)
        # they leave at any moment from the draw to a minute later
        self.left += [share.at + takes * n // max(1, share.count) for n in range(int(share.count * used))]
        share.left = self.left[len(self.left) - int(share.count * used) :]
        if not dies:
            with self.store.begin() as conn:
                rates.close(conn, [share])
        return share


_ACTS = st.tuples(
    st.integers(0, 1),  # whose turn
    st.sampled_from(
        [0, 1, 40, 999, 1_000, 7_000, 59_000, 61_000, 3_600_000, 20_000_000, 86_400_000]
    ),  # time goes by
    st.integers(1, 40),  # wanted
    st.sampled_from([0.0, 0.5, 1.0]),  # of it used
    st.sampled_from([0, 3, 250, 5_000, 59_999]),  # milliseconds it takes
    st.booleans(),  # and then it dies
)


@settings(max_examples=120, deadline=None)
@given(
    declared=st.lists(
        st.builds(Rate, st.integers(1, 30), st.sampled_from([1, 60, 3_600, DAY])), min_size=1, max_size=3
    ),
    acts=st.lists(_ACTS, min_size=1, max_size=40),
)
def test_in_no_stretch_does_more_leave_than_is_declared(
    declared: list[Rate], acts: list[tuple[int, int, int, float, int, bool]]
) -> None:
    """By the one clock that its workers share; that they do is tested below."""
    store, own = shared_store(), channel(*declared, name=f"c{next(_NAMES)}")
    both = [Sender(store, "one"), Sender(store, "two")]
    now = NOW * 1000
    for who, passed, wanted, used, takes, dies in acts:
        now += passed
        both[who].go(own, now, wanted, used, takes, dies)
    everything = both[0].left + both[1].left
    for rate in declared:
        assert most_in(everything, rate.per) <= rate.limit


@settings(max_examples=40, deadline=None)
@given(
    gaps=st.lists(st.integers(0, 3 * DAY * 1000), min_size=1, max_size=30),
    double_every=st.sampled_from([DAY, 3 * DAY]),
)
def test_a_warm_up_doubles_from_its_first_message_on_and_never_passes_the_rate(
    gaps: list[int], double_every: int
) -> None:
    warm_up = WarmUp(start=Rate(5, DAY), double_every=double_every)
    declared = channel(Rate(50, DAY), warm_up=warm_up, name=f"c{next(_NAMES)}")
    sender, now, began = Sender(shared_store(), "one"), NOW * 1000, None
    for gap in gaps:
        now += gap
        if sender.go(declared, now, 100, 1.0, 0, False).count and began is None:
            began = now
        step = 5 * 2 ** ((now - (began or now)) // (double_every * 1000))
        day = [at for at in sender.left if at > now - DAY * 1000]
        assert len(day) <= min(50, step)


def test_what_the_step_of_a_warm_up_allows_is_used_up_and_no_more(store: Store) -> None:
    declared = channel(Rate(50, DAY), warm_up=WarmUp(start=Rate(5, DAY), double_every=3 * DAY))
    sender = Sender(store, "one")
    # at the same hour every day, or half an hour later: what left is remembered by slots of a day's sixtieth
    days = [NOW + day * (DAY + 1_800) for day in range(14)]
    sent = [sender.go(declared, at * 1000, 100, 1.0, 0, False).count for at in days]
    assert sent == [5, 5, 5, 10, 10, 10, 20, 20, 20, 40, 40, 40, 50, 50]


def test_channels_of_a_group_share_and_others_do_not(store: Store) -> None:
    email = channel(Rate(10, DAY), group="account")
    sms = channel(Rate(10, DAY), group="account", name="sms")
    push = channel(Rate(10, DAY), name="push")
    sender = Sender(store, "one")
    drawn = [sender.go(each, NOW * 1000, 7, 1.0, 0, False).count for each in (email, sms, push)]
    assert drawn == [7, 3, 7]


def test_a_worker_that_dies_costs_its_share_and_no_more(store: Store) -> None:
    declared = channel(Rate(10, 60))
    dead, other = Sender(store, "dead"), Sender(store, "other")
    assert dead.go(declared, NOW * 1000, 6, 0.0, 0, True).count == 6
    assert other.go(declared, NOW * 1000, 10, 1.0, 0, False).count == 4
    assert other.go(declared, (NOW + 119) * 1000, 10, 1.0, 0, False).count == 4
    assert other.go(declared, (NOW + 180) * 1000, 10, 1.0, 0, False).count == 10, (
        "a minute to leave, and one to count"
    )


def test_who_must_wait_is_told_how_long(store: Store) -> None:
    declared = channel(Rate(20, 60))
    sender = Sender(store, "one")
    assert sender.go(declared, NOW * 1000, 20, 1.0, 0, False).count == 20
    share = sender.go(declared, (NOW + 10) * 1000, 20, 1.0, 0, False)
    assert (share.count, share.free_in) == (0, 50_000)
    assert sender.go(declared, (NOW + 60) * 1000, 20, 1.0, 0, False).count == 20


# ── whole workers, on real clocks ──


class SkewedClock(SystemClock):
    """A machine whose clock is wrong, at nine in the morning of NOW and later."""

    def __init__(self, ahead: int) -> None:
        self._ahead = NOW - int(time.time()) + ahead

    def now(self) -> int:
        return super().now() + self._ahead

    def milliseconds(self) -> int:
        return super().milliseconds() + self._ahead * 1000


class Counting(RecordingAdapter):
    """Notes the moment at which each message reaches it, on one clock for all."""

    def __init__(self, moments: list[int], parallel: int) -> None:
        super().__init__(capabilities=Capabilities(channels=ALL_CHANNELS, parallel=parallel))
        self._moments = moments

    def send(self, message: Message) -> Outcome:
        self._moments.append(time.monotonic_ns() // 1_000_000)
        return super().send(message)


def worker(store: Store, clock: SystemClock, adapter: RecordingAdapter, rate: str) -> App:
    loaded = load_files(files({"hello": HELLO}, email=f", rate: {rate}"), Path())
    project = loaded.require()
    app = App(loaded, project, environment_of(project, "local"), store, clock)
    app.start_work()
    app.channels["email"] = adapter
    app.patience = app.turn_seconds = 30
    return app


@pytest.mark.parametrize("ahead", [40, -40])
def test_two_workers_whose_clocks_differ_hold_a_rate_together(ahead: int) -> None:
    moments: list[int] = []
    with database("postgresql") as url:
        stores = [Store.open(url), Store.open(url)]
        apps = [
            worker(store, SkewedClock(skew), Counting(moments, parallel), "30/s")
            for store, skew, parallel in zip(stores, (0, ahead), (1, 8), strict=True)
        ]
        for identity in range(1, 61):
            add_person(stores[0], identity, churned_at=NOW - 90 * DAY)
        run_refresh(apps[0], apps[0].clock.now())
        from engine.advance import advance

        advance(apps[0], apps[0].clock.now() + 60)
        threads = [threading.Thread(target=dispatch, args=(app, app.clock.now() + 120)) for app in apps]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(moments) == 60
        assert most_in(moments, 1) <= 30
        for app in apps:
            app.close()


def test_a_rate_is_waited_for_where_the_worker_has_the_patience(store: Store) -> None:
    moments: list[int] = []
    app = worker(store, SkewedClock(0), Counting(moments, 1), "20/s")
    for identity in range(1, 51):
        add_person(store, identity, churned_at=NOW - 90 * DAY)
    run_refresh(app, app.clock.now())
    run_turn(app, app.clock.now())
    assert len(moments) == 50
    assert most_in(moments, 1) <= 20


def test_what_is_drawn_and_not_used_is_there_for_the_next(store: Store) -> None:
    app = open_app(store, {"hello": HELLO}, email=", rate: 10/h")
    adapter = RecordingAdapter(capabilities=Capabilities(channels=ALL_CHANNELS))
    app.channels["email"] = adapter
    for received, upto in ((1, 1), (10, 14)):
        for identity in range(len(adapter.received) + 1, upto + 1):
            add_person(store, identity, churned_at=NOW - 90 * DAY)
        run_refresh(app, NOW)
        run_turn(app, NOW)
        assert len(adapter.received) == received


@pytest.mark.parametrize("ahead", [2 * 60, DAY, 30 * DAY])
@pytest.mark.parametrize("closes", ["before", "after", "never"])
def test_a_clock_that_ran_ahead_shuts_a_channel_for_no_longer_than_its_rate_would(
    store: Store, ahead: int, closes: str
) -> None:
    """What left by the wrong clock counts as if it left when the clock was right again."""
    declared = channel(Rate(10, 60))
    wrong = Sender(store, "wrong")
    share = wrong.go(declared, (NOW + ahead) * 1000, 10, 1.0, 0, closes != "before")
    assert share.count == 10
    right = Sender(store, "right")
    first = right.go(declared, NOW * 1000, 10, 1.0, 0, False)
    assert (first.count, first.ahead) == (0, ahead * 1000)
    if closes == "after":
        with store.begin() as conn:
            rates.close(conn, [share])
    assert right.go(declared, (NOW + 59) * 1000, 10, 1.0, 0, False).count == 0
    again = right.go(declared, (NOW + 121) * 1000, 10, 1.0, 0, False)
    assert (again.count, again.ahead) == (10, 0)


def test_a_clock_that_is_a_little_ahead_is_waited_for(store: Store) -> None:
    declared, sender = channel(Rate(10, 60)), Sender(store, "one")
    sender.go(declared, (NOW + 30) * 1000, 10, 1.0, 0, False)
    share = sender.go(declared, NOW * 1000, 10, 1.0, 0, False)
    assert (share.count, share.ahead, share.at) == (0, 0, (NOW + 30) * 1000)
