"""Why they left: kept on the person, for segments and templates, and never older over newer."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.clock import VirtualClock
from engine.events import NewEvent, record
from engine.feedback import field_of, judged, said
from engine.people.erase import erase
from state.store import Store
from tests.engine.building import DAY, NOW, add_person, ask

VALUES = {"churn_reason": ("price", "too_complex"), "loss_reason": ("price", "timing")}


def tell(store: Store, at: int = NOW, **data: Any) -> int:
    event = NewEvent(identity_id=1, name="feedback", at=at, source="survey", key=f"{at}", data=data)
    return record(store, [event], VirtualClock(NOW), {}, VALUES)


def kept(store: Store) -> tuple[Any, Any, Any]:
    """(churn reason, loss reason, own words)"""
    churn, loss, attributes = ask(store, "SELECT churn_reason, loss_reason, attributes FROM person")[0]
    attributes = orjson.loads(attributes) if isinstance(attributes, str) else attributes
    return churn, loss, attributes.get("own_words")


def test_a_customers_reason_and_words_are_kept(store: Store) -> None:
    add_person(store, 1, churned_at=NOW - 90 * DAY, attributes='{"seats": 7}')
    assert tell(store, reason="Too complex", words="Nobody  here\nunderstood it.", channel="survey") == 1
    assert kept(store) == ("too_complex", None, "Nobody here understood it.")
    seats = ask(store, "SELECT attributes FROM person")[0][0]
    assert "7" in str(seats), "what else is known stays"


def test_a_prospects_reason_is_why_the_deal_was_lost(store: Store) -> None:
    add_person(store, 1, closed_at=NOW - 90 * DAY, loss_reason="price")
    tell(store, reason="timing")
    assert kept(store) == (None, "timing", None)


def test_the_later_loss_is_the_one_that_is_told_of() -> None:
    assert field_of({"churned_at": 5, "closed_at": 3}) == "churn_reason"
    assert field_of({"churned_at": 5, "closed_at": 9}) == "loss_reason"
    assert field_of({"churned_at": None, "closed_at": None}) is None


def test_a_reason_from_before_they_left_says_nothing_of_it(store: Store) -> None:
    add_person(store, 1, churned_at=NOW - 5 * DAY, churn_reason="price")
    tell(store, NOW - 6 * DAY, reason="too_complex")
    assert kept(store)[0] == "price"


def test_an_empty_field_takes_even_that(store: Store) -> None:
    add_person(store, 1, churned_at=NOW - 5 * DAY)
    tell(store, NOW - 6 * DAY, reason="price")
    assert kept(store)[0] == "price"


def test_the_newest_stays_in_whatever_order_they_come_in(store: Store) -> None:
    add_person(store, 1, churned_at=NOW - 90 * DAY)
    tell(store, NOW - DAY, reason="price", words="later")
    tell(store, NOW - 2 * DAY, reason="too_complex", words="earlier")
    assert kept(store) == ("price", None, "later")


def test_a_reason_that_is_not_listed_stays_in_the_event_alone(store: Store) -> None:
    add_person(store, 1, churned_at=NOW - 90 * DAY, churn_reason="price")
    tell(store, reason="the moon", words="It was full.")
    assert kept(store) == ("price", None, "It was full.")
    assert "the moon" in str(ask(store, "SELECT data FROM event WHERE name = 'feedback'"))


def test_who_never_left_keeps_the_event(store: Store) -> None:
    add_person(store, 1)
    tell(store, reason="price")
    assert kept(store) == (None, None, None)


@pytest.mark.parametrize(
    ("words", "channel", "suppressed"),
    [
        ("Too dear for us.", "survey", set()),
        ("Please take me off your list", "survey", {"email"}),
        ("stop calling me", "phone", {"phone", "sms"}),
        ("Do not contact me again", "survey", {"all"}),
    ],
)
def test_words_that_refuse_are_a_refusal(
    words: str, channel: str, suppressed: set[str], store: Store
) -> None:
    add_person(store, 1, churned_at=NOW - 90 * DAY)
    tell(store, words=words, channel=channel)
    assert {c for (c,) in ask(store, "SELECT channel FROM suppression")} == suppressed
    assert {n for (n,) in ask(store, "SELECT name FROM event")} == {"feedback"} | (
        {"refused"} if suppressed else set()
    )


def test_erasure_takes_it_along(store: Store) -> None:
    add_person(store, 1, churned_at=NOW - 90 * DAY)
    tell(store, reason="price", words="Too dear")
    erase(store, 1, VirtualClock(NOW))
    assert kept(store) == (None, None, None)
    assert "dear" not in str(ask(store, "SELECT data FROM event"))


@given(st.text() | st.integers() | st.none(), st.text(max_size=5_000))
def test_whatever_a_survey_sends_is_bounded_and_harmless(reason: object, words: str) -> None:
    found = said(1, NOW, {"reason": reason, "words": words})
    if found is not None:
        assert len(found.reason or "") <= 100
        assert len(found.words or "") <= 2_000
        assert "\0" not in (found.reason or "") + (found.words or "")
        judged(found.reason or "", "churn_reason", VALUES)
