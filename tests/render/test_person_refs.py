"""A person's own link names them to us and to nobody else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.refs import person_of, person_ref, touch_ref

KEY, OTHER = b"k" * 32, b"o" * 32
IDENTITIES = st.integers(min_value=-(2**63), max_value=2**63 - 1)


@given(IDENTITIES)
def test_it_is_read_back_with_its_key_alone(identity: int) -> None:
    ref = person_ref(KEY, identity)
    assert person_of(KEY, ref) == identity
    assert person_of(OTHER, ref) is None
    assert ref == person_ref(KEY, identity)


@given(st.text(max_size=80))
def test_nothing_else_is_one(text: str) -> None:
    assert person_of(KEY, f"p{text}") is None
    assert person_of(KEY, text) is None


def test_a_touch_is_no_person() -> None:
    assert person_of(KEY, touch_ref(KEY, 1, "back", 1, "hello")) is None
