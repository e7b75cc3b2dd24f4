"""An event is recorded once, obeyed in the same transaction, and wakes exactly who listens."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import text

from engine.clock import VirtualClock
from engine.events import NewEvent, record, record_in
from state.store import Store
from tests.events.building import LISTENERS, NOW, enrol, happens, person
from tests.people.building import query


def test_an_event_is_recorded_once(store: Store) -> None:
    person(store, 1)
    assert happens(store, 1, "clicked", url="https://acme.example") == 1
    assert happens(store, 1, "clicked", url="https://acme.example") == 0
    [(name, at, received)] = query(store, "SELECT name, at, received_at FROM event")
    assert (name, at, received) == ("clicked", NOW, NOW)


def test_the_same_event_twice_in_one_batch_is_one(store: Store) -> None:
    person(store, 1)
    event = NewEvent(identity_id=1, name="clicked", at=NOW, source="test", key="1")
    assert record(store, [event, event], VirtualClock(NOW), {}) == 1


def test_two_sources_may_use_the_same_key(store: Store) -> None:
    person(store, 1)
    new = [NewEvent(identity_id=1, name="clicked", at=NOW, source=s, key="1") for s in ("a", "b")]
    assert record(store, new, VirtualClock(NOW), {}) == 2


def test_who_listens_is_due_now_and_nobody_else(store: Store) -> None:
    for identity in (1, 2, 3):
        person(store, identity)
    enrol(store, 1)
    enrol(store, 1, "other", exclusivity_group="onboarding")
    enrol(store, 2)
    enrol(store, 3, state="ended", due_at=None)
    happens(store, 1, "replied", text="call me")
    happens(store, 3, "replied", key="3", text="call me")
    assert query(store, "SELECT identity_id, campaign, due_at FROM enrolment ORDER BY 1, 2") == [
        (1, "lost", NOW), (1, "other", NOW + 1_000), (2, "lost", NOW + 1_000), (3, "lost", None),
    ]  # fmt: skip


def test_a_sleeper_is_woken_and_a_late_enrolment_is_not_made_later(store: Store) -> None:
    person(store, 1)
    person(store, 2)
    enrol(store, 1, state="parked", due_at=None)
    enrol(store, 2, due_at=NOW - 500)
    happens(store, 1, "feature_shipped")
    happens(store, 2, "feature_shipped", key="2")
    assert query(store, "SELECT due_at FROM enrolment ORDER BY identity_id") == [(NOW,), (NOW - 500,)]


def suppressions(store: Store) -> set[Any]:
    return set(query(store, "SELECT identity_id, channel, reason FROM suppression"))


def addresses(store: Store) -> set[Any]:
    return set(query(store, "SELECT address, channel, reason FROM address_suppression"))


def test_stop_on_a_channel_suppresses_it_revokes_its_consent_and_leaves_a_note(store: Store) -> None:
    person(store, 1)
    enrol(store, 1)
    happens(store, 1, "replied", text="STOP", channel="sms")
    assert suppressions(store) == {(1, "sms", "opt_out"), (1, "phone", "opt_out")}
    assert addresses(store) == {("+13125550101", c, "opt_out") for c in ("sms", "phone")}
    assert query(store, "SELECT channel, type, at FROM consent ORDER BY channel") == [
        ("phone", "revoked", NOW),
        ("sms", "revoked", NOW),
    ]
    assert query(store, "SELECT kind, opened_at, closed_at FROM note") == [("refusal", NOW, None)]
    assert query(store, "SELECT name, source FROM event ORDER BY id") == [
        ("replied", "test"),
        ("refused", "inbound"),
    ]
    assert query(store, "SELECT due_at FROM enrolment") == [(NOW,)]


@pytest.mark.parametrize(
    ("said", "channel", "suppressed", "note"),
    [
        ("stop", None, "all", "refusal"),
        ("do not contact me", "email", "all", "refusal"),
        ("wrong number", "sms", "all", "wrong_person"),
        ("my lawyer will call", "email", "all", "complaint"),
        ("not interested", "email", "email", "refusal"),
    ],
)
def test_how_far_a_refusal_reaches(
    said: str, channel: str | None, suppressed: str, note: str, store: Store
) -> None:
    person(store, 1)
    happens(store, 1, "replied", text=said, **({"channel": channel} if channel else {}))
    assert suppressions(store) == {(1, suppressed, "opt_out")}
    assert query(store, "SELECT kind FROM note") == [(note,)]


def test_a_refusal_of_everything_revokes_every_consent_there_is(store: Store) -> None:
    person(store, 1)
    with store.begin() as conn:
        for channel in ("email", "sms"):
            conn.execute(
                text("INSERT INTO consent VALUES (1, :n, :c, 'express', :at, :at, 'crm', NULL, :c)"),
                {"n": len(channel), "c": channel, "at": NOW - 10},
            )
    happens(store, 1, "replied", text="leave me alone", channel="email")
    rows = query(store, "SELECT channel FROM consent WHERE type = 'revoked' ORDER BY 1")
    assert rows == [("email",), ("sms",)]


def test_a_reply_that_may_be_a_no_waits_for_a_human_and_suppresses_nothing_yet(store: Store) -> None:
    person(store, 1)
    happens(store, 1, "replied", text="please cancel my 3pm appointment", channel="sms")
    assert suppressions(store) == set()
    assert query(store, "SELECT kind, closed_at FROM note") == [("review_reply", None)]


@pytest.mark.parametrize("said", ["nonstop deals?", "can't stop loving it", "call me", "HELP", ""])
def test_a_friendly_reply_does_nothing_more(said: str, store: Store) -> None:
    person(store, 1)
    happens(store, 1, "replied", text=said, channel="sms")
    assert suppressions(store) == set()
    assert query(store, "SELECT kind FROM note") == []
    assert query(store, "SELECT name FROM event") == [("replied",)]


def test_unsubscribed_complained_and_bounced(store: Store) -> None:
    for identity in (1, 2, 3, 4, 5):
        person(store, identity)
    happens(store, 1, "unsubscribed", key="1")
    happens(store, 2, "unsubscribed", key="2", channel="sms")
    happens(store, 3, "complained", key="3")
    happens(store, 4, "bounced", key="4", hard=True)
    happens(store, 5, "bounced", key="5", hard=False)
    assert suppressions(store) == {
        (1, "email", "opt_out"),
        (2, "sms", "opt_out"),
        (2, "phone", "opt_out"),
        (3, "all", "complaint"),
    }
    assert ("p4@acme.example", "email", "hard_bounce") in addresses(store)
    assert not {a for a in addresses(store) if a[0] == "p5@acme.example"}


def test_a_bounce_names_its_own_address(store: Store) -> None:
    person(store, 1)
    happens(store, 1, "bounced", hard="true", address="Old@Acme.example")
    assert addresses(store) == {("old@acme.example", "email", "hard_bounce")}


def test_every_number_a_person_ever_had_is_bound(store: Store) -> None:
    person(store, 1)
    with store.begin() as conn:
        conn.execute(text("UPDATE person SET phone = '+13125550199'"))
    happens(store, 1, "replied", text="stop", channel="sms")
    assert {a for a, _, _ in addresses(store)} == {"+13125550101", "+13125550199"}


def test_an_event_follows_a_merged_person_and_is_dropped_for_an_erased_one(store: Store) -> None:
    person(store, 1)
    person(store, 2, merged_into=1)
    person(store, 3, merged_into=2)
    person(store, 4, deleted_at=NOW)
    for identity in (3, 4, 99):
        happens(store, identity, "clicked", key=str(identity))
    assert query(store, "SELECT identity_id, key FROM event") == [(1, "3")]


def test_a_refusal_that_cannot_be_committed_leaves_nothing_half_done(store: Store) -> None:
    person(store, 1)
    event = NewEvent(identity_id=1, name="replied", at=NOW, source="t", key="1", data={"text": "stop"})

    def fail() -> None:
        with store.begin() as conn:
            record_in(conn, [event], LISTENERS, NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert suppressions(store) == set()
    assert query(store, "SELECT * FROM event") == []


def test_webhooks_that_arrive_twice_at_once_are_one(store: Store) -> None:
    person(store, 1)
    event = NewEvent(identity_id=1, name="replied", at=NOW, source="t", key="1", data={"text": "stop"})
    counts: list[int] = []
    threads = [
        threading.Thread(target=lambda: counts.append(record(store, [event], VirtualClock(NOW), LISTENERS)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts) == [0, 0, 0, 1]
    assert len(query(store, "SELECT * FROM note")) == 1


def test_an_automatic_reply_is_on_record_as_one_and_nobody_has_answered(store: Store) -> None:
    person(store, 1)
    enrol(store, 1)
    for _ in range(2):
        happens(store, 1, "replied", text="I am out of the office until 5 March.", channel="email")
    assert query(store, "SELECT name FROM event") == [("auto_replied",)]
    assert (suppressions(store), query(store, "SELECT kind FROM note")) == (set(), [])
    happens(
        store, 1, "replied", text="Out of office. Please take me off your list.", channel="email", key="k2"
    )
    assert suppressions(store) == {(1, "email", "opt_out")}
