"""What happens between a call and its books: merges, refusals, pauses and clocks that are apart."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from channels.base import (
    Accepted,
    Found,
    Lookup,
    Message,
    Outcome,
    Rejected,
    Unknown,
)
from channels.recording import RecordingAdapter
from engine import again, breaker, delivery, doubts_desk, rates
from engine.app import App
from engine.backlog import pause, resume
from engine.doubts import recover
from engine.jobs import run_turn
from engine.model import Rate
from engine.outcomes import Receipt, settle_pending
from engine.people.merge import merge
from engine.suppression import suppress, suppress_addresses
from state.queries import control, outbox
from state.store import Store
from state.testing import database
from tests.engine.building import DAY, NOW, ask
from tests.engine.test_breaker import at, opened, states
from tests.engine.test_rates import channel

NO = Rejected(reason="they have said no", suppress="opt_out")
BOUNCED = Rejected(reason="no such mailbox", suppress="hard_bounce")
DEAD = Unknown(reason="the line went dead")


def suppressed(store: Store) -> list[tuple[object, ...]]:
    own = ask(store, "SELECT identity_id, channel, reason FROM suppression")
    return own or ask(store, "SELECT address, channel, reason FROM address_suppression")


def tries(adapter: RecordingAdapter) -> int:
    return sum(adapter.attempts.values())


# ── a provider's no ──


@pytest.mark.parametrize(
    ("no", "binds"),
    [(NO, (1, "email", "opt_out")), (BOUNCED, ("user-1@example.com", "email", "hard_bounce"))],
)
def test_a_no_to_a_second_try_is_obeyed_though_the_first_stays_in_doubt(
    store: Store, no: Outcome, binds: tuple[object, ...]
) -> None:
    app, adapter = opened(store, 1, idempotent=True)
    adapter.then(DEAD, no)
    run_turn(app, at(app, NOW))
    run_turn(app, at(app, NOW + 700))
    assert (states(store), tries(adapter)) == ({"in_doubt": 1}, 2)
    assert binds in suppressed(store)


def test_a_no_is_obeyed_though_its_touch_was_settled_meanwhile(store: Store) -> None:
    app, adapter = opened(store, 1)

    def answered(message: Message) -> Outcome:
        with store.begin() as conn:  # its worker was taken for dead, and somebody says that it arrived
            conn.exec_driver_sql("UPDATE touch SET state = 'in_doubt', reason = 'in_doubt'")
        doubts_desk.settle(app, message.ref, sent=True, by="Dana")
        return NO

    adapter.always(answered)
    run_turn(app, NOW)
    assert states(store) == {"sent": 1}
    assert (1, "email", "opt_out") in suppressed(store)


def test_a_no_is_obeyed_though_its_outcome_cannot_be_written(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, adapter = opened(store, 2)
    adapter.then(NO)
    real = outbox.settle

    def broken(conn: object, rows: Sequence[dict[str, object]]) -> None:
        if any(row["state"] == "failed" for row in rows):
            raise ValueError("cannot be written")
        real(conn, rows)  # type: ignore[arg-type]

    monkeypatch.setattr(outbox, "settle", broken)
    run_turn(app, NOW)
    assert states(store) == {"in_doubt": 1, "sent": 1}
    assert (1, "email", "opt_out") in suppressed(store)


# ── refusals of a host whose clock is ahead ──


@pytest.mark.parametrize("ahead", [1, 120, 40 * DAY])
@pytest.mark.parametrize("by_address", [False, True])
def test_a_no_binds_once_it_is_on_record_whatever_the_clock_of_who_recorded_it(
    store: Store, ahead: int, by_address: bool
) -> None:
    app, adapter = opened(store, 2)
    with store.begin() as conn:
        if by_address:
            suppress_addresses(conn, ["user-1@example.com"], "email", "opt_out", at=NOW + ahead, source="web")
        else:
            suppress(conn, 1, "email", "opt_out", at=NOW + ahead, source="web")
    run_turn(app, NOW)
    assert [message.to for message in adapter.received] == ["user-2@example.com"]


def test_such_a_no_is_heard_while_a_batch_is_leaving(store: Store) -> None:
    app, adapter = opened(store, 2)
    app.look_age = 0

    def answered(message: Message) -> Outcome:
        with store.begin() as conn:
            suppress(conn, 2, "all", "opt_out", at=NOW + 120, source="web")
        return Accepted(provider_id=message.ref)

    adapter.always(answered)
    run_turn(app, NOW)
    assert [message.to for message in adapter.received] == ["user-1@example.com"]


# ── a merge ──


def one_sent_a_touch(store: Store) -> bool:
    touches = ask(store, "SELECT identity_id, cycle, step FROM touch WHERE state = 'sent'")
    return sorted(touches) == sorted(
        ask(store, "SELECT identity_id, cycle, step FROM decision WHERE action = 'sent'")
    )


def test_the_books_follow_who_is_merged_while_their_message_is_under_way(store: Store) -> None:
    app, adapter = opened(store, 2)

    def answered(message: Message) -> Outcome:
        if message.to == "user-2@example.com":
            with store.begin() as conn:
                merge(conn, {(2, 1)}, NOW)
        return Accepted(provider_id=message.ref)

    adapter.always(answered)
    run_turn(app, NOW)
    assert ask(store, "SELECT identity_id, count(*) FROM touch GROUP BY 1") in ([(1, 2)], [(2, 2)])
    assert one_sent_a_touch(store)


def test_the_books_follow_who_is_merged_while_their_doubt_is_looked_up(store: Store) -> None:
    app, adapter = opened(store, 2, lookup=True)
    adapter.always(lambda m: DEAD if m.to == "user-1@example.com" else Accepted(provider_id=m.ref))
    run_turn(app, NOW)

    def look_up(_ref: str) -> Lookup:
        with store.begin() as conn:
            merge(conn, {(2, 1)}, NOW + 650)
        return Found(provider_id="late")

    adapter.lookup = look_up  # type: ignore[method-assign]
    recover(app, at(app, NOW + 700))
    assert states(store) == {"sent": 2}
    assert one_sent_a_touch(store)


# ── what may be sent once more ──


def test_a_doubt_is_not_sent_once_more_while_its_campaign_is_paused(store: Store) -> None:
    app, adapter = opened(store, 1, idempotent=True)
    adapter.then(DEAD)
    run_turn(app, NOW)
    with store.begin() as conn:
        pause(conn, "hello", NOW + 60)
    assert recover(app, at(app, NOW + 700)) == Counter()
    assert (states(store), tries(adapter)) == ({"in_doubt": 1}, 1)
    with store.begin() as conn:
        resume(conn, "hello", NOW + 800)
    recover(app, at(app, NOW + 800))
    assert (states(store), tries(adapter)) == ({"sent": 1}, 2)


def test_nor_before_the_drill_has_passed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    app, adapter = opened(store, 1, idempotent=True)
    adapter.then(DEAD)
    run_turn(app, NOW)
    monkeypatch.setattr(App, "closed", lambda *_: {"hello": ["email"]})
    recover(app, at(app, NOW + 700))
    assert tries(adapter) == 1


def test_nor_while_a_backlog_is_held(store: Store) -> None:
    app, adapter = opened(store, 1, idempotent=True)
    adapter.then(DEAD)
    run_turn(app, NOW)
    with store.begin() as conn:
        control.put(conn, "hold:backlog", {"overdue": 900, "of": 1000}, NOW + 60)
    run_turn(app, at(app, NOW + 700))
    assert tries(adapter) == 1


def test_a_second_try_that_was_none_leaves_the_probe_to_the_next(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, adapter = opened(store, 1, idempotent=True)
    adapter.then(DEAD)
    run_turn(app, NOW)
    ill = breaker.Breaker(state=breaker.BreakerState.OPEN, failures=5, since=NOW, until=NOW + 60, rest=60)
    with store.begin() as conn:
        breaker._put(conn, "email", ill, NOW)

    def all_said_no(_app: App, receipts: Sequence[Receipt]) -> tuple[set[str], frozenset[str]]:
        return {r.ref for r in receipts}, frozenset(r.ref for r in receipts)

    monkeypatch.setattr(delivery, "_last_look", all_said_no)
    app.look_age = 0
    recover(app, at(app, NOW + 700))
    assert tries(adapter) == 1
    with store.begin() as conn:
        assert breaker.admit(conn, "email", NOW + 760) == 1


# ── locks ──


def test_who_sends_once_more_and_who_settles_do_not_wait_for_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Both want a person and the bucket of a rate; each takes the person first."""
    with database("postgresql") as url:
        stores = [Store.open(url), Store.open(url)]
        app, adapter = opened(stores[0], 1, idempotent=True, email=", rate: 100/s")
        adapter.then(DEAD)
        run_turn(app, NOW)
        declared = channel(Rate(100, 1))
        with stores[1].begin() as conn:
            share = rates.draw(conn, declared, NOW * 1000, 1, "other", coarse=False)
            share.keep(conn, 1)
        person_is_ours, drawn = threading.Event(), threading.Event()
        failed: list[BaseException] = []

        def settling() -> None:
            try:
                with stores[1].begin() as conn:
                    outbox.lock_people(conn, [1])
                    person_is_ours.set()
                    drawn.wait(1)  # seconds; never set where people come first
                    rates.close(conn, [share])
            except BaseException as error:
                failed.append(error)

        real: Callable[..., rates.Share] = rates.draw

        def draw(*args: object, **more: object) -> rates.Share:
            found = real(*args, **more)
            drawn.set()
            return found

        monkeypatch.setattr(again.rates, "draw", draw)
        other = threading.Thread(target=settling)
        other.start()
        person_is_ours.wait()
        recover(app, at(app, NOW + 700))
        other.join()
        assert failed == []
        assert states(stores[0]) == {"sent": 1}
        settle_pending(app, Counter())
        for store in stores:
            store.close()
