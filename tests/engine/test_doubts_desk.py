"""A person's word on what no channel can tell."""

from __future__ import annotations

import orjson
import pytest

from channels.base import Capabilities, Unknown
from channels.recording import ALL_CHANNELS, RecordingAdapter
from engine.app import App
from engine.clock import VirtualClock
from engine.doubts_desk import listed, settle
from engine.errors import UnknownName
from engine.jobs import run_refresh, run_turn
from engine.people.erase import erase
from engine.status import status
from state.store import Store
from tests.engine.building import DAY, NOW, add_person, ask, open_app

TWICE = """\
audience: {segment: churned}
fatigue: 1 per 7d
cadence:
  - {step: hello, at: 0d, email: note}
  - {step: again, at: 1d, email: note, expires: 1d}
then: end
"""


@pytest.fixture
def doubtful(store: Store) -> App:
    """Two people whose message may or may not have left."""
    app = open_app(store, {"hello": TWICE})
    adapter = RecordingAdapter(capabilities=Capabilities(channels=ALL_CHANNELS, lookup=False))
    app.channels["email"] = adapter.then(Unknown(reason="the line went dead"), Unknown(reason="the line went dead"))
    for identity in (1, 2):
        add_person(store, identity, churned_at=NOW - 40 * DAY)
    run_refresh(app, NOW)
    run_turn(app, NOW)
    later(app, 3_600)
    return app


def later(app: App, seconds: int) -> int:
    assert isinstance(app.clock, VirtualClock)
    app.clock.move_to(app.clock.now() + seconds)
    return app.clock.now()


def ref_of(store: Store, identity: int) -> str:
    return str(ask(store, "SELECT ref FROM touch WHERE identity_id = :i AND step = 'hello'", i=identity)[0][0])


def touch(store: Store, identity: int, step: str = "hello") -> list[tuple[object, ...]]:
    sql = "SELECT state, reason, counted_at FROM touch WHERE identity_id = :i AND step = :s"
    return ask(store, sql, i=identity, s=step)


def test_they_are_listed_with_what_to_look_for(store: Store, doubtful: App) -> None:
    assert listed(doubtful, limit=1)["more"]
    found = listed(doubtful, limit=5)["doubts"]
    assert {d["to"] for d in found} == {"user-1@example.com", "user-2@example.com"}
    assert {(d["since"], d["channel"], d["step"]) for d in found} == {("2026-03-02T15:00:00Z", "email", "hello")}
    assert not any("payload" in d for d in found)


def test_what_was_sent_counts_from_when_it_left(store: Store, doubtful: App) -> None:
    settle(doubtful, ref_of(store, 1)[:9], sent=True, by="dana", comment="in the log")
    assert touch(store, 1) == [("sent", None, NOW)]
    assert ask(store, "SELECT last_touch_at, last_touch_channel FROM person WHERE identity_id = 1") == [(NOW, "email")]
    run_turn(doubtful, later(doubtful, DAY))
    assert touch(store, 1, "again")[0][:2] == ("skipped", "fatigue"), "the cap is full"


def test_what_was_not_sent_counts_for_nothing_and_is_not_sent_again(store: Store, doubtful: App) -> None:
    settle(doubtful, ref_of(store, 1), sent=False, by="dana")
    assert touch(store, 1) == [("failed", "not_sent", None)]
    assert ask(store, "SELECT last_touch_at FROM person WHERE identity_id = 1") == [(None,)]
    run_turn(doubtful, later(doubtful, DAY))
    assert touch(store, 1) == [("failed", "not_sent", None)]
    assert touch(store, 1, "again")[0][0] == "sent", "nothing is in the way of the next"
    assert status(doubtful)["touches"]["reconciles"]


def test_who_said_so_and_why_is_in_the_ledger(store: Store, doubtful: App) -> None:
    settle(doubtful, ref_of(store, 2), sent=False, by="dana", comment="not in the log")
    sql = "SELECT action, rule, at, version, reasons FROM decision WHERE identity_id = 2 ORDER BY id DESC LIMIT 1"
    action, rule, at, version, reasons = ask(store, sql)[0]
    assert (action, rule, at) == ("failed", "not_sent", NOW + 3_600)
    assert version == doubtful.project.campaigns["hello"].version
    told = orjson.loads(reasons)[0]
    assert (told["settled_by"], told["because"]) == ("dana", "not in the log")


def test_a_doubt_is_settled_once(store: Store, doubtful: App) -> None:
    settle(doubtful, ref_of(store, 1), sent=True, by="dana")
    with pytest.raises(UnknownName, match="no doubt begins with"):
        settle(doubtful, ref_of(store, 1), sent=False, by="dana")
    assert touch(store, 1) == [("sent", None, NOW)]


def test_a_ref_that_names_two_names_none(store: Store, doubtful: App) -> None:
    with pytest.raises(UnknownName, match="2 doubts begin with ''"):
        settle(doubtful, "", sent=True, by="dana")


def test_a_doubt_about_somebody_erased_can_be_settled(store: Store, doubtful: App) -> None:
    ref = ref_of(store, 1)
    erase(store, 1, doubtful.clock)
    assert [d["to"] for d in listed(doubtful, limit=5)["doubts"] if d["ref"] == ref] == [None]
    settle(doubtful, ref, sent=True, by="dana")
    assert touch(store, 1)[0][0] == "sent"
