"""Capacity: no owner is given more tasks in a day than they can do, and everybody is served in the end."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.app import App
from engine.breaker import Breaker, BreakerState
from engine.clock import VirtualClock
from engine.errors import ConfigurationError
from engine.explain import explain
from engine.facts import Workload
from engine.gates.capacity import _freed
from engine.jobs import run_refresh, run_turn
from engine.workload import capacities
from state.queries import control
from state.store import Store
from state.testing import database
from tests.engine.building import DAY, NOW, PROJECT, SEGMENTS, add_person, ask, files, open_files

NOTE = "---\ntitle: Write to {{ person.first_name }}\n---\nSay hello to {{ person.first_name }}.\n"
ONE = """\
audience: {{segment: churned}}
group: {group}
priority: {priority}
cadence:
  - {{step: note, at: 0d, linkedin: hand/note}}
  - {{step: word, at: 2d, linkedin: hand/note}}
then: end
"""


def rests(app: App, until: int) -> None:
    """LinkedIn is ill, and left alone until then."""
    with app.store.begin() as conn:
        control.put(conn, "breaker:linkedin", asdict(Breaker(state=BreakerState.OPEN, until=until)), NOW)


def texts(capacity: int, **campaigns: int) -> dict[str, str]:
    """A project whose ``campaigns`` (name -> priority) each give two tasks a person."""
    found = files({name: ONE.format(group=name, priority=priority) for name, priority in campaigns.items()})
    project = PROJECT.replace(" EMAIL", "").replace(
        "policy: {", "policy: {consent: {linkedin: lawful_basis}, "
    )
    project = project.replace("fatigue: 20 per 7d", "fatigue: 90 per 7d").replace(
        "step_expiry: 3d", "step_expiry: 1d"
    )
    project += f"  linkedin: {{adapter: task, capacity: {capacity}}}\n"
    return {**found, "rekindle.yaml": project, "segments.yaml": SEGMENTS, "templates/hand/note.md": NOTE}


@contextmanager
def working(store: Store, capacity: int, **campaigns: int) -> Iterator[App]:
    app = open_files(store, texts(capacity, **campaigns))
    yield app
    app.close()


def add(store: Store, identity: int, owner: str | None = None) -> None:
    add_person(store, identity, churned_at=NOW - 90 * DAY, owner_email=owner,
               linkedin=f"https://www.linkedin.com/in/p{identity}-example")  # fmt: skip


def work(app: App, until: int, *, every: int = 3_600) -> None:
    """The wheel, at every full hour up to ``until``."""
    clock = app.clock
    assert isinstance(clock, VirtualClock)
    run_refresh(app, clock.now())
    while clock.now() <= until:
        run_turn(app, clock.now())
        clock.move_to(clock.now() + every)


def opened(store: Store) -> dict[str, list[int]]:
    """owner -> moments of their tasks, in order."""
    found = defaultdict[str, list[int]](list)
    for owner, at in ask(store, "SELECT owner, created_at FROM task ORDER BY created_at"):
        found[owner].append(at)
    return found


def most_in_a_day(moments: list[int]) -> int:
    return max(sum(1 for other in moments if at <= other < at + DAY) for at in moments)


# ── the promise ──


@settings(max_examples=12, deadline=None)
@given(
    owners=st.lists(
        st.sampled_from(["dana@small.example", "lee@small.example", None]), min_size=1, max_size=14
    ),
    capacity=st.integers(1, 5),
    other=st.integers(1, 99),
    hours=st.integers(1, 7),
)
def test_no_owner_has_more_than_they_can_do_and_everybody_is_served(
    owners: list[str | None], capacity: int, other: int, hours: int
) -> None:
    with database("sqlite") as url:
        store = Store.open(url)
        for identity, owner in enumerate(owners, start=1):
            add(store, identity, owner)
        with working(store, capacity, first=50, second=other) as app:
            work(app, NOW + (8 + 8 * len(owners) // capacity) * DAY, every=hours * 3_600)
        by_owner = opened(store)
        assert {owner: most_in_a_day(at) <= capacity for owner, at in by_owner.items()} == dict.fromkeys(
            by_owner, True
        )
        served = Counter(ask(store, "SELECT identity_id, campaign, step FROM task"))
        assert len(served) == 4 * len(owners)
        assert ask(store, "SELECT DISTINCT state FROM touch") == [("sent",)], "nothing expired of waiting"
        store.close()


def test_two_workers_at_once_hold_it_together() -> None:
    with database("postgresql") as url:
        store = Store.open(url)
        for identity in range(1, 41):
            add(store, identity, "dana@small.example" if identity % 3 else None)
        with working(store, 4, first=50) as one, working(Store.open(url), 4, first=50) as two:
            run_refresh(one, NOW)
            for n in range(24 * 26):
                at = NOW + n * 3_600
                _together(one, two, at)
            assert {o: most_in_a_day(at) for o, at in opened(store).items()} == {
                "dana@small.example": 4, "ops@small.example": 4,
            }  # fmt: skip
            assert ask(store, "SELECT state, count(*) FROM touch GROUP BY state") == [("sent", 80)]
        store.close()


def _together(one: App, two: App, at: int) -> None:
    gate = threading.Barrier(2)
    failed: list[BaseException] = []

    def turn(app: App) -> None:
        try:
            assert isinstance(app.clock, VirtualClock)
            app.clock.move_to(at)
            gate.wait(30)
            run_turn(app, at)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=turn, args=(app,)) for app in (one, two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failed, failed


@pytest.mark.parametrize("hours", [6, 7, 11])
def test_many_waits_do_not_add_up_to_an_expiry(hours: int, store: Store) -> None:
    """Who is looked at late, and then in the night, loses hours beside the wait."""
    for identity in (1, 2, 3):
        add(store, identity)
    with working(store, 1, first=50, second=1) as app:
        work(app, NOW + 32 * DAY, every=hours * 3_600)
    assert ask(store, "SELECT state, count(*) FROM touch GROUP BY state") == [("sent", 12)]


# ── how it slows ──


def test_the_whole_timeline_of_who_waits_moves_by_the_wait(store: Store) -> None:
    add(store, 1)
    add(store, 2)
    with working(store, 1, first=50) as app:
        work(app, NOW + 6 * DAY)
    steps = ask(store, "SELECT identity_id, step, created_at FROM task ORDER BY created_at, step")
    assert [(i, step, (at - NOW) // DAY) for i, step, at in steps] == [
        (1, "note", 0), (2, "note", 1), (1, "word", 2), (2, "word", 3),
    ]  # fmt: skip
    assert ask(store, "SELECT identity_id, shift FROM enrolment ORDER BY 1") == [(1, 0), (2, DAY)]


def test_it_says_why_and_explain_too(store: Store) -> None:
    for identity in (1, 2):
        add(store, identity, "dana@small.example")
    with working(store, 1, first=50) as app:
        run_refresh(app, NOW)
        run_turn(app, NOW)
        assert ask(store, "SELECT identity_id, state, reason, not_before FROM touch ORDER BY 1") == [
            (1, "sent", None, NOW), (2, "held", "capacity", NOW + DAY),
        ]  # fmt: skip
        (found,) = [d for d in explain(app, 2)["ledger"] if d["rule"] == "capacity"]
        told = found["reasons"][-1]
        assert told["because"] == "the owner has been given 1 task in 24 hours, and can do 1"
        assert told["facts"] == {"capacity": 1, "in_24_hours": 1}
        assert explain(app, 1)["enrolments"][0]["next"]["rule"] is None, "in two days there is room"


def test_the_higher_priority_goes_first_whoever_came_first(store: Store) -> None:
    for identity in (1, 2, 3):
        add(store, identity)
    with working(store, 2, low=10, high=90) as app:
        work(app, NOW)
    assert ask(store, "SELECT campaign, identity_id FROM task ORDER BY 1, 2") == [("high", 1), ("high", 2)]


def test_who_has_waited_longest_goes_before_who_comes_later(store: Store) -> None:
    for identity in (1, 2, 3):
        add(store, identity)
    with working(store, 1, first=50) as app:
        work(app, NOW + 3_600)
        add(store, 4)
        work(app, NOW + 8 * DAY)
    notes = ask(store, "SELECT identity_id FROM task WHERE step = 'note' ORDER BY created_at")
    assert [i for (i,) in notes] == [1, 2, 3, 4]


def test_every_kind_of_owner_has_a_day_of_their_own(store: Store) -> None:
    for identity, owner in enumerate(["dana@small.example", None, "dana@small.example", None], start=1):
        add(store, identity, owner)
    with working(store, 1, first=50) as app:
        work(app, NOW)
    assert {o: len(at) for o, at in opened(store).items()} == {
        "dana@small.example": 1,
        "ops@small.example": 1,
    }


def test_a_task_that_leaves_by_the_queue_is_counted_when_it_leaves(store: Store) -> None:
    """Its place is of the day on which it leaves, not of the one on which it was decided."""
    for identity in (1, 2):
        add(store, identity)
    with working(store, 1, first=50) as app:
        rests(app, NOW + 20 * 3_600)
        work(app, NOW + DAY // 2)
        assert ask(store, "SELECT state, reason FROM touch ORDER BY 1") == [
            ("held", "capacity"),
            ("queued", None),
        ]
        work(app, NOW + 9 * DAY)
    moments = opened(store)["ops@small.example"]
    assert moments[:2] == [NOW + 20 * 3_600, NOW + 44 * 3_600]
    assert len(moments) == 4


def test_what_is_queued_too_long_waits_for_room_where_it_leaves_and_lives_as_much_longer(
    store: Store,
) -> None:
    add(store, 1)
    with working(store, 1, first=50) as app:
        rests(app, NOW + 7_200)
        work(app, NOW)
        others = {"ops@small.example": {"2:first:1:note": NOW + 3_600}}
        with app.store.begin() as conn:
            control.put(conn, "capacity:ops@small.example", others["ops@small.example"], NOW)
        before = ask(store, "SELECT expires_at FROM touch")[0][0]
        work(app, NOW + 7_200)
        found = ask(store, "SELECT state, reason, not_before, expires_at FROM touch")
        assert found == [("queued", "capacity", NOW + 3_600 + DAY, before + DAY + 3_600)]
        work(app, NOW + 2 * DAY)
    assert opened(store)["ops@small.example"] == [NOW + 3_600 + DAY]


def test_without_a_capacity_nothing_is_kept_and_nobody_waits(store: Store) -> None:
    found = {k: v.replace(", capacity: 1", "") for k, v in texts(1, first=50).items()}
    for identity in range(1, 6):
        add(store, identity)
    app = open_files(store, found)
    run_refresh(app, NOW)
    run_turn(app, NOW)
    assert ask(store, "SELECT count(*) FROM task") == [(5,)]
    assert ask(store, "SELECT key FROM control WHERE key LIKE 'capacity:%'") == []
    app.close()


def test_a_capacity_out_of_the_environment_is_text_and_one_that_is_none_stops_the_worker(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {
        k: v.replace("capacity: 1}", "capacity: {env: DAY_OF_DANA}}") for k, v in texts(1, first=50).items()
    }
    monkeypatch.setenv("DAY_OF_DANA", "2")
    with open_files(store, found) as app:
        assert capacities(app.environment) == {"linkedin": 2}
        monkeypatch.setenv("DAY_OF_DANA", "many")
        assert capacities(app.environment) == {}
        app.channels.clear()
        with pytest.raises(ConfigurationError, match="option 'capacity'"):
            app.build_channels()


def test_who_cannot_be_served_soon_is_not_looked_at_every_day(store: Store) -> None:
    for identity in range(1, 101):
        add(store, identity)
    with working(store, 2, first=50) as app:
        work(app, NOW + 12 * DAY, every=DAY // 2)
    looks = ask(store, "SELECT count(*) FROM decision WHERE rule = 'capacity' AND step = 'note'")[0][0]
    assert looks < 100 + 12 * 90 / 3, "each of them daily would be 12 * 90"


@pytest.mark.parametrize(("before", "days"), [(0, 1), (2, 1), (5, 1), (6, 2), (9, 2), (10, 3)])
def test_half_of_those_before_are_believed_to_come(before: int, days: int) -> None:
    assert _freed([NOW, NOW], 2, before) == NOW + days * DAY + before // 2


def test_the_load_of_a_batch_begins_empty() -> None:
    assert Workload({"phone": 3}) == Workload({"phone": 3}, {}, Counter())
