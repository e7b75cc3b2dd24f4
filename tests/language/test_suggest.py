"""'Did you mean', and when there is no doubt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.suggest import mend, nearest, sure

_KEYS = (
    "cadence",
    "cohorts",
    "consent",
    "email",
    "expect",
    "expires",
    "for",
    "if",
    "offer",
    "older_than",
    "newer_than",
)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("cadance", "cadence"),  # one letter mistaken
        ("cadenc", "cadence"),  # left out
        ("caddence", "cadence"),  # added
        ("caednce", "cadence"),  # before its neighbour
        ("older-than", "older_than"),
        ("Older Than", "older_than"),
        ("EMAIL", "email"),
        ("oldr_thn", "older_than"),  # two, in a long word
        ("cadnc", None),  # two, in a short one
        ("fo", None),  # too short to say
        ("expecs", "expect"),
        ("expirect", None),  # as near to one as to the other
        ("goal", None),
        ("x" * 100, None),
    ],
)
def test_a_slip_is_sure_when_one_name_is_near(word: str, meant: str | None) -> None:
    assert sure(word, _KEYS) == meant


def test_names_with_other_digits_are_other_names() -> None:
    assert sure("welcome_2", ["welcome_1"]) is None
    assert sure("welcom_1", ["welcome_1", "welcome_2"]) == "welcome_1"


def test_two_names_as_near_are_a_question() -> None:
    assert sure("nota", ["note", "notx"]) is None
    assert sure("Note", ["note", "no-te"]) == "note"
    assert sure("no te", ["no_te", "no-te"]) is None


@given(word=st.text(max_size=12), legal=st.lists(st.text(max_size=12), max_size=6))
def test_what_is_sure_is_also_the_nearest(word: str, legal: list[str]) -> None:
    meant = sure(word, legal)
    assert meant is None or (meant in legal and nearest(word, legal) == meant)
    assert meant is None or mend(word, legal) == f"did you mean '{meant}'?"
