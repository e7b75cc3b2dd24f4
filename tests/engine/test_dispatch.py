"""Out of the door: at once or through the outbox, rates, retries, refusals, doubts."""

from __future__ import annotations

import pytest

from channels.base import Capabilities, Rejected, Retry, Unknown
from channels.recording import ALL_CHANNELS, RecordingAdapter
from engine.advance import advance
from engine.app import App
from engine.dispatch import dispatch
from engine.doubts import recover
from engine.jobs import run_refresh, run_turn
from state.store import Store
from tests.engine.building import DAY, NOW, add_person, ask, open_app

HELLO = "audience: {segment: churned}\ncadence:\n  - {step: hello, at: 0d, email: note}\nthen: end\n"


def crowd(store: Store, people: int) -> None:
    for identity in range(1, people + 1):
        add_person(store, identity, churned_at=NOW - 40 * DAY)


def opened(store: Store, people: int, *, email: str = "", lookup: bool = True) -> tuple[App, RecordingAdapter]:
    app = open_app(store, {"hello": HELLO}, email=email)
    adapter = RecordingAdapter(capabilities=Capabilities(channels=ALL_CHANNELS, lookup=lookup))
    app.channels["email"] = adapter
    crowd(store, people)
    run_refresh(app, NOW)
    return app, adapter


def states(store: Store) -> dict[str, int]:
    return dict(ask(store, "SELECT state, count(*) FROM touch GROUP BY state"))  # type: ignore[arg-type]


def test_both_ways_out_leave_the_same_books(store: Store) -> None:
    app, adapter = opened(store, 3)
    tally = advance(app, NOW, at_once=True)
    assert (tally["queue"], tally["sent"], len(adapter.received)) == (3, 3, 3)
    at_once = ask(store, "SELECT step, state, counted_at, attempts, finished_at FROM touch")
    with store.begin() as conn:
        for table in ("touch", "message", "enrolment", "decision"):
            conn.exec_driver_sql(f"DELETE FROM {table}")
    run_refresh(app, NOW)
    assert advance(app, NOW)["queue"] == 3
    assert states(store) == {"queued": 3}
    assert dispatch(app, NOW)["sent"] == 3
    assert ask(store, "SELECT step, state, counted_at, attempts, finished_at FROM touch") == at_once


def test_without_a_look_up_everything_takes_the_outbox(store: Store) -> None:
    app, adapter = opened(store, 60, lookup=False)
    assert advance(app, NOW, at_once=True)["queue"] == 60
    assert (states(store), adapter.received) == ({"queued": 60}, [])
    assert dispatch(app, NOW)["sent"] == 60


def test_a_declared_rate_holds_over_turns(store: Store) -> None:
    app, adapter = opened(store, 200, email=", rate: 1/s")
    run_turn(app, NOW)
    assert len(adapter.received) == 60  # on a virtual clock a rate is held by the minute
    run_turn(app, NOW + 10)
    assert len(adapter.received) == 60
    run_turn(app, NOW + 61)
    assert len(adapter.received) == 120
    for second in range(62, 200):
        run_turn(app, NOW + second)
    assert states(store) == {"sent": 200}


def test_what_is_put_off_is_tried_later_and_ever_more_rarely(store: Store) -> None:
    app, adapter = opened(store, 1)
    adapter.then(*[Retry(reason="busy", after=60)] * 3)
    waits = []
    for _ in range(3):
        at = app.clock.now()
        run_turn(app, at)
        [(state, later, counted)] = ask(store, "SELECT state, not_before, counted_at FROM touch")
        assert (state, counted) == ("queued", None)
        run_turn(app, later - 1)
        assert sum(adapter.attempts.values()) == len(waits) + 1, "not before its time"
        waits.append(later - at)
        app.clock.move_to(later)  # type: ignore[attr-defined]
    assert all(60 <= wait < 60 + 60 * 2**n for n, wait in enumerate(waits))
    run_turn(app, app.clock.now())
    assert states(store) == {"sent": 1}


def test_a_channel_that_never_recovers_ends_with_the_step(store: Store) -> None:
    app, adapter = opened(store, 1, email=", attempts: 100")
    adapter.always(lambda message: Retry(reason="busy", after=3_600))
    for hour in range(80):
        run_turn(app, NOW + hour * 3_600)
    assert ask(store, "SELECT state, reason, counted_at FROM touch") == [("failed", "gave_up", None)]
    assert adapter.received == []


def test_a_message_is_given_up_after_so_many_tries(store: Store) -> None:
    app, adapter = opened(store, 1, email=", attempts: 3")
    adapter.always(lambda message: Retry(reason="busy", after=10))
    for minute in range(60):
        run_turn(app, NOW + minute * 60)
    assert ask(store, "SELECT state, reason, failures, counted_at FROM touch") == [("failed", "gave_up", 3, None)]
    assert list(adapter.attempts.values()) == [3]
    actions = ask(store, "SELECT action, rule FROM decision WHERE action <> 'queue' ORDER BY id")
    assert actions == [("retry", "provider_busy"), ("retry", "provider_busy"), ("failed", "gave_up")]


def test_a_refusal_for_good_counts_for_nothing_and_a_bounce_binds_the_address(store: Store) -> None:
    app, adapter = opened(store, 2)
    adapter.then(Rejected(reason="no such mailbox", suppress="hard_bounce"), Rejected(reason="policy"))
    run_turn(app, NOW)
    assert ask(store, "SELECT DISTINCT state, reason, counted_at FROM touch") == [("failed", "provider_refused", None)]
    found = ask(store, "SELECT address, channel, reason FROM address_suppression")
    assert found == [("user-1@example.com", "email", "hard_bounce")]
    assert ask(store, "SELECT count(*) FROM suppression") == [(0,)]


def test_an_adapter_that_raises_leaves_a_doubt_and_the_rest_goes_on(store: Store) -> None:
    app, _ = opened(store, 2, lookup=False)

    class Broken(RecordingAdapter):
        def send(self, message):  # type: ignore[no-untyped-def]
            if message.to == "user-1@example.com":
                raise RuntimeError("a bug of somebody else's")
            return super().send(message)

    app.channels["email"] = Broken(capabilities=Capabilities(channels=ALL_CHANNELS))
    run_turn(app, NOW)
    assert states(store) == {"in_doubt": 1, "sent": 1}


@pytest.mark.parametrize("arrived", [True, False])
def test_a_doubt_is_settled_by_the_channels_own_look_up(store: Store, arrived: bool) -> None:
    app, adapter = opened(store, 1, lookup=False)
    adapter.then(Unknown(reason="the line went dead"))
    run_turn(app, NOW)
    [(ref,)] = ask(store, "SELECT ref FROM touch WHERE state = 'in_doubt'")
    run_turn(app, NOW + DAY)
    assert states(store) == {"in_doubt": 1}, "without a look-up it waits for a person"

    told = RecordingAdapter()
    if arrived:
        [message] = ask(store, "SELECT payload FROM message")
        from channels.base import Message

        told.received.append(Message.from_json(str(message[0])))
        assert told.received[0].ref == ref
    app.channels["email"] = told
    recover(app, NOW + DAY)
    run_turn(app, NOW + DAY + 60)
    assert states(store) == {"sent": 1}
    assert len(told.received) == 1, "it is there once, whichever way"


def test_one_channel_without_an_adapter_does_not_stop_the_others(store: Store) -> None:
    app, _ = opened(store, 1)
    del app.channels["email"]
    run_turn(app, NOW)
    assert states(store) == {"queued": 1}
