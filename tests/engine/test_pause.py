"""A pause gives its time back: to the timeline, not to what an event has called for."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from engine import backlog
from engine.app import App
from engine.clock import VirtualClock
from engine.events import NewEvent, record
from engine.jobs import run_refresh, run_turn
from state.store import Store
from tests.engine.building import DAY, NOW, add_person, ask, open_app

SLEEPY = """\
audience: {segment: churned}
cadence:
  - {step: hello, at: 60d, email: note}
then: {park: 90d}
triggers:
  - trigger: shipped
    event: feature_shipped
    cadence:
      - {step: news, at: 0d, email: note}
"""


def staged(store: Store) -> App:
    """One person enrolled in a campaign that is then paused."""
    app = open_app(store, {"hello": SLEEPY})
    add_person(store, 1, churned_at=NOW - 40 * DAY)
    run_refresh(app, NOW)
    run_turn(app, NOW)
    with store.begin() as conn:
        backlog.pause(conn, "hello", NOW)
    return app


def at(app: App, day: int) -> int:
    """Move the clock to that day of the pause."""
    assert isinstance(app.clock, VirtualClock)
    app.clock.move_to(NOW + day * DAY)
    return app.clock.now()


def resumed(app: App, day: int) -> int | None:
    with app.store.begin() as conn:
        return backlog.resume(conn, "hello", at(app, day))


def days(store: Store, columns: str, identity: int = 1) -> tuple[Any, ...]:
    """Columns of the enrolment, as days from the pause on."""
    row = ask(store, f"SELECT {columns} FROM enrolment WHERE identity_id = :i", i=identity)[0]
    return tuple(None if v is None else (v - NOW) / DAY for v in row)


def shipped(app: App, day: int) -> None:
    now = at(app, day)
    event = NewEvent(identity_id=1, name="feature_shipped", at=now, source="x", key="k")
    record(app.store, [event], app.clock, app.listeners())


def test_the_timeline_moves_by_the_length_of_the_pause(store: Store) -> None:
    app = staged(store)
    assert resumed(app, 30) == 30 * DAY
    assert days(store, "due_at, resume_at") == (90, 90)
    assert ask(store, "SELECT shift FROM enrolment") == [(30 * DAY,)]


def test_what_an_event_called_for_meanwhile_is_looked_at_when_the_campaign_goes_on(store: Store) -> None:
    app = staged(store)
    shipped(app, 29)
    assert days(store, "due_at, resume_at") == (29, 60)
    resumed(app, 30)
    assert days(store, "due_at, resume_at") == (30, 90)
    run_turn(app, NOW + 30 * DAY)
    assert ask(store, "SELECT step, state FROM touch") == [("news", "sent")]


def test_who_slept_without_an_end_still_does(store: Store) -> None:
    app = staged(store)
    with store.begin() as conn:
        conn.execute(text("UPDATE enrolment SET resume_at = NULL, due_at = NULL"))
    resumed(app, 30)
    assert days(store, "due_at, resume_at") == (None, None)


def test_who_slept_without_an_end_and_was_woken_is_looked_at(store: Store) -> None:
    app = staged(store)
    with store.begin() as conn:
        conn.execute(text("UPDATE enrolment SET resume_at = NULL, due_at = :at"), {"at": NOW + 3 * DAY})
    resumed(app, 30)
    assert days(store, "due_at, resume_at") == (30, None)


def test_what_was_due_before_the_pause_keeps_its_place(store: Store) -> None:
    app = staged(store)
    with store.begin() as conn:
        values = {"resume": NOW - DAY, "due": NOW - 2 * DAY}  # an event had called for it
        conn.execute(text("UPDATE enrolment SET resume_at = :resume, due_at = :due"), values)
    resumed(app, 30)
    assert days(store, "due_at, resume_at") == (29, 29)


def test_who_entered_during_the_pause_gets_back_no_more_than_was_lost(store: Store) -> None:
    app = staged(store)
    with store.begin() as conn:
        values = {"at": NOW + 20 * DAY, "due": NOW + 25 * DAY}
        sql = "UPDATE enrolment SET entered_at = :at, resume_at = :due, due_at = :due"
        conn.execute(text(sql), values)
    resumed(app, 30)
    assert days(store, "due_at, resume_at") == (35, 35)
    assert ask(store, "SELECT shift FROM enrolment") == [(10 * DAY,)]
