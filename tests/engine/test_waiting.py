"""What was waited for does not make what follows late."""

from __future__ import annotations

import pytest

from engine.clock import VirtualClock
from engine.events import NewEvent, record
from engine.jobs import run_refresh, run_turn
from state.store import Store
from tests.engine.building import DAY, NOW, add_person, ask, open_app

WAITS = """
audience: {segment: churned}
cadence:
  - {step: first, at: 0d, email: note}
  - {step: listen, at: 1d, wait_for: {event: clicked, up_to: 10d}}
  - {step: second, at: 2d, email: note, expires: 1d}
  - {step: third, at: 4d, email: note, expires: 1d}
then: end
"""


def happened(store: Store, at: int) -> None:
    event = NewEvent(identity_id=1, name="clicked", at=at, source="test", key="1")
    record(store, [event], VirtualClock(at), {"clicked": ["waits"]})


@pytest.mark.parametrize(("clicked", "second"), [(None, 11), (5, 5), (1, 2)])
def test_the_rest_of_the_round_moves_by_what_was_waited(store: Store, clicked: int | None, second: int) -> None:
    app = open_app(store, {"waits": WAITS})
    add_person(store, 1, churned_at=NOW - 40 * DAY)
    run_refresh(app, NOW)
    for hour in range(20 * 24):
        if clicked is not None and hour == clicked * 24:
            happened(store, NOW + clicked * DAY)
        run_turn(app, NOW + hour * 3_600)
    days = {step: (at - NOW) // DAY for step, at in ask(store, "SELECT step, counted_at FROM touch")}
    assert days == {"first": 0, "second": second, "third": second + 2}


def test_downtime_is_not_waiting(store: Store) -> None:
    app = open_app(store, {"waits": WAITS})
    add_person(store, 1, churned_at=NOW - 40 * DAY)
    run_refresh(app, NOW)
    run_turn(app, NOW)
    run_turn(app, NOW + DAY)
    run_turn(app, NOW + 30 * DAY)
    told = dict(ask(store, "SELECT step, reason FROM touch"))
    assert told == {"first": None, "second": "expired", "third": "expired"}


WEEKDAYS = """
audience: {segment: churned}
cadence:
  - {step: first, at: 0d, email: note, window: {hours: 09:00-17:00, days: mon..fri}, expires: 12h}
then: end
"""


def test_a_weekend_that_the_plan_falls_into_takes_nothing_from_a_step(store: Store) -> None:
    app = open_app(store, {"waits": WEEKDAYS})
    add_person(store, 1, churned_at=NOW - 40 * DAY)
    saturday = NOW + 5 * DAY
    run_refresh(app, saturday)
    for hour in range(3 * 24):
        run_turn(app, saturday + hour * 3_600)
    # nine in the morning is an hour earlier by then: the clocks went forward on Sunday
    monday = NOW + 7 * DAY - 3_600
    assert ask(store, "SELECT state, counted_at FROM touch") == [("sent", monday)]
