"""Work for humans is for people who have not said no: tasks close with the refusal, and with the round."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from engine import tasks
from engine.app import App
from engine.clock import VirtualClock
from engine.events import NewEvent, record
from engine.people.erase import erase
from engine.people.merge import merge
from engine.suppression import suppress
from engine.taskbook import StoreTaskBook
from state.queries import outbox
from state.queries import record as books
from state.store import Store
from state.tables import Suppression, Task, Touch, TouchMessage
from state.testing import database
from tests.engine.building import NOW, ask, open_app
from tests.events.building import enrol, person, put
from tests.events.racing import started

HELLO = "audience: {segment: churned}\ncadence:\n  - {step: hello, at: 0d, email: note}\nthen: end\n"
KINDS = ("linkedin", "phone", "letter", "review", "call_back")


@pytest.fixture
def app(store: Store) -> Iterator[App]:
    app = open_app(store, {"hello": HELLO})
    yield app
    app.close()


def opened(store: Store, *kinds: str, identity: int = 1) -> None:
    """A person on a round, with an open task of each kind; its ref is its kind."""
    person(store, identity)
    enrol(store, identity)
    for kind in kinds:
        put(store, Task, identity_id=identity, campaign="lost", cycle=1, step=kind, ref=kind, kind=kind,
            owner="o@acme.example", title=f"Do {kind}", body="Say hello", state="open", created_at=1,
            due_at=NOW)  # fmt: skip


def still_open(store: Store) -> set[str]:
    return {kind for (kind,) in ask(store, "SELECT kind FROM task WHERE state = 'open'")}


def touch(store: Store, state: str, step: str = "one", **values: Any) -> None:
    values = {"ref": step, "channel": "phone", **values}
    put(store, Touch, identity_id=1, campaign="lost", cycle=1, step=step, state=state, planned_at=1, expires_at=2,
        not_before=1, decided_at=1, priority=50, attempts=0, **values)  # fmt: skip


def happens(store: Store, name: str, **data: str) -> None:
    event = NewEvent(identity_id=1, name=name, at=NOW, source="test", key=name, data=data)
    record(store, [event], VirtualClock(NOW), {})


# ── who has said no is left alone by people too ──


def test_who_says_no_to_everything_is_nobodys_work_any_more(store: Store) -> None:
    opened(store, *KINDS)
    happens(store, "replied", text="Stop contacting me on all channels")
    found = ask(store, "SELECT DISTINCT state, disposition, closed_at FROM task")
    assert found == [("declined", "overtaken", NOW)]


@pytest.mark.parametrize("channel", ["linkedin", "phone", "letter"])
def test_a_suppressed_channel_closes_its_own_tasks_only(channel: str, store: Store) -> None:
    opened(store, *KINDS)
    happens(store, "unsubscribed", channel=channel)
    assert still_open(store) == set(KINDS) - {channel}


def test_a_refusal_of_e_mail_leaves_the_call_to_be_made(store: Store) -> None:
    opened(store, *KINDS)
    happens(store, "unsubscribed")
    assert still_open(store) == set(KINDS)


def test_the_no_of_either_holds_for_the_tasks_of_both_once_they_are_one(store: Store) -> None:
    opened(store, "phone", "linkedin", identity=1)
    person(store, 2)
    with store.begin() as conn:
        suppress(conn, 2, "phone", "opt_out", at=NOW, source="test")
        merge(conn, [(1, 2)], NOW)
    assert still_open(store) == {"linkedin"}


def test_a_task_that_should_be_closed_is_not_offered(app: App, store: Store) -> None:
    opened(store, "phone", "linkedin")
    put(store, Suppression, identity_id=1, channel="phone", reason="opt_out", at=NOW, source="s")
    listed = tasks.listed(app, state=None, owner=None, kind=None, limit=9)["tasks"]
    assert [t["kind"] for t in listed] == ["linkedin"]
    shown = tasks.shown(app, "phone")["task"]
    assert (shown["refused"], shown["phone"], shown["email"], shown["body"]) == (True, None, None, "")
    assert not tasks.shown(app, "linkedin")["task"]["refused"]
    tasks.close(app, "phone", "declined")
    assert tasks.shown(app, "phone")["task"]["disposition"] == "declined"


@pytest.mark.parametrize("no", ["suppressed", "erased"])
def test_no_task_is_opened_for_who_said_no_while_it_was_on_its_way(no: str, store: Store) -> None:
    person(store, 1)
    enrol(store, 1)
    touch(store, "dispatching", ref="r1")
    if no == "erased":
        erase(store, 1, VirtualClock(NOW))
    else:
        happens(store, "unsubscribed", channel="phone")
    book = StoreTaskBook(store, VirtualClock(NOW))
    with pytest.raises(LookupError, match="erased" if no == "erased" else "said no"):
        book.open(ref="r1", kind="phone", owner="o", title="Call Ana", body="Ana", due_at=NOW, meta={})
    assert ask(store, "SELECT * FROM task") == []
    assert not book.exists("r1")


def test_a_task_opened_twice_is_one_whatever_they_said_between(store: Store) -> None:
    person(store, 1)
    enrol(store, 1)
    touch(store, "dispatching", ref="r1")
    book = StoreTaskBook(store, VirtualClock(NOW))
    for _ in range(2):
        book.open(ref="r1", kind="phone", owner="o", title="Call", body="", due_at=NOW, meta={})
        happens(store, "unsubscribed", channel="phone")
    assert ask(store, "SELECT state, disposition FROM task") == [("declined", "overtaken")]


# ── what a round leaves when it ends ──


def end(store: Store, reason: str) -> None:
    with store.begin() as conn:
        row = {"identity_id": 1, "campaign": "lost", "cycle": 1, "reason": reason, "now": NOW}
        books.cancel_open(conn, [row])


@pytest.mark.parametrize("reason", ["opted_out", "suppressed", "won_back", "withdrawn", "handed_over"])
def test_a_round_that_ends_takes_its_tasks_along_but_for_the_call_back(reason: str, store: Store) -> None:
    opened(store, *KINDS)
    end(store, reason)
    assert still_open(store) == {"call_back"}


@pytest.mark.parametrize("reason", ["left_segment", "superseded", "expired"])
def test_other_ends_leave_the_calls_to_be_made(reason: str, store: Store) -> None:
    opened(store, *KINDS)
    end(store, reason)
    assert still_open(store) == set(KINDS) - {"review"}


def test_every_touch_that_is_cancelled_with_its_round_is_in_the_ledger(store: Store) -> None:
    person(store, 1)
    enrol(store, 1)
    enrol(store, 1, "other", exclusivity_group="onboarding")
    for step, state in {"one": "held", "two": "queued", "three": "sent"}.items():
        touch(store, state, step)
    put(store, Touch, identity_id=1, campaign="other", cycle=1, step="one", ref="o", state="queued", channel="email",
        planned_at=1, expires_at=2, not_before=1, decided_at=1, priority=50, attempts=0)  # fmt: skip
    end(store, "won_back")
    states = ask(store, "SELECT campaign, step, state, reason FROM touch ORDER BY campaign, step")
    assert states == [
        ("lost", "one", "cancelled", "won_back"), ("lost", "three", "sent", None),
        ("lost", "two", "cancelled", "won_back"), ("other", "one", "queued", None),
    ]  # fmt: skip
    ledger = ask(
        store, "SELECT at, campaign, cycle, step, action, rule, version, reasons FROM decision ORDER BY step"
    )
    assert [row[:-1] for row in ledger] == [
        (NOW, "lost", 1, "one", "cancel", "won_back", "v1"), (NOW, "lost", 1, "two", "cancel", "won_back", "v1"),
    ]  # fmt: skip
    assert {orjson.loads(row[-1])[0]["rule"] for row in ledger} == {"won_back"}


# ── closing one ──


@pytest.mark.parametrize(
    ("kind", "channels"),
    [
        ("phone", {"phone", "sms"}),
        ("call_back", {"phone", "sms"}),
        ("review", {"phone", "sms"}),
        ("linkedin", {"linkedin"}),
        ("letter", {"letter"}),
    ],
)
def test_a_wrong_number_is_the_numbers_fault(kind: str, channels: set[str], app: App, store: Store) -> None:
    opened(store, kind)
    tasks.close(app, kind, "wrong_number")
    assert {c for (c,) in ask(store, "SELECT channel FROM suppression")} == channels


def test_no_thank_you_in_a_letter_is_about_letters(app: App, store: Store) -> None:
    opened(store, "letter")
    tasks.close(app, "letter", "not_interested")
    assert ask(store, "SELECT channel FROM suppression") == [("letter",)]


def test_closing_one_task_and_ending_its_round_do_not_wait_for_each_other() -> None:
    with database("postgresql") as url:
        store = Store.open(url)
        app = open_app(store, {"hello": HELLO})
        opened(store, "review")
        with store.begin() as conn:
            conn.execute(text("SELECT 1 FROM person WHERE identity_id = 1 FOR UPDATE"))
            with started(store, lambda: tasks.close(app, "review", "approved")) as [closing]:
                row = {"identity_id": 1, "campaign": "lost", "cycle": 1, "reason": "expired", "now": NOW}
                books.cancel_open(conn, [row])
        with pytest.raises(tasks.TaskClosed, match="overtaken"):
            closing.result()
        app.close()
        store.close()


def test_a_task_closed_while_its_person_is_merged_counts_for_who_they_are_now() -> None:
    with database("postgresql") as url:
        store = Store.open(url)
        app = open_app(store, {"hello": HELLO})
        person(store, 1)
        opened(store, "phone", identity=2)
        with store.begin() as conn:
            merge(conn, [(1, 2)], NOW)
            with started(store, lambda: tasks.close(app, "phone", "do_not_contact")) as [closing]:
                pass
        assert closing.result()["identity_id"] == 1
        assert ask(store, "SELECT identity_id, channel FROM suppression") == [(1, "all")]
        assert ask(store, "SELECT identity_id, name FROM event") == [(1, "refused")]
        app.close()
        store.close()


# ── erasure, while something is leaving ──


def test_the_words_of_a_message_that_is_leaving_go_with_its_person(store: Store) -> None:
    person(store, 1)
    enrol(store, 1)
    touch(store, "dispatching", ref="r1")
    put(
        store,
        TouchMessage,
        identity_id=1,
        campaign="lost",
        cycle=1,
        step="one",
        payload='{"to": "ana@acme.example"}',
    )
    erase(store, 1, VirtualClock(NOW))
    assert ask(store, "SELECT * FROM message") == []
    assert ask(store, "SELECT state FROM touch") == [("dispatching",)], "its outcome is still to be written"


def test_what_was_leaving_tells_nothing_of_who_was_erased(store: Store) -> None:
    person(store, 1)
    erase(store, 1, VirtualClock(NOW))
    with store.begin() as conn:
        outbox.put_last_touch(conn, [{"identity_id": 1, "now": NOW, "channel": "email"}])
    assert ask(store, "SELECT last_touch_at, last_touch_channel FROM person") == [(None, None)]
