"""What happens while a batch is leaving, and what one person or one channel must not do to the others."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from channels.base import Capabilities, Message, Outcome, Rejected, Unknown
from channels.recording import ALL_CHANNELS, RecordingAdapter
from engine.app import App
from engine.breaker import ILL_AFTER
from engine.clock import VirtualClock
from engine.decide import decide
from engine.delivery import LEAVES_WITHIN
from engine.jobs import run_refresh, run_turn
from engine.suppression import suppress
from state.store import Store
from tests.engine.building import DAY, NOW, add_person, ask, open_app
from tests.engine.test_dispatch import HELLO, crowd, opened, states

HOUR = 3_600


class Slow(RecordingAdapter):
    """A channel without a look-up that takes its time."""

    def __init__(self, app: App, seconds: int) -> None:
        super().__init__(capabilities=Capabilities(channels=ALL_CHANNELS))
        self.app, self.seconds, self.waited = app, seconds, 0
        app.monotonic = lambda: float(self.waited)
        self.at: list[int] = []

    def send(self, message: Message) -> Outcome:
        clock = self.app.clock
        assert isinstance(clock, VirtualClock)
        self.at.append(clock.now())
        clock.move_to(clock.now() + self.seconds)
        self.waited += self.seconds
        return super().send(message)


def test_a_long_turn_does_not_run_into_the_night(store: Store) -> None:
    late = NOW + 13 * HOUR + 50 * 60  # ten to eleven in Chicago; quiet from eleven
    app = open_app(store, {"hello": HELLO})
    assert isinstance(app.clock, VirtualClock)
    app.clock.move_to(late)
    slow = Slow(app, 30)
    app.channels["email"] = slow
    crowd(store, 60)
    run_refresh(app, late)
    run_turn(app, late)
    night = NOW + 14 * HOUR
    assert slow.at, "some left before"
    assert all(at < night + LEAVES_WITHIN for at in slow.at)
    assert states(store)["queued"] == 60 - len(slow.at)


def test_a_touch_counts_from_when_it_left_and_not_from_when_its_turn_began(store: Store) -> None:
    app = open_app(store, {"hello": HELLO})
    slow = Slow(app, 20)
    app.channels["email"] = slow
    crowd(store, 8)
    run_refresh(app, NOW)
    for _ in range(4):
        run_turn(app, app.clock.now())
    counted = [row[0] for row in ask(store, "SELECT counted_at FROM touch WHERE state = 'sent' ORDER BY counted_at")]
    assert len(counted) == 8
    assert all(0 <= c - at <= 20 for c, at in zip(counted, slow.at, strict=True))


def test_who_says_no_while_the_batch_is_leaving_is_heard(store: Store) -> None:
    app = open_app(store, {"hello": HELLO})

    class Telling(Slow):
        def send(self, message: Message) -> Outcome:
            if message.to == "user-1@example.com":
                with store.begin() as conn:
                    suppress(conn, 2, "email", "opt_out", at=app.clock.now(), source="test")
            return super().send(message)

    slow = Telling(app, 5)
    app.channels["email"] = slow
    crowd(store, 2)
    run_refresh(app, NOW)
    run_turn(app, NOW)
    run_turn(app, NOW + HOUR)
    assert [m.to for m in slow.received] == ["user-1@example.com"]
    assert ask(store, "SELECT state, reason FROM touch WHERE identity_id = 2") == [("cancelled", "suppression")]


def test_an_ill_channel_does_not_take_its_queue_down_with_it(store: Store) -> None:
    app, adapter = opened(store, 40, lookup=False)
    adapter.always(lambda message: Unknown(reason="no answer"))
    run_turn(app, NOW)
    assert states(store) == {"in_doubt": ILL_AFTER, "queued": 40 - ILL_AFTER}
    run_turn(app, NOW)
    assert states(store) == {"in_doubt": ILL_AFTER, "queued": 40 - ILL_AFTER}, "it rests"


def test_a_message_goes_to_the_address_the_person_has_when_it_leaves(store: Store) -> None:
    app, adapter = opened(store, 1, lookup=False)
    from engine.advance import advance

    advance(app, NOW)
    with store.begin() as conn:
        conn.execute(text("UPDATE person SET email = 'new@example.com', email_key = 'new@example.com'"))
    run_turn(app, NOW)
    assert [m.to for m in adapter.received] == ["new@example.com"]


def test_what_is_drawn_and_not_used_is_there_for_the_next(store: Store) -> None:
    app, adapter = opened(store, 1, email=", rate: 10/h")
    run_turn(app, NOW)
    for identity in range(2, 11):
        add_person(store, identity, churned_at=NOW - 40 * DAY)
    run_refresh(app, NOW)
    run_turn(app, NOW)
    assert len(adapter.received) == 10


def test_a_refused_offer_does_not_hold_a_slot(store: Store) -> None:
    campaign = (
        "audience: {segment: churned}\nfatigue: 1 per 7d\ncadence:\n"
        "  - {step: deal, at: 0d, email: note, offer: held}\n  - {step: again, at: 1d, email: note}\nthen: end\n"
    )
    from tests.engine import building

    incentives = (
        "incentives:\n  - offer: held\n    kind: price_protection\n    title: Held\n    terms: As before.\n"
        "    valid_for: 30d\n"
    )
    files = building.files({"deal": campaign})
    assert "incentives.yaml" not in files
    app = building.open_files(store, files | {"incentives.yaml": incentives})
    adapter = RecordingAdapter().then(Rejected(reason="no"))
    app.channels["email"] = adapter
    crowd(store, 1)
    run_refresh(app, NOW)
    run_turn(app, NOW)
    run_turn(app, NOW + DAY)
    assert ask(store, "SELECT step, state FROM touch ORDER BY step") == [("again", "sent"), ("deal", "failed")]


def test_one_person_whose_decision_fails_holds_up_nobody(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    app, adapter = opened(store, 3)

    def failing(*args: Any) -> Any:
        if args[2].identity_id == 2:
            raise ValueError("data no rule expected")
        return decide(*args)

    monkeypatch.setattr("engine.advance.decide", failing)
    run_turn(app, NOW)
    assert len(adapter.received) == 2
    assert ask(store, "SELECT state, due_at FROM enrolment WHERE identity_id = 2") == [("waiting", NOW + HOUR)]
    assert ask(store, "SELECT action, rule FROM decision WHERE identity_id = 2") == [("wait", "error")]
    monkeypatch.undo()
    run_turn(app, NOW + HOUR)
    assert len(adapter.received) == 3


def test_an_attribute_of_another_time_stops_nobody(store: Store) -> None:
    app = open_app(store, {"hello": HELLO})
    add_person(store, 1, churned_at=NOW - 40 * DAY, attributes='{"seats": "five"}')
    add_person(store, 2, churned_at=NOW - 40 * DAY)
    assert run_refresh(app, NOW)["enrolled"] == 2


def test_words_no_database_takes_do_not_stop_the_worker(store: Store) -> None:
    app, adapter = opened(store, 2)
    adapter.then(Rejected(reason="caf\udce9 \0 closed"))
    run_turn(app, NOW)
    assert states(store) == {"failed": 1, "sent": 1}
    assert app.unsettled == []


def test_what_was_certainly_not_tried_is_not_in_doubt(store: Store) -> None:
    app = open_app(store, {"hello": HELLO})

    class Interrupted(Slow):
        def send(self, message: Message) -> Outcome:
            if len(self.received) == 2:
                raise KeyboardInterrupt
            return super().send(message)

    app.channels["email"] = Interrupted(app, 0)
    crowd(store, 20)
    run_refresh(app, NOW)
    with pytest.raises(KeyboardInterrupt):
        run_turn(app, NOW)
    app.channels["email"] = RecordingAdapter(capabilities=Capabilities(channels=ALL_CHANNELS))
    run_turn(app, NOW + 60)
    assert states(store) == {"sent": 19, "in_doubt": 1}
