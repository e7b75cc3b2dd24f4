"""START takes back what the same telephone said before it, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from channels.events import InboundMessage
from channels.recording import RecordingAdapter
from engine.app import App
from engine.clock import VirtualClock
from engine.events import NewEvent, record
from engine.intake_again import place_open
from engine.task_outcomes import Outcome, settle
from state.store import Store
from tests.engine.building import add_person, ask
from tests.intake import building
from tests.intake.building import LATER, came, message, written_to

A, B, NOBODYS = "+13125550101", "+13125550102", "+13125550109"


@pytest.fixture
def app(store: Store) -> App:
    app = written_to(store)
    app.channels["sms"] = RecordingAdapter()
    return app


def text(words: str, key: str, sender: str = A) -> InboundMessage:
    return message(words, key=key, sender=sender, to="+13125550100", vouched=True)


def at(app: App, seconds: int, *words: InboundMessage, channel: str = "sms") -> None:
    assert isinstance(app.clock, VirtualClock)
    app.clock.move_to(LATER + seconds)
    came(app, *words, channel=channel)


def suppressions(store: Store) -> set[Any]:
    """But for calls, which a no by text binds as well, and a START does not open."""
    return {row for row in building.suppressions(store) if row[1] != "phone"}


def addresses(store: Store) -> set[Any]:
    return {row for row in building.addresses(store) if row[1] != "phone"}


def consents(store: Store) -> list[Any]:
    return ask(
        store, "SELECT type, at - :then FROM consent WHERE channel = 'sms' ORDER BY at, id", then=LATER
    )


def change(store: Store, sql: str) -> None:
    with store.begin() as conn:
        conn.exec_driver_sql(sql)


def test_an_old_start_read_late_lifts_no_younger_stop(store: Store, app: App) -> None:
    at(app, 0, text("START", "a", NOBODYS))
    at(app, 60, text("STOP", "b", NOBODYS))
    add_person(store, 7, phone=NOBODYS)
    place_open(app, LATER + 120)
    assert (NOBODYS, "sms", "opt_out") in addresses(store)
    assert consents(store) == []


def test_a_stop_said_again_is_as_young_as_its_last_time(store: Store, app: App) -> None:
    at(app, 0, text("STOP", "a"))
    at(app, 60, text("STOP", "b"))
    at(app, 60, text("START", "c"))  # in the very second
    assert suppressions(store) == {(1, "sms", "opt_out")}
    at(app, 61, text("START", "d"))
    assert (suppressions(store), addresses(store)) == (set(), set())


def test_a_no_said_elsewhere_after_the_stop_stays(store: Store, app: App) -> None:
    at(app, 0, text("STOP", "a"))
    no = NewEvent(
        identity_id=1, name="unsubscribed", at=LATER, source="pages", key="p", data={"channel": "sms"}
    )
    record(store, [no], app.clock, app.listeners())
    at(app, 60, text("START", "b"))
    assert suppressions(store) == {(1, "sms", "opt_out")}
    assert "express" not in {kind for kind, _ in consents(store)}


def test_nobody_lifts_what_another_said_by_their_own_telephone(store: Store, app: App) -> None:
    add_person(store, 2, phone=B)
    change(store, "INSERT INTO contact (source, source_key, identity_id, phone, row_hash, first_seen_at, last_seen_at)"
                  f" VALUES ('crm', 'b', 2, '{A}', '', 1, 1)")  # fmt: skip
    at(app, 0, text("STOP", "a", B))
    at(app, 60, text("START", "b", A))
    assert suppressions(store) == {(2, "sms", "opt_out")}
    assert {address for address, *_ in addresses(store)} == {A, B}
    at(app, 120, text("START", "c", B))
    assert (suppressions(store), addresses(store)) == (set(), set())


def test_what_several_said_by_one_number_is_lifted_for_all_of_them(store: Store, app: App) -> None:
    add_person(store, 2, phone=A)
    at(app, 0, text("STOP", "a"))
    assert len(suppressions(store)) == 2
    at(app, 60, text("START", "b"))
    assert (suppressions(store), addresses(store)) == (set(), set())


def test_a_mail_takes_nothing_back_since_anybody_may_have_written_it(store: Store, app: App) -> None:
    at(app, 0, message("unsubscribe", key="a"), channel="email")
    at(app, 60, message("START", key="b"), channel="email")
    assert suppressions(store) == {(1, "email", "opt_out")}


@pytest.mark.parametrize("standing", ["express_written", "express"])
def test_start_takes_no_consent_away(store: Store, app: App, standing: str) -> None:
    change(store, "INSERT INTO consent (identity_id, id, channel, type, at, recorded_at, source, key)"
                  f" VALUES (1, 1, 'sms', '{standing}', {LATER - 60}, 1, 'crm', 'w')")  # fmt: skip
    at(app, 0, text("START", "a"))
    assert consents(store) == [(standing, -60)]
    at(app, 60, text("STOP", "b"))
    at(app, 120, text("START", "c"))
    assert consents(store)[1:] == [("revoked", 60), ("express", 120)]


def test_each_unclear_reply_is_a_task_and_holds_until_it_is_read(store: Store, app: App) -> None:
    words = "I am still not sure about this, maybe stop?"
    came(app, message(words, key="m1"), message(words, key="m2"))
    first, second = (ref for (ref,) in ask(store, "SELECT ref FROM task ORDER BY ref"))
    for ref, left in ((first, 1), (second, 0)):
        with store.begin() as conn:
            settle(app, conn, [Outcome(ref=ref, code="replied")], app.clock.now())
        assert ask(store, "SELECT count(*) FROM note WHERE closed_at IS NULL") == [(left,)]


def test_somebody_elses_address_is_the_one_the_reply_came_by(store: Store, app: App) -> None:
    came(app, message("I am still not sure about this, maybe stop?", key="m1"))
    [(ref,)] = ask(store, "SELECT ref FROM task")
    with store.begin() as conn:
        settle(app, conn, [Outcome(ref=ref, code="wrong_number")], app.clock.now())
    assert suppressions(store) == {(1, "email", "hard_bounce")}
