"""What fails, and what then happens to the rest: breaker, threads, dead letters, doubts sent once more."""

from __future__ import annotations

import threading
import time
from itertools import pairwise

import pytest

from channels.base import Accepted, Capabilities, Message, Outcome, Rejected, Retry, Unknown
from channels.recording import ALL_CHANNELS, CRASH_AFTER, RecordingAdapter, SimulatedCrash
from engine import dead_letters
from engine.advance import advance
from engine.app import App
from engine.breaker import ILL_AFTER, REST
from engine.channel_health import channels
from engine.clock import SystemClock, VirtualClock
from engine.dispatch import dispatch
from engine.errors import RekindleError
from engine.jobs import run_refresh, run_turn
from engine.outcomes import backoff
from state.store import Store
from tests.engine.building import DAY, NOW, add_person, ask, open_app

HELLO = "audience: {segment: churned}\ncadence:\n  - {step: hello, at: 0d, email: note}\nthen: end\n"


def opened(
    store: Store, people: int, *, email: str = "", lookup: bool = False, **can: object
) -> tuple[App, RecordingAdapter]:
    app = open_app(store, {"hello": HELLO}, email=email)
    able = Capabilities(channels=ALL_CHANNELS, lookup=lookup, **can)  # type: ignore[arg-type]
    adapter = RecordingAdapter(capabilities=able)
    app.channels["email"] = adapter
    for identity in range(1, people + 1):
        add_person(store, identity, churned_at=NOW - 40 * DAY)
    run_refresh(app, NOW)
    return app, adapter


def states(store: Store) -> dict[str, int]:
    return dict(ask(store, "SELECT state, count(*) FROM touch GROUP BY state"))  # type: ignore[arg-type]


def health(app: App) -> dict[str, object]:
    [row] = channels(app)["channels"]
    return dict(row)


def at(app: App, moment: int) -> int:
    assert isinstance(app.clock, VirtualClock)
    app.clock.move_to(moment)
    return moment


# ── breaker ──


def test_one_probe_shows_whether_an_ill_channel_is_well_again(store: Store) -> None:
    app, adapter = opened(store, 40, email=", attempts: 100")
    adapter.always(lambda message: Retry(reason="mailbox of user-1@example.com is busy", after=1))
    run_turn(app, at(app, NOW))
    assert sum(adapter.attempts.values()) == ILL_AFTER
    seen = health(app)
    assert (seen["state"], seen["failures"], seen["queued"]) == ("open", ILL_AFTER, 40)
    assert "example.com" not in str(seen["last_error"])
    run_turn(app, at(app, NOW + REST - 1))
    assert sum(adapter.attempts.values()) == ILL_AFTER, "it rests"
    run_turn(app, at(app, NOW + REST))
    assert sum(adapter.attempts.values()) == ILL_AFTER + 1, "one probe"
    run_turn(app, at(app, NOW + 2 * REST))
    assert sum(adapter.attempts.values()) == ILL_AFTER + 1, "it rests twice as long"
    adapter.always(lambda message: Accepted())
    run_turn(app, at(app, NOW + 3 * REST))
    assert len(adapter.received) >= 1
    assert (health(app)["state"], health(app)["failures"]) == ("closed", 0)
    run_turn(app, at(app, NOW + 10 * REST))
    assert states(store) == {"sent": 40}


def test_the_breaker_is_everybodys_and_outlives_its_worker(store: Store) -> None:
    app, adapter = opened(store, 40)
    adapter.always(lambda message: Unknown(reason="no answer"))
    run_turn(app, NOW)
    app._lock.release()  # type: ignore[union-attr]  # a new process on the same store
    other = open_app(store, {"hello": HELLO})
    fresh = RecordingAdapter(capabilities=Capabilities(channels=ALL_CHANNELS))
    other.channels["email"] = fresh
    run_turn(other, NOW + 1)
    assert fresh.received == []
    assert health(other)["state"] == "open"


def test_failures_are_counted_over_batches_and_refusals_are_none(store: Store) -> None:
    app, adapter = opened(store, 1, email=", attempts: 100")
    adapter.always(lambda message: Retry(reason="busy", after=1))
    for n in range(ILL_AFTER - 1):
        run_turn(app, at(app, NOW + n * 3_600))
    assert (health(app)["state"], health(app)["failures"]) == ("closed", ILL_AFTER - 1)
    adapter.always(lambda message: Rejected(reason="no such mailbox"))
    run_turn(app, at(app, NOW + 10 * 3_600))
    assert health(app)["failures"] == 0


def test_what_is_ours_to_mend_opens_it_at_once(store: Store) -> None:
    app, adapter = opened(store, 40)
    adapter.always(lambda message: Retry(reason="wrong password", after=600, ours=True))
    run_turn(app, NOW)
    assert sum(adapter.attempts.values()) == 1
    assert (health(app)["state"], health(app)["ours"]) == ("open", True)


def test_who_says_no_meanwhile_leaves_the_probe_to_the_next(store: Store) -> None:
    app, adapter = opened(store, 1)
    adapter.then(Retry(reason="wrong password", after=1, ours=True))
    run_turn(app, at(app, NOW))
    with store.begin() as conn:
        conn.exec_driver_sql("UPDATE person SET email = NULL, email_key = NULL")
    run_turn(app, at(app, NOW + REST + 5))
    assert states(store) == {"cancelled": 1}
    assert health(app)["state"] == "open"
    add_person(store, 2, churned_at=NOW - 40 * DAY)
    run_refresh(app, app.clock.now())
    run_turn(app, at(app, NOW + REST + 6))
    assert health(app)["state"] == "closed"


# ── backoff and dead letters ──


def test_the_pause_grows_keeps_to_what_was_asked_and_differs_by_message() -> None:
    waits = {f"ref{n}": [backoff(60, failures, f"ref{n}") for failures in range(1, 12)] for n in range(200)}
    for tried in waits.values():
        assert all(60 <= wait <= 60 + min(6 * 3_600, 60 * 2**n) for n, wait in enumerate(tried))
    assert waits == {ref: [backoff(60, n, ref) for n in range(1, 12)] for ref in waits}, "the same again"
    assert len({tried[6] for tried in waits.values()}) > 150, "they do not come back together"
    mean = [sum(tried[n] for tried in waits.values()) / 200 for n in range(9)]
    assert all(later > sooner for sooner, later in pairwise(mean))


def given_up(store: Store) -> App:
    app, adapter = opened(store, 1, email=", attempts: 2")
    adapter.then(Retry(reason="busy, said user-1@example.com", after=1), Retry(reason="still busy", after=1))
    run_turn(app, at(app, NOW))
    run_turn(app, at(app, NOW + 3_600))
    assert states(store) == {"failed": 1}
    return app


def test_a_dead_letter_is_listed_and_told_and_tried_again_when_asked(store: Store) -> None:
    app = given_up(store)
    [letter] = dead_letters.listed(app, limit=10, refused=False)["dead_letters"]
    assert (letter["reason"], letter["failures"], letter["to"]) == ("gave_up", 2, "user-1@example.com")
    told = dead_letters.shown(app, letter["ref"][:6])
    assert [line["rule"] for line in told["history"]][-2:] == ["provider_busy", "gave_up"]
    assert health(app)["dead_letters"] == 1
    assert dead_letters.retry(app, letter["ref"], by="dana")["state"] == "queued"
    run_turn(app, at(app, NOW + 7_200))
    assert states(store) == {"sent": 1}


def test_one_that_is_too_late_or_refused_by_a_gate_is_not_tried_again(store: Store) -> None:
    app = given_up(store)
    [letter] = dead_letters.listed(app, limit=10, refused=False)["dead_letters"]
    at(app, NOW + 10 * DAY)
    with pytest.raises(RekindleError, match="expired"):
        dead_letters.retry(app, letter["ref"], by="dana")
    assert dead_letters.drop(app, letter["ref"], by="dana")["state"] == "cancelled"
    assert ask(store, "SELECT state, reason FROM touch") == [("cancelled", "dropped")]
    assert dead_letters.listed(app, limit=10, refused=True)["dead_letters"] == []


# ── doubts sent once more ──


def test_a_doubt_is_sent_once_more_where_the_same_ref_twice_arrives_once(store: Store) -> None:
    app, adapter = opened(store, 1, idempotent=True)
    adapter.then(Unknown(reason="the line went dead"))
    run_turn(app, at(app, NOW))
    [(counted,)] = ask(store, "SELECT counted_at FROM touch WHERE state = 'in_doubt'")
    run_turn(app, at(app, NOW + 30))
    assert ask(store, "SELECT state, counted_at, attempts FROM touch") == [("sent", counted, 2)]


def test_only_its_being_taken_settles_such_a_doubt(store: Store) -> None:
    app, adapter = opened(store, 1, idempotent=True)
    adapter.then(Unknown(reason="dead"), Rejected(reason="no"), Retry(reason="busy", after=60), Accepted())
    run_turn(app, at(app, NOW))
    for n in range(1, 3):
        run_turn(app, at(app, NOW + n * 700))
        assert states(store) == {"in_doubt": 1}
    run_turn(app, at(app, NOW + 3 * 700))
    assert states(store) == {"sent": 1}


def test_it_is_left_to_people_when_a_gate_says_no_or_a_day_has_passed(store: Store) -> None:
    app, adapter = opened(store, 2, idempotent=True)
    adapter.then(Unknown(reason="dead"), Unknown(reason="dead"))
    run_turn(app, at(app, NOW))
    with store.begin() as conn:
        conn.exec_driver_sql("UPDATE person SET email = NULL, email_key = NULL WHERE identity_id = 1")
        conn.exec_driver_sql(f"UPDATE touch SET counted_at = {NOW - 2 * DAY} WHERE identity_id = 2")
    run_turn(app, at(app, NOW + 30))
    assert states(store) == {"in_doubt": 2}
    assert sum(adapter.attempts.values()) == 2


def test_a_doubt_of_a_dead_worker_counts_from_when_it_left_and_is_not_sent_once_more_after_a_day(
    store: Store,
) -> None:
    app, adapter = opened(store, 1, idempotent=True)
    adapter.then(CRASH_AFTER)
    with pytest.raises(SimulatedCrash):
        run_turn(app, at(app, NOW))
    for later in range(2):
        run_turn(app, at(app, NOW + 2 * DAY + later))
    assert ask(store, "SELECT state, counted_at, attempts FROM touch") == [("in_doubt", NOW, 1)]


def test_a_worker_that_dies_over_a_second_try_does_not_begin_the_day_anew(store: Store) -> None:
    app, adapter = opened(store, 1, idempotent=True)
    adapter.then(Unknown(reason="the line went dead"), CRASH_AFTER)
    run_turn(app, at(app, NOW))
    with pytest.raises(SimulatedCrash):
        run_turn(app, at(app, NOW + DAY // 2))
    for later in range(2):
        run_turn(app, at(app, NOW + DAY + 60 + later))
    assert ask(store, "SELECT state, counted_at, attempts FROM touch") == [("in_doubt", NOW, 2)]


def test_however_many_doubts_there_are_one_turn_sends_them_once_more(store: Store) -> None:
    app, _ = opened(store, 60, idempotent=True)
    run_turn(app, at(app, NOW))
    with store.begin() as conn:
        conn.exec_driver_sql("UPDATE touch SET state = 'in_doubt', finished_at = NULL")
    run_turn(app, at(app, NOW + 30))
    assert ask(store, "SELECT state, attempts, count(*) FROM touch GROUP BY 1, 2") == [("sent", 2, 60)]


# ── several under way ──


class Slow(RecordingAdapter):
    """Takes its time; knows how many were with it at once."""

    def __init__(self, parallel: int, fails: str = "") -> None:
        super().__init__(capabilities=Capabilities(channels=ALL_CHANNELS, parallel=parallel))
        self._lock, self._fails = threading.Lock(), fails
        self.here = self.most = 0

    def send(self, message: Message) -> Outcome:
        with self._lock:
            self.here += 1
            self.most = max(self.most, self.here)
        time.sleep(0.02)
        try:
            if message.to == self._fails:
                raise SimulatedCrash
            with self._lock:
                return super().send(message)
        finally:
            with self._lock:
                self.here -= 1


def in_threads(store: Store, people: int, adapter: RecordingAdapter) -> App:
    app, _ = opened(store, people)
    advance(app, NOW)
    app.clock = _Real()
    app.channels["email"] = adapter
    return app


class _Real(SystemClock):
    def now(self) -> int:
        return NOW


def test_as_many_are_under_way_as_the_adapter_says_and_the_books_are_the_same(store: Store) -> None:
    adapter = Slow(8)
    app = in_threads(store, 40, adapter)
    assert dispatch(app, NOW)["sent"] == 40
    assert adapter.most == 8
    assert states(store) == {"sent": 40}
    assert {m.ref for m in adapter.received} == {row[0] for row in ask(store, "SELECT ref FROM touch")}
    app.close()


def test_one_that_breaks_off_leaves_itself_in_doubt_and_the_others_in_the_books(store: Store) -> None:
    adapter = Slow(4, fails="user-7@example.com")
    app = in_threads(store, 20, adapter)
    with pytest.raises(SimulatedCrash):
        dispatch(app, NOW)
    run_turn(app, NOW)  # what is known is committed first of all
    run_turn(app, NOW)
    assert states(store) == {"in_doubt": 1, "sent": 19}
    assert len({m.ref for m in adapter.received}) == len(adapter.received) == 19
    app.close()


def test_a_channel_that_turns_ill_stops_what_is_not_under_way(store: Store) -> None:
    adapter = Slow(4)
    adapter.always(lambda message: Unknown(reason="no answer"))
    app = in_threads(store, 40, adapter)
    dispatch(app, NOW)
    tried = sum(adapter.attempts.values())
    assert ILL_AFTER <= tried < ILL_AFTER + 4
    assert states(store) == {"in_doubt": tried, "queued": 40 - tried}
    app.close()


def test_a_crash_after_the_message_has_arrived_is_a_doubt(store: Store) -> None:
    app, adapter = opened(store, 1)
    adapter.then(CRASH_AFTER)
    with pytest.raises(SimulatedCrash):
        run_turn(app, NOW)
    run_turn(app, NOW)
    assert states(store) == {"in_doubt": 1}
    assert len(adapter.received) == 1
