"""Text messages over their budget: how many parts, why, and what brings them into it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import sms
from engine.diagnostics import Finding
from tests.lint.trial import PROJECT, load, said, words_at

ASK = " Which day suits you?"


def over(body: str, parts: int = 2, **front: str) -> Finding | None:
    """The finding about a text message's length, with a budget of so many parts."""
    files = {"rekindle.yaml": PROJECT.replace("  reading_grade: 8", f"  text_parts: {parts}")}
    found = [f for f in said({"channel": "sms", "body": body, **front}, files) if f.code == "RK617"]
    return found[0] if found else None


@pytest.mark.parametrize(
    ("body", "parts", "message", "mend"),
    [
        ("a" * 450 + ASK, 2, "takes 4 parts of GSM-7, and policy.text_parts is 2", "shorten it by 202"),
        ("It’s " + "a" * 130 + ASK, 2, "3 parts of UCS-2", 'write "\'" for ’'),
        ("It’s " + "a" * 130 + ASK, 1, "’ is not GSM-7", 'write "\'" for ’, and shorten it by 33 characters'),
        ("a " * 60 + "🎉 ✂" + ASK, 2, "🎉, ✂ are not GSM-7", "leave out 🎉, ✂"),
        ("It’s “ê” – ok… " + "a " * 30 + ASK, 1, "’, “, ê, ” and 2 more are not GSM-7", "write"),
        ("Price:\u20035 € " + "a " * 40 + ASK, 1, "em space is not GSM-7", "write ' ' for em space"),
        ("{{ person.product }} " * 12 + ASK, 1, "2 parts of GSM-7", "shorten it by 78 characters"),
        ("{% if person.company %}" + "a" * 400 + "{% endif %}" + ASK, 2, "3 parts", "shorten it"),
    ],
)
def test_it_says_how_many_parts_and_why(body: str, parts: int, message: str, mend: str) -> None:
    finding = over(body, parts)
    assert finding is not None
    assert message in finding.message
    assert mend in finding.mend


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        ("a" * 100, 1),
        ("a" * 240, 2),
        ("é" * 100, 1),
        ("{{ person.product }} it is.", 1),
        ("It’s here.", 2),
    ],
)
def test_a_text_within_its_budget_is_left_alone(body: str, parts: int) -> None:
    assert over(body + ASK, parts) is None


def test_it_points_at_the_first_sign_that_is_not_gsm_7() -> None:
    message = {"channel": "sms", "body": "{# ’ #}We’ve built it. " + "a" * 130 + ASK}
    loaded = load([message])
    [finding] = [f for f in loaded.findings if f.code == "RK617"]
    assert (finding.column, words_at(loaded, finding)) == (10, "’")


def test_a_sign_that_only_a_value_has_is_named_all_the_same() -> None:
    finding = over("{{ 'ы' }} " + "a" * 60 + ASK, 1)
    assert finding is not None
    assert "ы is not GSM-7" in finding.message
    assert finding.mend == "leave out ы"


def test_the_blanks_of_an_amount_cost_nothing() -> None:
    """French amounts are written with blanks that GSM-7 has not; a text has plain ones."""
    assert over("{{ person.quote | money }} " + "a" * 60 + " Quel jour ?", 1, language="fr") is None


def test_the_brand_and_the_way_out_count() -> None:
    fixed = len("Acme Robotics: \nReply STOP to opt out")
    assert over("a" * (160 - fixed - len(ASK)) + ASK, 1) is None
    assert over("a" * (161 - fixed - len(ASK)) + ASK, 1) is not None


@given(st.characters())
def test_what_stands_for_a_sign_is_gsm_7_itself(character: str) -> None:
    plain = sms.instead(character)
    assert plain is None or sms.outside(plain) == ""


@given(st.text(), st.integers(1, 5))
def test_a_text_that_fills_its_room_has_no_more_parts_than_that(text: str, parts: int) -> None:
    size = sms.size(text)
    assert size.units <= sms.room(size.encoding, size.segments)
    assert size.segments <= parts or size.units > sms.room(size.encoding, parts) - size.segments
