"""Who is enrolled where: first match wins, one live round a group, re-entry, cohorts, priorities."""

from __future__ import annotations

import pytest

from engine.app import App
from engine.jobs import run_refresh, run_turn
from state.store import Store
from tests.engine.building import DAY, NOW, add_person, ask, open_app

OLD = NOW - 40 * DAY

BACK = """
audience: {segment: churned, re_enter_after: 10d}
cadence:
  - {step: hello, at: 0d, email: note}
then: {park: 2d}
"""


def enrolled(store: Store) -> list[tuple[object, ...]]:
    return ask(store, "SELECT identity_id, campaign, cycle, cohort, state, step FROM enrolment ORDER BY 1, 2, 3")


def refresh(app: App, now: int) -> int:
    return run_refresh(app, now)["enrolled"]


def test_the_first_segment_that_holds_is_the_only_one(store: Store) -> None:
    lost = "audience: {segment: lost}\ncadence:\n  - {step: hi, at: 0d, email: note}\n"
    app = open_app(store, {"back": BACK, "again": lost})
    add_person(store, 1, churned_at=OLD, closed_at=OLD)
    add_person(store, 2, closed_at=OLD)
    add_person(store, 3, churned_at=NOW - 29 * DAY)
    add_person(store, 4)
    assert refresh(app, NOW) == 2
    assert enrolled(store) == [(1, "back", 1, None, "waiting", "hello"), (2, "again", 1, None, "waiting", "hi")]
    with store.read() as conn:
        assert app.audience.count_segments(conn, NOW) == {"churned": 1, "lost": 1, None: 2}


def test_a_refresh_twice_enrols_once(store: Store) -> None:
    app = open_app(store, {"back": BACK})
    add_person(store, 1, churned_at=OLD)
    assert [refresh(app, NOW), refresh(app, NOW), refresh(app, NOW + 60)] == [1, 0, 0]


def test_the_merged_and_the_erased_are_not_enrolled(store: Store) -> None:
    app = open_app(store, {"back": BACK})
    add_person(store, 1, churned_at=OLD, merged_into=9)
    add_person(store, 2, churned_at=OLD, deleted_at=NOW)
    assert refresh(app, NOW) == 0


def test_a_segment_with_two_campaigns_gives_the_higher_priority_whom_it_wants(store: Store) -> None:
    few = (
        "priority: 90\naudience: {segment: churned, where: [{lifetime_value: {at_least: 1000}}]}\n"
        "cadence:\n  - {step: hi, at: 0d, email: note}\n"
    )
    app = open_app(store, {"few": few, "back": BACK})
    add_person(store, 1, churned_at=OLD, lifetime_value=100_000)
    add_person(store, 2, churned_at=OLD, lifetime_value=99_999)
    assert refresh(app, NOW) == 2
    assert [(row[0], row[1]) for row in enrolled(store)] == [(1, "few"), (2, "back")]


def test_cohorts_are_tried_in_order_and_whom_none_fits_is_left_alone(store: Store) -> None:
    aged = (
        "audience: {segment: churned}\ncohorts:\n  fresh: {churned_at: {newer_than: 60d}}\n"
        "  older: {churned_at: {newer_than: 90d}}\n"
        "cadence:\n  - {step: hi, at: 0d, email: note, for: fresh}\n  - {step: yo, at: 1d, email: note}\n"
    )
    app = open_app(store, {"aged": aged})
    for identity, days in enumerate((40, 70, 100), start=1):
        add_person(store, identity, churned_at=NOW - days * DAY)
    assert refresh(app, NOW) == 2
    assert enrolled(store) == [(1, "aged", 1, "fresh", "waiting", "hi"), (2, "aged", 1, "older", "waiting", "yo")]
    assert ask(store, "SELECT due_at FROM enrolment ORDER BY identity_id") == [(NOW,), (NOW + DAY,)]


def test_the_oldest_sleep_until_their_event(store: Store) -> None:
    asleep = (
        "audience: {segment: churned}\ncohorts:\n  oldest: park until feature_shipped\n"
        "cadence:\n  - {step: hi, at: 0d, email: note}\n"
    )
    app = open_app(store, {"asleep": asleep})
    add_person(store, 1, churned_at=OLD)
    assert refresh(app, NOW) == 1
    assert ask(store, "SELECT state, due_at FROM enrolment") == [("parked", None)]
    assert not run_turn(app, NOW + 300 * DAY)


@pytest.mark.parametrize(("days", "back"), [(2, 0), (11, 0), (13, 1)])
def test_nobody_comes_back_before_the_time_and_everybody_may_after(store: Store, days: int, back: int) -> None:
    app = open_app(store, {"back": BACK})
    add_person(store, 1, churned_at=OLD)
    refresh(app, NOW)
    run_turn(app, NOW)
    run_turn(app, NOW + 2 * DAY)  # the park is over, the round ends
    assert ask(store, "SELECT state, reason FROM enrolment") == [("ended", "completed")]
    assert refresh(app, NOW + days * DAY) == back


def test_without_re_entry_once_is_once(store: Store) -> None:
    app = open_app(store, {"back": BACK.replace(", re_enter_after: 10d", "")})
    add_person(store, 1, churned_at=OLD)
    refresh(app, NOW)
    run_turn(app, NOW)
    run_turn(app, NOW + 2 * DAY)
    assert refresh(app, NOW + 3_000 * DAY) == 0


def test_whoever_sleeps_on_a_segment_they_have_left_is_let_go(store: Store) -> None:
    app = open_app(store, {"back": BACK.replace("park: 2d", "park: 200d")})
    add_person(store, 1, churned_at=OLD)
    refresh(app, NOW)
    run_turn(app, NOW)
    with store.begin() as conn:
        conn.exec_driver_sql("UPDATE person SET churned_at = NULL")
    assert run_refresh(app, NOW + DAY)["released"] == 1
    run_turn(app, NOW + DAY)
    assert ask(store, "SELECT state, reason FROM enrolment") == [("ended", "left_segment")]
