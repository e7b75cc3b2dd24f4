"""A note that holds is closed by a human, and the person is looked at again."""

from __future__ import annotations

import pytest

from engine.clock import VirtualClock
from engine.errors import UnknownName
from engine.people.notes import close_notes
from state.store import Store
from tests.events.building import NOW, enrol, happens, person
from tests.people.building import query


def test_closing_looks_at_every_live_enrolment_of_that_person_and_of_nobody_else(store: Store) -> None:
    for identity in (1, 2):
        person(store, identity)
        enrol(store, identity)
        happens(store, identity, "replied", text="please cancel my 3pm appointment", key=str(identity))
    enrol(store, 1, "other", exclusivity_group="onboarding", due_at=NOW + 5_000)
    enrol(store, 2, "other", exclusivity_group="onboarding", due_at=NOW + 5_000)
    assert close_notes(store, 1, "review_reply", VirtualClock(NOW + 60), "meant the dentist") == 1
    assert query(store, "SELECT identity_id, closed_at, text FROM note ORDER BY 1") == [
        (1, NOW + 60, "meant the dentist"), (2, None, None),
    ]  # fmt: skip
    assert query(store, "SELECT identity_id, due_at FROM enrolment WHERE campaign = 'other' ORDER BY 1") == [
        (1, NOW + 60), (2, NOW + 5_000),
    ]  # fmt: skip


def test_a_merged_person_is_followed_and_nothing_open_is_an_error(store: Store) -> None:
    person(store, 1)
    person(store, 2, merged_into=1)
    person(store, 3, deleted_at=NOW)
    happens(store, 1, "replied", text="my lawyer will call")
    with pytest.raises(UnknownName, match="no open note of kind 'escalation'"):
        close_notes(store, 1, "escalation", VirtualClock(NOW))
    with pytest.raises(UnknownName, match="no person 3"):
        close_notes(store, 3, "complaint", VirtualClock(NOW))
    assert close_notes(store, 2, "complaint", VirtualClock(NOW)) == 1
