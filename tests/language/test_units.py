"""Units as people write them, and what they are told when they write them otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import units
from engine.units import UnitError

DAY = 86_400


@pytest.mark.parametrize(
    ("parser", "written", "value"),
    [
        (units.parse_duration, "30d", 30 * DAY),
        (units.parse_duration, "72h", 3 * DAY),
        (units.parse_duration, "90m", 5_400),
        (units.parse_duration, "2w", 14 * DAY),
        (units.parse_duration, "1s", 1),
        (units.parse_duration, "0d", 0),
        (units.parse_span, "72h", (3 * DAY, 3_600)),
        (units.parse_rate, "2 per 7d", (2, 7 * DAY)),
        (units.parse_sending_rate, "50/s", (50, 1)),
        (units.parse_sending_rate, "2000/day", (2000, DAY)),
        (units.parse_percent, "10%", 1_000),
        (units.parse_percent, "2.5%", 250),
        (units.parse_percent, "100%", 10_000),
        (units.parse_band, "3%..5%", (0.03, 0.05)),
        (units.parse_band, "4%", (0.04, 0.04)),
        (units.parse_hours, "09:00-17:30", (540, 1_050)),
        (units.parse_hours, "00:00-24:00", (0, 1_440)),
        (units.parse_days, "mon..fri", frozenset(range(5))),
        (units.parse_days, "sat..mon", frozenset({5, 6, 0})),
        (units.parse_days, ["sat", "sun"], frozenset({5, 6})),
        (units.parse_moment, "2026-03-02T15:00:00Z", 1_772_463_600),
        (units.parse_moment, "2026-03-02", 1_772_409_600),
        (units.parse_moment, "2026-03-02T16:00:00+01:00", 1_772_463_600),
        (units.parse_mailbox, "Dana Reyes <dana@acme.example>", ("Dana Reyes", "dana@acme.example")),
        (units.parse_mailbox, "dana@ACME.example", ("", "dana@acme.example")),
    ],
)
def test_units_are_read(parser: Callable[[Any], object], written: object, value: object) -> None:
    assert parser(written) == value


@pytest.mark.parametrize(
    ("parser", "written", "mend"),
    [
        (units.parse_duration, 30, "give it a unit: '30d' for days, '30h' for hours"),
        (units.parse_duration, "30 days", "write '30d'"),
        (units.parse_duration, "2 months", "months differ in length; write '60d'"),
        (
            units.parse_duration,
            "1.5h",
            "write a whole number and s, m, h, d or w, for example '30d' or '72h'",
        ),
        (units.parse_duration, "999999999w", "write a shorter duration"),
        (units.parse_rate, "2 per day", "write '2 per 1d'"),
        (units.parse_rate, "0 per 7d", "both numbers of a rate are at least 1"),
        (units.parse_sending_rate, "10 per 1s", "write '10/s'"),
        (units.parse_sending_rate, "0/s", "write how many a second, minute, hour or day: '50/s', '2000/day'"),
        (units.parse_percent, 10, "write '10%'"),
        (units.parse_percent, "150%", "write '10%' or '2.5%'"),
        (units.parse_band, "5%..3%", "write '3%..5%'"),
        (units.parse_hours, "9-17", "write '09:00-17:00'"),
        (units.parse_hours, "09:00-25:00", "hours run from 00:00 to 24:00"),
        (units.parse_hours, "17:00-09:00", "a window lies within one day: '09:00-17:00'"),
        (units.parse_hours, "09:00-09:00", "end later than you start"),
        (units.parse_days, "Friday", "write 'fri'"),
        (units.parse_moment, "02/03/2026", "write '2026-03-02' or '2026-03-02T15:00:00Z'"),
        (units.parse_moment, "2026-02-30", "write '2026-03-02' or '2026-03-02T15:00:00Z'"),
        (units.parse_mailbox, "dana", "write it like 'dana@acme.example'"),
        (units.parse_named_mailbox, "dana@acme.example", "write 'Dana Reyes <dana@acme.example>'"),
    ],
)
def test_a_slip_is_answered_with_the_mend(
    parser: Callable[[Any], object], written: object, mend: str
) -> None:
    with pytest.raises(UnitError) as caught:
        parser(written)
    assert caught.value.mend == mend


def test_quiet_hours_may_pass_midnight() -> None:
    assert units.parse_hours("21:00-08:00", wraps=True) == (1_260, 480)


def test_a_test_may_speak_of_the_past_and_the_future() -> None:
    assert units.parse_moment("40d ago", 100 * DAY) == 60 * DAY
    assert units.parse_moment("in 3d", 100 * DAY) == 103 * DAY


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [(12.5, "USD", 1_250), (0.1, "EUR", 10), (500, "JPY", 500), (1.234, "KWD", 1_234)],
)
def test_money_is_held_in_the_minor_units_of_its_currency(amount: float, currency: str, minor: int) -> None:
    assert units.parse_money(amount, currency) == minor


@pytest.mark.parametrize("amount", ["$5,000", True, 1.005, 10**18, None])
def test_what_is_no_amount_is_refused(amount: object) -> None:
    with pytest.raises(UnitError):
        units.parse_money(amount, "USD")


_ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.lists(st.text()),
    st.dictionaries(st.text(), st.text()),
)


def _answer(parser: Callable[[Any], object], value: object) -> object:
    """What the parser answers, or its own error; anything else it raises fails the test."""
    try:
        return parser(value)
    except UnitError as error:
        return error


@given(value=_ANYTHING, title=st.sampled_from(sorted(units.parsers())))
def test_a_parser_answers_or_raises_its_own_error(value: object, title: str) -> None:
    answer = _answer(units.parsers()[title], value)
    assert not isinstance(answer, UnitError) or (answer.message and answer.mend)


@given(value=_ANYTHING, currency=st.sampled_from(["USD", "JPY", "KWD"]))
def test_money_answers_or_raises_its_own_error(value: object, currency: str) -> None:
    answer = _answer(lambda amount: units.parse_money(amount, currency), value)
    assert isinstance(answer, int) or (isinstance(answer, UnitError) and answer.mend)
