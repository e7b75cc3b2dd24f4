"""Units written almost right, and the same units written right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import almost, units


@pytest.mark.parametrize(
    ("read", "written", "right"),
    [
        (almost.duration, "30 days", "30d"),
        (almost.duration, "30days", "30d"),
        (almost.duration, "1 Week", "1w"),
        (almost.duration, "90 min.", "90m"),
        (almost.duration, "72 h", "72h"),
        (almost.duration, 30, None),
        (almost.duration, "2 months", None),
        (almost.duration, "30M", None),  # minutes, or months
        (almost.duration, "two days", None),
        (almost.deadline, "14 working days", "14 business days"),
        (almost.deadline, "14 business-days", "14 business days"),
        (almost.deadline, "30 days", "30d"),
        (almost.deadline, "48h", None),
        (almost.rate, "2 per week", "2 per 7d"),
        (almost.rate, "1 a day", "1 per 1d"),
        (almost.rate, "2/7 days", "2 per 7d"),
        (almost.rate, "3x per 21d", "3 per 21d"),
        (almost.rate, "2 per month", None),
        (almost.sending_rate, "10 per 1s", "10/s"),
        (almost.sending_rate, "2 per 60s", "2/min"),
        (almost.sending_rate, "600 a minute", "600/min"),
        (almost.sending_rate, "7 per week", "1/day"),
        (almost.sending_rate, "1 per 2s", None),
        (almost.sending_rate, "2 per month", None),
        (almost.percent, 10, "10%"),
        (almost.percent, "10 percent", "10%"),
        (almost.percent, "2,5 %", "2.5%"),
        (almost.percent, "10", "10%"),
        (almost.percent, 1, None),
        (almost.percent, 0.1, None),
        (almost.percent, True, None),
        (almost.band, "3-5%", "3%..5%"),
        (almost.band, "3% to 5%", "3%..5%"),
        (almost.band, "3-5", None),
        (almost.days, "Monday", "mon"),
        (almost.days, "Mon - Fri", "mon..fri"),
        (almost.days, "tuesday to thurs", "tue..thu"),
        (almost.days, "weekdays", None),
        (almost.moment, "2026-3-2", "2026-03-02"),
        (almost.moment, "2026/03/02", "2026-03-02"),
        (almost.moment, "2026-02-30", None),
        (almost.moment, "03/02/2026", None),  # of March, or of February
        (almost.moment, "40 days ago", "40d ago"),
        (almost.moment, "in 2 weeks", "in 2w"),
        (almost.flag, "Yes", "true"),
        (almost.flag, "off", "false"),
        (almost.flag, "true", "true"),
        (almost.flag, "maybe", None),
    ],
)
def test_what_leaves_no_doubt_is_written_right(
    read: Callable[[Any], str | None], written: object, right: str | None
) -> None:
    assert read(written) == right


@pytest.mark.parametrize(
    ("written", "wraps", "right"),
    [
        ("9:00-17:00", False, "09:00-17:00"),
        ("9-17", False, "09:00-17:00"),
        ("9am to 5pm", False, "09:00-17:00"),
        ("09.00 – 17.30", False, "09:00-17:30"),
        ("12am-12pm", False, "00:00-12:00"),
        ("9-5", False, None),  # until five in the afternoon, most likely
        ("13pm-14pm", False, None),
        ("20:00 - 8:00", True, "20:00-08:00"),
        ("20-8", True, None),  # of the morning, or of the evening
    ],
)
def test_hours(written: str, wraps: bool, right: str | None) -> None:
    assert almost.hours(written, wraps=wraps) == right


@pytest.mark.parametrize(
    ("written", "currency", "right"),
    [
        ("5000", "USD", "5000"),
        ("$5,000", "USD", "5000"),
        ("1,234,567.50 USD", "USD", "1234567.50"),
        ("€12.50", "EUR", "12.50"),
        ("€5,000", "USD", None),
        ("5,00", "EUR", None),
        ("about 5000", "USD", None),
        (5000, "USD", None),
    ],
)
def test_amounts_are_of_the_projects_currency(written: object, currency: str, right: str | None) -> None:
    assert almost.amount(written, currency) == right


_PARSERS: dict[str, Callable[[Any], object]] = {
    **units.parsers(),
    "money": lambda value: units.parse_money(value, "USD"),
}
_WORDS = st.sampled_from(
    "1 2 30 9 17 00 day days week per percent % - .. to : am pm mon friday ago in 2026 / $ , .".split()
)


def _refused(title: str, value: object) -> units.UnitError | None:
    try:
        _PARSERS[title](value)
    except units.UnitError as error:
        return error
    return None


@given(
    title=st.sampled_from(sorted(_PARSERS)),
    words=st.lists(_WORDS, max_size=7),
    blank=st.sampled_from(["", " "]),
)
def test_what_is_written_right_is_not_mended_again(title: str, words: list[str], blank: str) -> None:
    error = _refused(title, blank.join(words))
    if error is None or error.instead is None:
        return
    assert error.mend == f"write '{error.instead}'"
    still = _refused(title, float(error.instead) if title == "money" else error.instead)
    assert still is None or still.instead is None  # written right, and still too much, or the wrong way round
