"""Units written almost right: how they are written right, where that leaves no doubt what was meant.

Each function takes a value as it was written and gives the text that says it in the language, or None: ``30 days``
is ``30d``, but ``2 months`` may be 60 days or 61. Whether the text is legal is for the parsers of engine/units.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from babel.numbers import get_currency_symbol

_UNITS = {
    "s": ("s", "sec", "secs", "second", "seconds"),
    "m": ("min", "mins", "minute", "minutes"),
    "h": ("h", "hr", "hrs", "hour", "hours"),
    "d": ("d", "day", "days"),
    "w": ("w", "wk", "wks", "week", "weeks"),
}
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words}
#: how long one of it is, where a rate names a unit alone; a month has no one length
_ONE = {"second": "1s", "minute": "1m", "hour": "1h", "day": "1d", "week": "7d"}
#: the stretches a sending rate is written in, in seconds
PER = {"s": 1, "min": 60, "h": 3_600, "day": 86_400}
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_DAYS = {
    "mon": ("monday",),
    "tue": ("tues", "tuesday"),
    "wed": ("weds", "wednesday"),
    "thu": ("thur", "thurs", "thursday"),
    "fri": ("friday",),
    "sat": ("saturday",),
    "sun": ("sunday",),
}
_DAY_OF = {word: day for day, words in _DAYS.items() for word in (day, *words)}
_TO = r"\s*(?:\.{2,3}|-|–|—|\bto\b|\buntil\b)\s*"
_CLOCK = r"(\d{1,2})(?:[:.](\d\d))?\s*(am|pm)?"
_SHARE = r"(\d{1,3}(?:[.,]\d{1,2})?)\s*(%|percent|per cent|pct)?"


def duration(value: Any) -> str | None:
    """``30 days`` -> ``30d``."""
    found = re.fullmatch(r"(\d{1,9})[\s-]*([a-z]+)\.?", _text(value))
    unit = _UNIT_OF.get(found[2]) if found else None
    return f"{found[1]}{unit}" if found and unit else None


def deadline(value: Any) -> str | None:
    """``14 working days`` -> ``14 business days``, ``30 days`` -> ``30d``."""
    found = re.fullmatch(r"(\d{1,4})[\s-]*(?:business|working|work)[\s-]*days?", _text(value))
    days = None if found else duration(value)
    return f"{found[1]} business days" if found else days if days and days[-1] in "dw" else None


def rate(value: Any) -> str | None:
    """``2 per week`` and ``2/7 days`` -> ``2 per 7d``."""
    found = re.fullmatch(
        r"(\d{1,9})\s*(?:x|times)?\s*(?:\b(?:per|a|an|each|every|in)\b|/)\s*(.+)", _text(value)
    )
    if not found:
        return None
    stretch = found[2] if re.fullmatch(r"\d+[smhdw]", found[2]) else _ONE.get(found[2]) or duration(found[2])
    return f"{found[1]} per {stretch}" if stretch else None


def sending_rate(value: Any) -> str | None:
    """``10 per 1s`` and ``10 per second`` -> ``10/s``; ``7 per 7d`` -> ``1/day``, which is the same pace and never more
    in a week. ``1 per 2s`` is not touched: 30 in a minute may leave all at once."""
    found = re.fullmatch(r"(\d{1,9}) per (\d{1,9})([smhdw])", rate(value) or _text(value))
    if not found or not int(found[1]) or not int(found[2]):
        return None
    limit, per = int(found[1]), int(found[2]) * _SECONDS[found[3]]
    for name, length in reversed(PER.items()):
        if per % length == 0 and limit % (per // length) == 0:
            return f"{limit * length // per}/{name}"
    return None


def percent(value: Any) -> str | None:
    """``10`` and ``10 percent`` -> ``10%``; a number up to 1 may be a share of 1, so it is not touched."""
    found = re.fullmatch(_SHARE, _text(value))
    if (
        isinstance(value, bool)
        or not found
        or (not found[2] and not 1 < float(found[1].replace(",", ".")) <= 100)
    ):
        return None
    return f"{found[1].replace(',', '.')}%"


def band(value: Any) -> str | None:
    """``3-5 %`` -> ``3%..5%``."""
    found = re.fullmatch(f"{_SHARE}{_TO}{_SHARE}", _text(value))
    if not found or not found[4]:
        return None
    return f"{found[1].replace(',', '.')}%..{found[3].replace(',', '.')}%"


def hours(value: Any, *, wraps: bool) -> str | None:
    """``9:00-17:00`` and ``9am to 5pm`` -> ``09:00-17:00``. Hours that may wrap midnight are only made longer: in
    ``8-9`` the second could be of the morning or of the evening."""
    found = re.fullmatch(f"{_CLOCK}{_TO}{_CLOCK}", _text(value))
    ends = (_clock(*found.group(1, 2, 3)), _clock(*found.group(4, 5, 6))) if found else (None, None)
    if not found or None in ends or (wraps and not _sure_halves(found.groups())):
        return None
    return f"{ends[0]}-{ends[1]}" if wraps or str(ends[0]) < str(ends[1]) else None


def _sure_halves(ends: Sequence[str | None]) -> bool:
    """Do both ends say whether they are of the morning or of the evening, by their minutes or in so many words?"""
    _, minute, half, _, other_minute, other_half = ends
    return bool((minute or half) and (other_minute or other_half))


def _clock(hour: str, minute: str | None, half: str | None) -> str | None:
    number = int(hour)
    if half and not 1 <= number <= 12:
        return None
    number = number % 12 + (12 if half == "pm" else 0) if half else number
    return f"{number:02}:{minute or '00'}" if number <= 24 else None


def days(value: Any) -> str | None:
    """``Monday to Friday`` -> ``mon..fri``."""
    ends = [_DAY_OF.get(part) for part in re.split(_TO, _text(value))]
    return "..".join(str(end) for end in ends) if len(ends) < 3 and None not in ends else None


def moment(value: Any) -> str | None:
    """``2026-3-2`` and ``2026/03/02`` -> ``2026-03-02``; ``40 days ago`` -> ``40d ago``."""
    text = _text(value)
    if text.endswith(" ago") or text.startswith("in "):
        length = duration(text.removesuffix(" ago").removeprefix("in "))
        return length and (f"{length} ago" if text.endswith(" ago") else f"in {length}")
    found = re.fullmatch(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})", text)
    try:
        return date(int(found[1]), int(found[3]), int(found[4])).isoformat() if found else None
    except ValueError:
        return None


def amount(value: Any, currency: str) -> str | None:
    """``"5000"``, ``$5,000`` and ``5,000 USD`` -> ``5000``, where the sign is the project's currency's."""
    sign = rf"(?:{re.escape(get_currency_symbol(currency, 'en_US'))}|{currency})?"
    digits = r"(\d{1,15}|\d{1,3}(?:,\d{3}){1,4})(\.\d{1,2})?"
    found = re.fullmatch(rf"{sign}\s*{digits}\s*{sign}", value.strip()) if isinstance(value, str) else None
    return found[1].replace(",", "") + (found[2] or "") if found else None


def flag(value: Any) -> str | None:
    """``yes`` and ``"true"`` -> ``true``."""
    word = _text(value) if isinstance(value, str) else ""
    return {"yes": "true", "on": "true", "true": "true", "no": "false", "off": "false", "false": "false"}.get(
        word
    )


def _text(value: Any) -> str:
    """What was written, in lower case; nothing for what is no text and no number."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return " ".join(str(value).lower().split()) if len(str(value)) <= 60 else ""


#: how other languages call what a predicate says -> its word here
ELSEWHERE: Mapping[str, str] = {
    "or": "any", "and": "all", "any_of": "any", "all_of": "all",
    ">=": "at_least", "<=": "at_most", ">": "more_than", "<": "less_than", "=": "equals", "==": "equals",
    "!=": "not_equals", "<>": "not_equals", "gte": "at_least", "lte": "at_most", "gt": "more_than", "lt": "less_than",
    "eq": "equals", "ne": "not_equals", "min": "at_least", "max": "at_most",
}  # fmt: skip
