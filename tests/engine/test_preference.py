"""What a person chose for themselves holds when a touch is decided and when it leaves, on both databases."""

from __future__ import annotations

import pytest

from engine.advance import advance
from engine.app import App
from engine.dispatch import dispatch
from engine.gates import AT_DISPATCH, GATES
from engine.gates.preference import preference
from engine.jobs import run_refresh, run_turn
from state.queries import outbox, preferences
from state.store import Store
from tests.engine.building import DAY, NOW, add_person, ask, open_app

CAMPAIGN = """\
audience: {segment: churned}
goal: {event: purchase, within: 60d}
cadence:
  - {step: first, at: 0d, email: note}
  - {step: second, at: 2d, email: note, expires: 10d}
then: end
exit:
  - {event: replied, as: handed_over}
"""


def chose(store: Store, identity: int, *, paused_until: int | None = None, every: int | None = None) -> None:
    with store.begin() as conn:
        preferences.put(conn, identity, paused_until, every, NOW, "pages")


def turn(app: App, now: int) -> None:
    app.clock.move_to(now)  # type: ignore[attr-defined]
    run_refresh(app, now)
    run_turn(app, now)


@pytest.fixture
def app(store: Store) -> App:
    app = open_app(store, {"back": CAMPAIGN})
    add_person(store, 1, churned_at=NOW - 90 * DAY)
    return app


TOUCHES = "SELECT step, state, reason FROM touch ORDER BY planned_at"


def test_it_is_asked_twice() -> None:
    assert preference in GATES
    assert preference in AT_DISPATCH


def test_a_pause_holds_and_then_lets_go(app: App, store: Store) -> None:
    chose(store, 1, paused_until=NOW + 2 * DAY)
    turn(app, NOW)
    assert ask(store, TOUCHES) == [("first", "held", "preference")]
    turn(app, NOW + 2 * DAY)
    assert ask(store, TOUCHES) == [("first", "sent", None), ("second", "sent", None)]


def test_a_pause_longer_than_a_step_lives_skips_it(app: App, store: Store) -> None:
    chose(store, 1, paused_until=NOW + 5 * DAY)
    turn(app, NOW)
    assert ask(store, TOUCHES) == [("first", "skipped", "preference")]
    turn(app, NOW + 2 * DAY)
    assert ask(store, TOUCHES)[1] == ("second", "held", "preference")
    turn(app, NOW + 5 * DAY)
    assert ask(store, TOUCHES)[1] == ("second", "sent", None)


def test_at_most_one_in_seven_days_counts_what_was_sent(app: App, store: Store) -> None:
    turn(app, NOW)
    chose(store, 1, every=7 * DAY)
    turn(app, NOW + 2 * DAY)
    assert ask(store, TOUCHES) == [("first", "sent", None), ("second", "held", "preference")]
    assert ask(store, "SELECT due_at FROM enrolment") == [(NOW + 7 * DAY,)]
    turn(app, NOW + 7 * DAY)
    assert ask(store, TOUCHES)[1] == ("second", "sent", None)


def test_a_frequency_longer_than_every_cap_looks_back_as_far(app: App, store: Store) -> None:
    """Caps look back over a week; ninety days are remembered all the same."""
    turn(app, NOW)
    chose(store, 1, every=90 * DAY)
    turn(app, NOW + 8 * DAY)
    assert ask(store, TOUCHES)[1] == ("second", "skipped", "preference")


def test_what_is_queued_when_they_choose_does_not_leave(app: App, store: Store) -> None:
    run_refresh(app, NOW)
    advance(app, NOW)
    assert ask(store, TOUCHES) == [("first", "queued", None)]
    chose(store, 1, paused_until=NOW + 2 * DAY)
    dispatch(app, NOW)
    sql = "SELECT state, reason, not_before FROM touch"
    assert ask(store, sql) == [("queued", "preference", NOW + 2 * DAY)]
    chose(store, 1)
    with store.begin() as conn:
        preferences.release(conn, 1, NOW)
    dispatch(app, NOW)
    assert ask(store, TOUCHES) == [("first", "sent", None)]


def test_a_pause_chosen_after_the_receipt_is_seen_by_the_last_look(store: Store) -> None:
    for identity, until in ((1, NOW + DAY), (2, NOW)):
        add_person(store, identity)
        chose(store, identity, paused_until=until)
    with store.read() as conn:
        assert outbox.refusals(conn, [1, 2], [], NOW) == {(1, "all")}


def test_a_milder_choice_lets_what_waits_go_at_once(app: App, store: Store) -> None:
    chose(store, 1, paused_until=NOW + 2 * DAY)
    turn(app, NOW)
    chose(store, 1)
    with store.begin() as conn:
        preferences.release(conn, 1, NOW + 60)
    turn(app, NOW + 60)
    assert ask(store, TOUCHES)[0] == ("first", "sent", None)
