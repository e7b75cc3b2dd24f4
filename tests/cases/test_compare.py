"""Two stories are paired so that as little as possible differs, whatever they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cases.compare import Pair, compare, elapsed
from engine.cases.story import Kind, Line
from engine.model import DAY, Source
from engine.testfile import Expected, Moment


def line(day: int, kind: Kind, step: str, reason: str) -> Line:
    named = {"step": None, "reason": reason} if kind is Kind.EXIT else {"step": step, "reason": reason}
    if kind is Kind.SEND:
        named = {"step": step, "channel": "email"}
    return Line(at=day * DAY, kind=kind, campaign="c", **named)  # type: ignore[arg-type]


LINES = st.builds(
    line, st.integers(0, 20), st.sampled_from(Kind), st.sampled_from("abc"), st.sampled_from(["x", "y"])
)
STORIES = st.lists(LINES, max_size=8).map(lambda lines: sorted(lines, key=lambda line: line.at))


def as_expected(story: Sequence[Line]) -> list[Expected]:
    """What a case that tells this very story would expect."""
    where = {Kind.SKIP: "skipped", Kind.HOLD: "held", Kind.EXIT: "exit"}
    return [
        Expected(
            at=Moment(at=told.at, width=DAY),
            step=told.step,
            channel=told.channel,
            source=Source("tests/c.yaml", number),
            **({where[told.kind]: told.reason} if told.kind in where else {}),
        )
        for number, told in enumerate(story)
    ]


def differing(pairs: Sequence[Pair]) -> list[Pair]:
    return [pair for pair in pairs if pair.problems]


@given(STORIES)
def test_a_story_is_as_itself(story: list[Line]) -> None:
    assert differing(compare(as_expected(story), story)) == []


@given(STORIES)
def test_holds_may_be_left_out(story: list[Line]) -> None:
    kept = [told for told in story if told.kind is not Kind.HOLD]
    assert differing(compare(as_expected(kept), story)) == []


@given(STORIES, st.data())
def test_one_line_too_few_or_too_many_is_one_difference(story: list[Line], data: st.DataObject) -> None:
    told = [line for line in story if line.kind is not Kind.HOLD]
    if not told:
        return
    expected = as_expected(told)
    dropped = data.draw(st.integers(0, len(told) - 1))
    too_few = differing(compare(expected[:dropped] + expected[dropped + 1 :], told))
    assert [pair.problems for pair in too_few] == [("nobody expects this",)]
    too_many = differing(compare(expected, told[:dropped] + told[dropped + 1 :]))
    assert [pair.problems for pair in too_many] == [("this did not happen",)]


@given(STORIES, STORIES)
def test_every_line_of_both_is_told_once_and_in_order(one: list[Line], other: list[Line]) -> None:
    expected = as_expected(one)
    pairs = compare(expected, other)
    assert [pair.expected for pair in pairs if pair.expected] == expected
    assert [pair.actual for pair in pairs if pair.actual] == other


@given(STORIES, st.data())
def test_a_line_that_comes_at_another_time_is_one_difference(story: list[Line], data: st.DataObject) -> None:
    told = [line for line in story if line.kind is not Kind.HOLD]
    if not told:
        return
    late = data.draw(st.integers(0, len(told) - 1))
    moved = [
        replace(told[late], at=told[late].at + 30 * DAY) if n == late else line for n, line in enumerate(told)
    ]
    assert [pair.problems for pair in differing(compare(as_expected(told), moved))] == [("it came late",)]


@pytest.mark.parametrize(
    ("seconds", "largest", "told"),
    [(93_600, 3_600, "26h"), (95_400, 3_600, "26h 30m"), (93_600, DAY, "1d 2h"), (14 * DAY, 7 * DAY, "2w"),
     (0, 3_600, "0d"), (14 * DAY, DAY, "14d")],
)  # fmt: skip
def test_time_is_told_in_the_unit_it_was_asked_in(seconds: int, largest: int, told: str) -> None:
    assert elapsed(seconds, largest) == told
