"""Edits change the stretch they are for and nothing else, whatever the line ends and signs around it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.diagnostics import Fix
from engine.edits import edited, edits_of, moved


def _fix(line: int, column: int, end: int, text: str) -> Fix:
    return Fix(line=line, column=column, end_column=end, text=text)


def _after(text: str, *fixes: Fix) -> str:
    return edited(text, edits_of(text, fixes))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_marks_tabs_and_wide_signs_stay(end: str, mark: str) -> None:
    text = f"{mark}# 日本語\tx{end}a:\tlsot # 日本{end}{end}b: ab  {end}"
    assert _after(text, _fix(2, 4, 8, "lost"), _fix(4, 1, 2, "longer")) == (
        f"{mark}# 日本語\tx{end}a:\tlost # 日本{end}{end}longer: ab  {end}"
    )


def test_several_on_one_line_are_made_at_their_own_places() -> None:
    assert (
        _after("a: {bb: 1, cc: 2}\n", _fix(1, 12, 14, "c"), _fix(1, 5, 7, "longer"))
        == "a: {longer: 1, c: 2}\n"
    )


def test_of_two_that_overlap_the_first_is_made() -> None:
    assert _after("abcdef", _fix(1, 1, 4, "x"), _fix(1, 3, 5, "y")) == "xdef"


def test_what_is_taken_from_the_end_of_a_line_takes_its_blanks_along() -> None:
    assert _after("a: 1   # gone\nb: 2\n", _fix(1, 8, 14, "")) == "a: 1\nb: 2\n"
    assert _after("a: 1   # gone # stays\n", _fix(1, 8, 15, "")) == "a: 1   # stays\n"


def test_a_line_of_its_own_goes_whole() -> None:
    assert _after("a: 1\r\n  # gone\r\nb: 2\r\n", _fix(2, 3, 9, "")) == "a: 1\r\nb: 2\r\n"
    assert _after("# gone", _fix(1, 1, 7, "")) == ""


_WORDS = st.lists(st.text(alphabet="ab é日\t", max_size=5), min_size=1, max_size=8)


@given(data=st.data(), words=_WORDS, end=st.sampled_from(["\n", "\r\n", "\r"]))
def test_a_place_moves_with_what_stands_there(data: st.DataObject, words: list[str], end: str) -> None:
    """Every second word of each line is replaced; the others are where ``moved`` says."""
    lines = [[f"{word}{n}{i}" for i in range(3)] for n, word in enumerate(words)]
    text = end.join(" | ".join(line) for line in lines)
    fixes, kept = [], []
    for number, line in enumerate(lines, 1):
        column = 1
        for index, word in enumerate(line):
            if index == 1 and data.draw(st.booleans()):
                fixes.append(
                    _fix(number, column, column + len(word), data.draw(st.sampled_from(["x", "longer word"])))
                )
            else:
                kept.append((number, column, word))
            column += len(word) + len(" | ")
    edits = edits_of(text, fixes)
    after = edited(text, edits).split(end)
    for line, column, word in kept:
        row, place = moved(line, column, edits)
        assert after[row - 1][place - 1 :].startswith(word)


def test_what_is_below_a_line_that_goes_moves_up() -> None:
    edits = edits_of("# gone\na: 1\n", [_fix(1, 1, 7, "")])
    assert moved(2, 4, edits) == (1, 4)
