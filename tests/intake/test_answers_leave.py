"""Answers leave by their channel's rate, each once, and what the provider says of one is obeyed."""

from __future__ import annotations

from collections import Counter

from channels.base import Accepted, Message, Outcome, Rejected
from channels.recording import RecordingAdapter
from engine import notices
from engine.app import App
from engine.clock import VirtualClock
from engine.notices import answer
from state.store import Store
from tests.engine.building import PROJECT, ask, files, open_files
from tests.intake.building import HELLO, LATER, addresses, came, message


def app_with(store: Store, adapter: RecordingAdapter, rate: str = "") -> App:
    texts = files({"hello": HELLO})
    sms = "{adapter: console}\n  sms: {adapter: console" + rate + "}"
    texts["rekindle.yaml"] = PROJECT.replace("{adapter: console EMAIL}", sms)
    app = open_files(store, texts)
    app.channels["sms"] = adapter
    at(app, LATER)
    return app


def at(app: App, moment: int) -> None:
    assert isinstance(app.clock, VirtualClock)
    app.clock.move_to(moment)


def stop(app: App, many: int = 1) -> None:
    for n in range(many):
        sender = f"+131255501{n:02}"
        came(app, message("STOP", sender=sender, key=f"k{n}", to="+13125550199"), channel="sms")


def states(store: Store) -> dict[str, int]:
    return dict(ask(store, "SELECT state, count(*) FROM notice GROUP BY state"))  # type: ignore[arg-type]


def test_answers_leave_by_the_rate_and_those_that_wait_for_it_leave_later_or_not_at_all(store: Store) -> None:
    adapter = RecordingAdapter()
    app = app_with(store, adapter, ", rate: 5/min")
    stop(app, 40)
    for minute, left in ((0, 5), (0, 5), (1, 10), (2, 15)):
        at(app, LATER + minute * 61)
        answer(app)
        assert len(adapter.received) == left
    at(app, LATER + 400)
    answer(app)
    assert states(store) == {"sent": 15, "expired": 25}


def test_one_that_another_worker_is_sending_is_not_written_off_as_late(store: Store) -> None:
    def answered(_: Message) -> Outcome:
        late: Counter[str] = Counter()
        notices._expire(app, row, late)  # whoever read it while it was waiting, by a clock that is ahead
        assert late == Counter()
        return Accepted(provider_id="x")

    app = app_with(store, RecordingAdapter().always(answered))
    stop(app)
    with store.read() as conn:
        [row] = notices.queries.unfinished(conn)
    answer(app)
    assert states(store) == {"sent": 1}


def test_what_the_provider_says_of_an_answer_binds_its_address(store: Store) -> None:
    app = app_with(store, RecordingAdapter().then(Rejected(reason="unsubscribed", suppress="opt_out")))
    came(app, message("HELP", sender="+13125550101", to="+13125550199"), channel="sms")
    answer(app)
    assert states(store) == {"failed": 1}
    assert ("+13125550101", "sms", "opt_out") in addresses(store)
