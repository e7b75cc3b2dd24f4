"""Durations, rates, percents, hours, days, money and moments as people write them.

Each ``parse_*`` gives a plain value or raises UnitError, whose message says what is wrong and whose
``mend`` shows how to write it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel.numbers import get_currency_precision
from email_validator import EmailNotValidError, validate_email

from engine import almost
from engine.clock import parse_instant
from engine.located import Grouped
from engine.model import Deadline

SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: the longest duration: a century
MAX_SECONDS = 36_525 * 86_400
#: what a 64-bit column holds
MAX_MINOR = 2**63 - 1

_DURATION = re.compile(r"(\d{1,9})([smhdw])")


class UnitError(ValueError):
    """A value that is not written as its unit asks. ``mend`` says how to write it; ``instead`` is the value written
    right, where there is no doubt what was meant."""

    def __init__(self, message: str, mend: str, *, instead: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.mend = f"write '{instead}'" if instead else mend
        self.instead = instead


def parse_duration(value: Any) -> int:
    """Seconds of ``30d``, ``72h``, ``90m``, ``2w`` or ``10s``."""
    return parse_span(value)[0]


def parse_span(value: Any) -> tuple[int, int]:
    """(seconds, seconds of the unit): ``72h`` is (259200, 3600), which says how exactly it was meant."""
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if not found:
        instead = almost.duration(value)
        raise UnitError(f"{shown(value)} is not a duration", _duration_mend(value), instead=instead)
    seconds = int(found[1]) * SECONDS[found[2]]
    if seconds > MAX_SECONDS:
        raise UnitError(f"{shown(value)} is longer than a century", "write a shorter duration")
    return seconds, SECONDS[found[2]]


def _duration_mend(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return f"give it a unit: '{value}d' for days, '{value}h' for hours"
    months = re.fullmatch(r"(\d+) *months?", str(value).strip().lower())
    if months:
        return f"months differ in length; write '{int(months[1]) * 30}d'"
    return "write a whole number and s, m, h, d or w, for example '30d' or '72h'"


def parse_deadline(value: Any) -> Deadline:
    """``30d``, ``2w`` or ``14 business days``."""
    found = re.fullmatch(r"([1-9]\d{0,3})([dw]| business days)", value) if isinstance(value, str) else None
    if not found:
        mend = "write so many days, '30d', or so many business days, '14 business days'"
        raise UnitError(f"{shown(value)} is not a deadline", mend, instead=almost.deadline(value))
    return Deadline(int(found[1]) * (7 if found[2] == "w" else 1), business=found[2] == " business days")


def parse_rate(value: Any) -> tuple[int, int]:
    """(limit, seconds) of ``2 per 7d``."""
    found = re.fullmatch(r"(\d{1,9}) per (\S+)", value) if isinstance(value, str) else None
    if not found:
        mend = "write how many per how long, for example '2 per 7d'"
        raise UnitError(f"{shown(value)} is not a rate", mend, instead=almost.rate(value))
    try:
        seconds = parse_duration(found[2])
    except UnitError:
        per = {"day": "1d", "week": "7d", "month": "30d", "hour": "1h"}.get(found[2], "7d")
        mend = f"write '{found[1]} per {per}'"
        raise UnitError(f"{shown(value)} is not a rate", mend, instead=almost.rate(value)) from None
    if int(found[1]) < 1 or seconds < 1:
        raise UnitError(f"{shown(value)} allows nothing", "both numbers of a rate are at least 1")
    return int(found[1]), seconds


def parse_sending_rate(value: Any) -> tuple[int, int]:
    """(limit, seconds) of ``50/s``, ``600/min``, ``1000/h`` or ``2000/day``."""
    found = re.fullmatch(r"([1-9]\d{0,8})/(s|min|h|day)", value) if isinstance(value, str) else None
    if not found:
        instead = almost.sending_rate(value)
        mend = (
            f"write '{instead}'"
            if instead
            else "write how many a second, minute, hour or day: '50/s', '2000/day'"
        )
        raise UnitError(f"{shown(value)} is not a sending rate", mend, instead=instead)
    return int(found[1]), almost.PER[found[2]]


def parse_percent(value: Any) -> int:
    """Basis points of ``10%`` or ``2.5%``, 0 to 10000."""
    found = re.fullmatch(r"(\d{1,3}(?:\.\d{1,2})?)%", value) if isinstance(value, str) else None
    points = int(Decimal(found[1]) * 100) if found else -1
    if not 0 <= points <= 10_000:
        instead = almost.percent(value) if points < 0 else None
        raise UnitError(f"{shown(value)} is not a percentage", _percent_mend(value), instead=instead)
    return points


def _percent_mend(value: Any) -> str:
    """Below 1 a number is a share more often than a percentage: both are offered, the share first."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        return "write '10%' or '2.5%'"
    if not 0 < value < 1:
        return f"write '{value}%'"
    share = f"{(Decimal(str(value)) * 100).normalize():f}"
    both = [f"'{number}%'" for number in (share, str(value)) if re.fullmatch(r"\d+(\.\d{1,2})?", number)]
    return f"write {' or '.join(both)}" if both else "write '10%' or '2.5%'"


def parse_band(value: Any) -> tuple[float, float]:
    """Shares of ``3%..5%``, for example (0.03, 0.05); a single percentage is both ends."""
    parts = value.split("..") if isinstance(value, str) else []
    try:
        low, high = (parse_percent(p.strip()) for p in (parts if len(parts) == 2 else parts * 2))
    except ValueError:
        message, instead = f"{shown(value)} is not a range of percentages", almost.band(value)
        raise UnitError(message, "write it like '3%..5%'", instead=instead) from None
    if low > high:
        raise UnitError(f"{shown(value)} ends before it starts", f"write '{parts[-1]}..{parts[0]}'")
    return low / 10_000, high / 10_000


def parse_hours(value: Any, *, wraps: bool = False) -> tuple[int, int]:
    """Minutes after midnight of ``09:00-17:00``; ``wraps`` allows ``21:00-08:00``. ``24:00`` may close."""
    found = re.fullmatch(r"(\d\d):(\d\d)-(\d\d):(\d\d)", value) if isinstance(value, str) else None
    if not found:
        message, instead = f"{shown(value)} is not a range of hours", almost.hours(value, wraps=wraps)
        raise UnitError(message, "write it like '09:00-17:00'", instead=instead)
    opens, closes = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    if max(int(found[2]), int(found[4])) > 59 or opens >= 1_440 or closes > 1_440:
        raise UnitError(f"{shown(value)} names an hour no clock shows", "hours run from 00:00 to 24:00")
    if opens == closes:
        raise UnitError(f"{shown(value)} is empty", "end later than you start")
    if opens > closes and not wraps:
        raise UnitError(
            f"{shown(value)} ends before it starts", "a window lies within one day: '09:00-17:00'"
        )
    return opens, closes


def parse_days(value: Any) -> frozenset[int]:
    """Weekdays (Monday 0) of ``mon..fri``, ``sat``, or a list of them."""
    if isinstance(value, list | tuple) and value:
        return frozenset(day for part in value for day in _span_of_days(part))
    return _span_of_days(value)


def _span_of_days(value: Any) -> frozenset[int]:
    ends = str(value).split("..")
    unknown = next((end for end in ends if end not in DAYS), None)
    if unknown is not None or len(ends) > 2:
        message, mend = (
            f"{shown(value)} is not a weekday or a range of them",
            "write 'mon..fri', 'sat', or a list",
        )
        raise UnitError(message, mend, instead=almost.days(value))
    first, last = DAYS.index(ends[0]), DAYS.index(ends[-1])
    return frozenset((first + n) % 7 for n in range((last - first) % 7 + 1))


def parse_moment(value: Any, now: int | None = None) -> int:
    """UTC epoch seconds of an ISO 8601 date or moment; with ``now`` also of ``40d ago`` and ``in 3d``."""
    text = str(value).strip()
    try:
        if now is not None and text.endswith(" ago"):
            return now - parse_duration(text.removesuffix(" ago"))
        if now is not None and text.startswith("in "):
            return now + parse_duration(text.removeprefix("in "))
    except UnitError as error:
        raise UnitError(error.message, error.mend, instead=almost.moment(text)) from None
    try:
        if not re.match(r"\d{4}-\d\d-\d\d", text):
            raise ValueError(text)
        return parse_instant(text)
    except (ValueError, OverflowError):
        relative = "" if now is None else ", or '40d ago'"
        mend = f"write '2026-03-02' or '2026-03-02T15:00:00Z'{relative}"
        raise UnitError(f"{shown(value)} is not a date", mend, instead=almost.moment(value)) from None


def parse_money(value: Any, currency: str) -> int:
    """Minor units of an amount in major units: 12.5 USD is 1250, 500 JPY is 500."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        digits = re.sub(r"[^\d.]", "", str(value))
        mend = f"write the number alone: {digits}" if digits else "write a plain number"
        message, instead = f"{shown(value)} is not an amount of money", almost.amount(value, currency)
        raise UnitError(message, mend, instead=instead)
    precision = get_currency_precision(currency)
    if precision < 3:
        parse_number(value)
    minor = Decimal(str(value)) * 10**precision
    if minor != minor.to_integral_value():
        raise UnitError(f"{currency} has {precision} decimal places; {value} has more", "round it")
    if abs(minor) > MAX_MINOR:
        raise UnitError(f"{value} is more money than there is", "write a smaller number")
    return int(minor)


def parse_number(value: float) -> float:
    """The number, where it is sure which one is meant: 20.000 is twenty to some and twenty thousand to others."""
    if isinstance(value, Grouped):
        written, thousands = f"{value:.3f}", f"{value * 1000:.0f}"
        exact = f"{value:g}" if value.is_integer() else f"{written}0"
        raise UnitError(f"{written} can be read in two ways", f"write {thousands}, or {exact}")
    return value


def parse_mailbox(value: Any) -> tuple[str, str]:
    """(name, address) of ``Dana Reyes <dana@acme.example>`` or of a bare address (then the name is empty)."""
    found = re.fullmatch(r"(?:([^<>]*?) *<([^<>]+)>|([^<> ]+))", value) if isinstance(value, str) else None
    name, address = ((found[1] or "").strip().strip('"'), found[2] or found[3]) if found else ("", "")
    return name, parse_address(address, value)


def parse_address(value: Any, whole: Any = None) -> str:
    """An e-mail address, its domain in lower case."""
    try:
        return validate_email(str(value), check_deliverability=False, allow_smtputf8=True).normalized
    except EmailNotValidError:
        wrong = shown(value if whole is None else whole)
        raise UnitError(f"{wrong} is not an e-mail address", "write it like 'dana@acme.example'") from None


def parse_named_mailbox(value: Any) -> tuple[str, str]:
    """Like ``parse_mailbox``, and the name is there: people answer people."""
    name, address = parse_mailbox(value)
    if not name:
        raise UnitError(f"{shown(value)} has no name", f"write 'Dana Reyes <{address}>'")
    return name, address


def shown(value: Any) -> str:
    """A value as it may stand in a message: quoted text, or the YAML word; long ones cut."""
    if isinstance(value, str):
        return f"'{value}'" if len(value) <= 60 else f"'{value[:57]}...'"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, Iterable):
        return "a list"
    if value is None:
        return "nothing"
    return str(value).lower() if isinstance(value, bool) else str(value)


@lru_cache(maxsize=1)
def parsers() -> dict[str, Callable[[Any], object]]:
    """By the ``title`` a schema gives the unit: its parser."""
    return {
        "duration": parse_duration,
        "rate": parse_rate,
        "sending rate": parse_sending_rate,
        "percentage": parse_percent,
        "range of percentages": parse_band,
        "hours": parse_hours,
        "quiet hours": lambda value: parse_hours(value, wraps=True),
        "weekdays": parse_days,
        "deadline": parse_deadline,
        "moment": parse_moment,
        "test moment": lambda value: parse_moment(value, int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())),
        "mailbox": parse_mailbox,
        "named mailbox": parse_named_mailbox,
        "e-mail address": parse_address,
    }
