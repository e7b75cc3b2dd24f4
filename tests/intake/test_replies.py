"""What people write back: a no is obeyed at once, STOP, START and HELP are answered as the law has it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from channels.base import Message, Outcome, Rejected, Retry, Unknown
from channels.events import EventKind, Keyword
from channels.recording import RecordingAdapter
from engine.app import App
from engine.clock import VirtualClock
from engine.intake_again import KEPT_OPEN, place_open
from engine.notices import IN_TIME, answer
from engine.people.erase import erase
from engine.tell import tell_one
from state.store import Store
from tests.engine.building import add_person, ask
from tests.intake.building import (
    LATER,
    addresses,
    came,
    event,
    events,
    message,
    rows,
    suppressions,
    written_to,
)

NUMBER = "+13125550101"
#: what a no by text comes to: texts and calls go together
BY_TEXT = {(1, "sms", "opt_out"), (1, "phone", "opt_out")}


def text(words: str, *, sender: str = NUMBER, key: str = "SM1", answered: Keyword | None = None):  # type: ignore[no-untyped-def]
    return message(words, sender=sender, key=key, answered=answered, to="+13125550100", vouched=True)


@pytest.fixture
def app(store: Store) -> App:
    app = written_to(store)
    app.channels["sms"] = RecordingAdapter()
    return app


def said(app: App) -> list[str]:
    """What was texted back."""
    answer(app)
    adapter = app.channels["sms"]
    assert isinstance(adapter, RecordingAdapter)
    return [m.text for m in adapter.received]


def test_a_reply_is_on_record_and_heard(store: Store, app: App) -> None:
    assert came(app, message("Yes, tell me more")) == {"applied": 1}
    assert events(store) == ["replied"]
    assert ask(store, "SELECT due_at FROM enrolment") == [(LATER,)]
    assert suppressions(store) == set()


def test_stop_by_text_binds_the_channel_and_the_number_and_is_confirmed_once(store: Store, app: App) -> None:
    came(app, text("Stop."), channel="sms")
    assert suppressions(store) == BY_TEXT
    assert (NUMBER, "sms", "opt_out") in addresses(store)
    assert said(app) == ["Small: You are opted out and will get no more texts from us."]
    came(app, text("STOP", key="SM2"), channel="sms")
    assert len(said(app)) == 1


def test_what_the_provider_has_answered_nobody_answers_again(store: Store, app: App) -> None:
    came(
        app, text("OFF", answered=Keyword.STOP), text("HELP", key="SM2", answered=Keyword.HELP), channel="sms"
    )
    assert suppressions(store) == BY_TEXT
    assert said(app) == []


def test_a_confirmation_that_would_come_late_is_left_out(store: Store, app: App) -> None:
    came(app, text("STOP"), channel="sms")
    assert isinstance(app.clock, VirtualClock)
    app.clock.move_to(LATER + IN_TIME + 1)
    assert said(app) == []
    assert ask(store, "SELECT state FROM notice") == [("expired",)]


class _Slow(RecordingAdapter):
    """A channel that takes two minutes for each message."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self._clock = clock

    def send(self, message: Message) -> Outcome:
        self._clock.move_to(self._clock.now() + 120)
        return super().send(message)


def test_a_slow_channel_makes_none_late(store: Store, app: App) -> None:
    assert isinstance(app.clock, VirtualClock)
    slow = app.channels["sms"] = _Slow(app.clock)
    came(app, *(text("STOP", sender=f"+1312555014{n}", key=f"SM{n}") for n in range(5)), channel="sms")
    answer(app)
    assert len(slow.received) == 3
    assert ask(store, "SELECT state, count(*) FROM notice GROUP BY state ORDER BY state") == [
        ("expired", 2),
        ("sent", 3),
    ]


def test_it_can_be_switched_off(store: Store) -> None:
    app = written_to(store)
    app.channels["sms"] = RecordingAdapter()
    app.project = replace(app.project, policy=replace(app.project.policy, confirm_opt_out=False))
    came(app, text("STOP"), text("HELP", key="SM2", sender="+13125550109"), channel="sms")
    assert [words.partition(":")[2][:9] for words in said(app)] == [" For help"]


def test_everybody_at_the_number_is_bound(store: Store, app: App) -> None:
    add_person(store, 2, phone=NUMBER)
    add_person(store, 3, phone="+13125550103")
    came(app, text("stop texting me"), channel="sms")
    assert suppressions(store) == BY_TEXT | {(2, "sms", "opt_out"), (2, "phone", "opt_out")}
    assert (events(store, 2), events(store, 3)) == (["refused", "replied"], [])
    assert len(said(app)) == 1


def test_a_number_that_an_older_row_gave_finds_its_person(store: Store, app: App) -> None:
    with store.begin() as conn:
        conn.exec_driver_sql(
            "INSERT INTO contact (source, source_key, identity_id, phone, row_hash, first_seen_at, last_seen_at)"
            " VALUES ('crm', 'C1', 1, '+13125550177', '', 1, 1)"
        )
    came(app, text("STOP", sender="+13125550177"), channel="sms")
    assert suppressions(store) == BY_TEXT
    assert {row[0] for row in addresses(store)} == {NUMBER, "+13125550177"}


def test_the_address_of_nobody_is_bound_too_and_answered(store: Store, app: App) -> None:
    came(app, text("STOP", sender="+13125550150"), channel="sms")
    came(app, message("Take me off your list", sender="Nobody@Customer.example", key="m9"))
    assert addresses(store) == {
        ("+13125550150", "sms", "opt_out"),
        ("+13125550150", "phone", "opt_out"),
        ("nobody@customer.example", "email", "opt_out"),
    }
    assert [row[1:] for row in rows(store)] == [("applied", "nobody has the address: it is suppressed")] * 2
    assert len(said(app)) == 1


def test_whoever_means_every_channel_is_bound_on_every_channel(store: Store, app: App) -> None:
    came(app, text("do not contact me again"), channel="sms")
    assert suppressions(store) == {(1, "all", "opt_out")}


def test_help_changes_nothing_and_is_answered_once_a_day(store: Store, app: App) -> None:
    came(app, text("HELP"), text("info", key="SM2"), channel="sms")
    assert said(app) == [
        "Small: For help write to hello@small.example. Msg & data rates may apply. Reply STOP to opt out."
    ]
    assert (set(events(store)), suppressions(store)) == ({"asked_for_help"}, set())


def test_help_is_answered_in_their_language_also_after_stop(store: Store, app: App) -> None:
    with store.begin() as conn:
        conn.exec_driver_sql("UPDATE person SET language = 'de-AT'")
    came(app, text("STOP"), channel="sms")
    came(app, text("HELP", key="SM2"), channel="sms")
    assert [words.split()[1] for words in said(app)] == ["Sie", "Bei"]


def test_start_takes_stop_back_and_is_its_own_proof(store: Store, app: App) -> None:
    came(app, text("STOP"), channel="sms")
    assert isinstance(app.clock, VirtualClock)
    app.clock.move_to(LATER + 60)
    came(app, text("Start", key="SM2"), channel="sms")
    assert (suppressions(store), addresses(store)) == (
        {(1, "phone", "opt_out")},
        {(NUMBER, "phone", "opt_out")},
    )
    sql = "SELECT channel, type, at, proof_uri FROM consent WHERE channel = 'sms' ORDER BY at"
    assert ask(store, sql) == [
        ("sms", "revoked", LATER, None),
        ("sms", "express", LATER + 60, "received:channel:sms:SM2"),
    ]
    assert "opted_in" in events(store)
    assert len(said(app)) == 2


@pytest.mark.parametrize("reason", ["complaint", "erased", "hard_bounce"])
def test_start_lifts_nothing_but_stop(store: Store, app: App, reason: str) -> None:
    with store.begin() as conn:
        for table, who in (
            ("suppression (identity_id,", "1"),
            ("address_suppression (address,", f"'{NUMBER}'"),
        ):
            conn.exec_driver_sql(
                f"INSERT INTO {table} channel, reason, at, source) VALUES ({who}, 'sms', '{reason}', 1, 'provider')"
            )
    came(app, text("STOP"), channel="sms")
    assert isinstance(app.clock, VirtualClock)
    app.clock.move_to(LATER + 1)
    came(app, text("START", key="SM2"), channel="sms")
    assert suppressions(store) == {(1, "sms", reason), (1, "phone", "opt_out")}
    assert addresses(store) == {(NUMBER, "sms", reason), (NUMBER, "phone", "opt_out")}
    assert bool(said(app)) is (reason == "hard_bounce")


@pytest.mark.parametrize("where", ["event:pages", "crm"])
def test_an_opt_out_said_elsewhere_stays(store: Store, app: App, where: str) -> None:
    with store.begin() as conn:
        conn.exec_driver_sql(
            "INSERT INTO suppression (identity_id, channel, reason, at, source)"
            f" VALUES (1, 'sms', 'opt_out', 1, '{where}')"
        )
    came(app, text("START"), channel="sms")
    assert suppressions(store) == {(1, "sms", "opt_out")}


def test_stop_after_start_in_one_delivery_is_a_no(store: Store, app: App) -> None:
    came(app, text("START"), text("STOP", key="SM2"), channel="sms")
    assert suppressions(store) == BY_TEXT


def test_what_cannot_be_read_for_sure_goes_to_a_person_and_holds(store: Store, app: App) -> None:
    came(app, message("Please cancel my appointment on Tuesday"))
    assert ask(store, "SELECT kind FROM note") == [("review_reply",)]
    sql = "SELECT kind, owner, campaign, state, title FROM task"
    assert ask(store, sql) == [("reply", "ops@small.example", "hello", "open", "Read what Ann wrote back")]
    assert suppressions(store) == set()


def test_so_it_does_when_somebody_tells_of_it_by_hand(store: Store, app: App) -> None:
    for _ in range(2):
        tell_one(app, 1, "replied", None, {"text": "cancel my appointment"}, "k")
    assert ask(store, "SELECT kind, state FROM task") == [("reply", "open")]


def test_what_somebody_erased_writes_is_not_kept(store: Store, app: App) -> None:
    erase(store, 1, app.clock)
    came(app, text("Who is this?"), text("STOP", key="SM2"), channel="sms")
    assert ask(store, "SELECT state, raw, said FROM received") == [("ignored", "", None)] * 2
    assert (said(app), events(store)) == ([], [])


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Unknown(reason="dead"), "in_doubt"),
        (Rejected(reason="no"), "failed"),
        (Retry(reason="busy"), "queued"),
    ],
)
def test_only_what_certainly_was_not_sent_is_tried_again(
    store: Store, app: App, outcome: Unknown | Rejected | Retry, state: str
) -> None:
    app.channels["sms"] = RecordingAdapter().then(outcome)
    came(app, text("STOP"), channel="sms")
    assert said(app) == []
    assert ask(store, "SELECT state FROM notice") == [(state,)]
    assert len(said(app)) == (1 if state == "queued" else 0)


def test_an_answer_whose_worker_died_is_in_doubt_and_never_sent_again(store: Store, app: App) -> None:
    came(app, text("STOP"), channel="sms")
    with store.begin() as conn:
        conn.exec_driver_sql("UPDATE notice SET state = 'dispatching', worker = NULL")
    assert said(app) == []
    assert ask(store, "SELECT state FROM notice") == [("in_doubt",)]


def test_a_reply_waits_for_its_person_and_then_is_let_be(store: Store, app: App) -> None:
    assert came(app, message("Call me", sender="new@customer.example"), message("Hi", sender="x@customer.example",
                key="m2")) == {"open": 2}  # fmt: skip
    add_person(store, 7, email="new@customer.example", email_key="new@customer.example")
    assert place_open(app, LATER + 600) == {"applied": 1}
    assert events(store, 7) == ["replied"]
    place_open(app, LATER + KEPT_OPEN + 1)
    assert [(row[1], row[2]) for row in rows(store)] == [
        ("applied", None),
        ("ignored", "nobody has the address"),
    ]
    assert ask(store, "SELECT DISTINCT said FROM received") == [(None,)]


def test_what_was_written_is_forgotten_with_its_writer(store: Store, app: App) -> None:
    came(app, text("HELP"), channel="sms")
    erase(store, 1, app.clock)
    assert ask(store, "SELECT raw, said FROM received") == [("", None)]
    assert ask(store, "SELECT address, state FROM notice") == [("", "expired")]
    assert said(app) == []


def test_a_no_by_text_binds_calls_too_and_a_start_opens_texts_alone(store: Store, app: App) -> None:
    came(app, text("STOP"), channel="sms")
    assert suppressions(store) == BY_TEXT
    assert addresses(store) == {(NUMBER, "sms", "opt_out"), (NUMBER, "phone", "opt_out")}
    assert isinstance(app.clock, VirtualClock)
    app.clock.move_to(LATER + 1)
    came(app, text("START", key="SM2"), channel="sms")
    assert suppressions(store) == {(1, "phone", "opt_out")}


def test_what_a_provider_heard_as_a_no_binds_calls_too(store: Store, app: App) -> None:
    refused = event(EventKind.DROPPED, key="e1", to="+13125550150", suppress="opt_out")
    came(app, refused, replace(refused, id="e2", to=NUMBER), channel="sms")
    assert suppressions(store) == BY_TEXT
    assert {row[:2] for row in addresses(store)} == {
        (number, channel) for number in (NUMBER, "+13125550150") for channel in ("sms", "phone")
    }


@pytest.mark.parametrize(
    ("words", "channels"),
    [
        ("No more texts to my phone. Stop texting me.", {"email", "sms", "phone"}),
        ("Stop calling me", {"email", "sms", "phone"}),
        ("Bitte keine Anrufe mehr", {"email", "sms", "phone"}),
        ("ne m'appelez plus", {"email", "sms", "phone"}),
        ("Unsubscribe me.\nPhone: +1 312 555 0142\nE-mail: sam@customer.example", {"email"}),
        ("Stop sending these mails. Call me instead", {"email"}),
    ],
)
def test_a_no_by_mail_binds_the_channel_it_names_as_well(
    store: Store, app: App, words: str, channels: set[str]
) -> None:
    came(app, message(words))
    assert {row[1] for row in suppressions(store)} == channels
    assert {row[1] for row in addresses(store) if row[0] == NUMBER} == channels - {"email"}
    assert {row[1] for row in addresses(store) if row[0] != NUMBER} == {"email"}


def test_start_by_mail_lifts_nothing_and_is_for_a_person(store: Store, app: App) -> None:
    came(app, message("STOP"))
    assert isinstance(app.clock, VirtualClock)
    app.clock.move_to(LATER + 60)
    came(app, message("START", key="m2"))
    assert suppressions(store) == {(1, "email", "opt_out")}
    assert ask(store, "SELECT type FROM consent") == [("revoked",)]
    assert "opted_in" not in events(store)
    [(kind, state, body)] = ask(store, "SELECT kind, state, body FROM task")
    assert (kind, state, "It proves nothing" in body) == ("reply", "open", True)
