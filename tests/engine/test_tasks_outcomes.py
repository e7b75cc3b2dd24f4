"""How tasks end: what each way does, trying again later, and the no that somebody only noted."""

from __future__ import annotations

from typing import Any

import pytest

from engine.app import App
from engine.dispositions import DISPOSITIONS, fitting, follows, suppressed
from engine.errors import RekindleError, UnknownName
from engine.events import record_in
from engine.reported import refusal_in
from engine.task_outcomes import Outcome, OutcomeRefused, TaskClosed, settle
from engine.tasks import conclude
from state.store import Store
from state.tables import Note
from tests.engine.building import DAY, NOW, PROJECT, ask, files, open_files
from tests.engine.test_tasks import HELLO, opened
from tests.events.building import put

LISTED = "people: {values: {loss_reason: [price, timing]}, "


@pytest.fixture
def app(store: Store) -> Any:
    texts = files({"hello": HELLO})
    texts["rekindle.yaml"] = PROJECT.replace(" EMAIL", "").replace("people: {", LISTED)
    app = open_files(store, texts)
    yield app
    app.close()


def close(app: App, ref: str, code: str, **more: Any) -> None:
    conclude(app, Outcome(ref=ref, code=code, **more))


def suppressions(store: Store) -> set[str]:
    return {channel for (channel,) in ask(store, "SELECT channel FROM suppression")}


def events(store: Store) -> list[str]:
    return sorted(name for (name,) in ask(store, "SELECT name FROM event"))


@pytest.mark.parametrize("kind", ["phone", "linkedin", "letter", "review", "reply", "call_back"])
def test_every_way_does_what_it_says(kind: str, app: App, store: Store) -> None:
    for code, disposition in fitting(kind).items():
        with store.begin() as conn:
            for table in ("suppression", "event", "task", "enrolment", "identifier", "contact", "person"):
                conn.exec_driver_sql(f"DELETE FROM {table}")
        opened(store, kind)
        close(app, kind, code)
        assert suppressions(store) == set(suppressed(disposition, kind)), code
        wanted = {disposition.event or "task_closed", *([disposition.also] if disposition.also else [])}
        assert set(events(store)) == wanted, code
        assert ask(store, "SELECT state, disposition FROM task") == [(disposition.state, code)]
        assert ("suppresses" in follows(disposition, kind)) is disposition.refuses


def test_never_call_again_is_about_the_telephone(app: App, store: Store) -> None:
    opened(store, "phone", "linkedin")
    close(app, "phone", "do_not_call")
    assert suppressions(store) == {"phone", "sms"}
    assert ask(store, "SELECT state FROM task WHERE ref = 'linkedin'") == [("open",)]


def test_a_way_of_another_kind_is_refused_by_name(app: App, store: Store) -> None:
    opened(store, "linkedin")
    with pytest.raises(UnknownName, match="a linkedin task does not end as 'no_answer'"):
        close(app, "linkedin", "no_answer")
    with pytest.raises(UnknownName) as error:
        close(app, "linkedin", "repleid")
    assert error.value.hint == "did you mean 'replied'?"


# ── again, later ──


@pytest.mark.parametrize("code", [code for code, found in fitting("phone").items() if found.again])
def test_a_call_can_be_put_off(code: str, app: App, store: Store) -> None:
    opened(store, "phone")
    close(app, "phone", code, at=NOW + DAY, comment="in the morning")
    answered = DISPOSITIONS[code].event is not None
    found = ask(store, "SELECT kind, state, disposition, due_at, comment FROM task")
    assert found == [("call_back" if answered else "phone", "open", code, NOW + DAY, "in the morning")]
    assert events(store) == (["replied"] if answered else []) + ["task_moved"]


def test_it_can_be_put_off_again_and_then_ends(app: App, store: Store) -> None:
    opened(store, "phone")
    close(app, "phone", "busy", at=NOW + 3_600)
    close(app, "phone", "busy", at=NOW + 7_200)
    with pytest.raises(TaskClosed):
        close(app, "phone", "busy", at=NOW + 7_200)
    close(app, "phone", "connected")
    assert events(store) == ["call_connected", "task_moved", "task_moved"]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"code": "done", "at": NOW + DAY}, "nothing to put off"),
        ({"code": "busy", "at": NOW - 1}, "has passed"),
        ({"code": "busy", "happened": NOW + 60}, "lies ahead"),
    ],
)
def test_moments_that_make_no_sense_are_refused(
    more: dict[str, Any], told: str, app: App, store: Store
) -> None:
    opened(store, "phone")
    with pytest.raises(OutcomeRefused, match=told):
        close(app, "phone", **more)
    assert ask(store, "SELECT state, disposition FROM task") == [("open", None)]


# ── why, and what they noted ──


def test_the_reason_is_kept_on_the_person(app: App, store: Store) -> None:
    opened(store, "phone")
    with store.begin() as conn:
        conn.exec_driver_sql(f"UPDATE person SET closed_at = {NOW - DAY}")
    close(app, "phone", "connected", reason="Price", words="Your rival costs half.")
    assert ask(store, "SELECT loss_reason FROM person") == [("price",)]
    assert events(store) == ["call_connected", "feedback"]


def test_a_reason_that_is_not_listed_is_refused_by_name(app: App, store: Store) -> None:
    opened(store, "phone")
    with store.begin() as conn:
        conn.exec_driver_sql(f"UPDATE person SET closed_at = {NOW - DAY}")
    with pytest.raises(UnknownName) as error:
        close(app, "phone", "connected", reason="pricee")
    assert error.value.hint == "did you mean 'price'?"
    assert ask(store, "SELECT state FROM task") == [("open",)]


@pytest.mark.parametrize(
    ("comment", "channels"),
    [
        ("asked never to be called again", {"phone", "sms"}),
        ("Do not contact", {"all"}),
        ("wrong number, an old lady", {"phone", "sms"}),
        ("could not be reached, call again in May", set()),
        ("asked not to call before 10", set()),
    ],
)
def test_a_no_that_is_only_noted_counts(comment: str, channels: set[str], app: App, store: Store) -> None:
    opened(store, "phone")
    found = conclude(app, Outcome(ref="phone", code="no_answer", comment=comment))
    assert set(found.refused) == channels == suppressions(store)
    assert ("refused" in events(store)) is bool(channels)


def test_a_no_counts_where_the_outcome_does_not(app: App, store: Store) -> None:
    opened(store, "phone")
    close(app, "phone", "connected")
    with pytest.raises(TaskClosed):
        close(app, "phone", "do_not_contact")
    assert suppressions(store) == {"all"}


def test_of_two_outcomes_of_one_task_the_first_counts(app: App, store: Store) -> None:
    opened(store, "phone")
    with store.begin() as conn:
        results = settle(
            app, conn, [Outcome(ref="phone", code=c) for c in ("busy", "busy", "connected")], NOW
        )
    assert [(r.unchanged, isinstance(r.fault, TaskClosed)) for r in results] == [
        (False, False), (True, False), (False, True),
    ]  # fmt: skip
    assert ask(store, "SELECT disposition FROM task") == [("busy",)]


def test_who_reads_a_reply_lets_the_cadence_go_on(app: App, store: Store) -> None:
    opened(store, "reply")
    put(store, Note, identity_id=1, id=1, kind="review_reply", opened_at=NOW - 60, source="event", key="reply")
    close(app, "reply", "done", comment="they meant their appointment")
    assert ask(store, "SELECT closed_at FROM note") == [(NOW,)]


def test_nothing_comes_of_no_outcomes(app: App, store: Store) -> None:
    with store.begin() as conn:
        assert settle(app, conn, [], NOW) == []
        assert record_in(conn, [], {}, NOW) == 0


@pytest.mark.parametrize(
    "text",
    [
        "She asked us not to call any more", "wants no more emails", "told me never to contact him again",
        "Take her off the list", "DNC", "please don't call", "Asked that we stop emailing", "not interested",
    ],
)  # fmt: skip
def test_a_reported_refusal_is_one(text: str) -> None:
    assert refusal_in(None, text)


@pytest.mark.parametrize(
    "text",
    [
        "never called back", "did not call, number missing", "wants a call, not an email", "No time.",
        "very happy, can't stop talking about it", "asked to be called on Friday", "said she would write", "",
    ],
)  # fmt: skip
def test_what_else_is_noted_is_none(text: str) -> None:
    assert refusal_in(text) is None


def test_every_fault_is_one_line_with_a_mend(app: App, store: Store) -> None:
    with pytest.raises(RekindleError) as error:
        close(app, "nobody", "done")
    assert error.value.hint
