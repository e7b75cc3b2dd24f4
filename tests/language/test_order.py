"""Which of several values stand out of order."""

from __future__ import annotations

from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from engine.checks.order import out_of_order


def _rising(values: list[int], without: tuple[int, ...] | list[int]) -> bool:
    kept = [value for place, value in enumerate(values) if place not in without]
    return all(a <= b for a, b in pairwise(kept))


@given(st.lists(st.integers(0, 5), max_size=7))
def test_what_is_left_rises_and_no_fewer_would_do(values: list[int]) -> None:
    wrong = out_of_order(values)
    assert _rising(values, wrong)
    fewer = (places for size in range(len(wrong)) for places in combinations(range(len(values)), size))
    assert not any(_rising(values, places) for places in fewer)


def test_of_two_that_contradict_each_other_the_later_is_named() -> None:
    assert out_of_order([0, 10, 8]) == [2]


def test_one_value_far_ahead_is_named_alone() -> None:
    assert out_of_order([0, 20, 6, 7, 10]) == [1]
