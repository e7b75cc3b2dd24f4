"""What a source's cell says, in the store's units. Everything arrives as text; a bad cell says why."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from babel import Locale
from babel.core import get_global
from babel.numbers import get_currency_precision

from engine.fields import FieldType
from engine.places import zone_exists
from engine.units import parse_moment

Convert = Callable[[str], Any]

TRUE_WORDS = frozenset("1 true t yes y x on".split())
FALSE_WORDS = frozenset("0 false f no n off none null - n/a na".split())

_GROUPED = re.compile(r"\d{1,3}(?:[, \u00a0\u202f']\d{3})+")
_MAX = 2**63 - 1


class BadValue(ValueError):
    """A cell that cannot be what its column is mapped to. The text is the reason, without the value."""


def truthy(text: str) -> bool:
    """True for anything said that is not a no: for an opt-out, doubt counts as yes."""
    return bool(text) and text.lower() not in FALSE_WORDS


def flag(text: str) -> bool:
    """True or false. Raises BadValue."""
    word = text.lower()
    if word not in TRUE_WORDS | FALSE_WORDS:
        raise BadValue("is not yes or no")
    return word in TRUE_WORDS


@lru_cache(maxsize=65_536)
def instant(text: str, date_format: str | None = None) -> int:
    """UTC epoch seconds of an ISO 8601 date or moment, or of the declared format. Raises BadValue."""
    try:
        if date_format is None:
            return parse_moment(text)
        moment = datetime.strptime(text, date_format)  # noqa: DTZ007 - the next line sees to it
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        asked = f"written as {date_format}" if date_format else "such as 2026-03-02 or 2026-03-02T15:00:00Z"
        raise BadValue(f"is not a date {asked}") from None


def number(text: str) -> int | float:
    """A finite number; whole ones are int. Raises BadValue."""
    found = _decimal(text)
    return int(found) if found == found.to_integral_value() else float(found)


def whole(text: str) -> int:
    """A whole number. Raises BadValue."""
    found = number(text)
    if not isinstance(found, int):
        raise BadValue("is not a whole number")
    return found


def money(currency: str) -> Convert:
    """How amounts in major units are read: as minor units, what is finer rounded half to even."""
    places = get_currency_precision(currency)
    plain = re.compile(rf"\d{{1,12}}\.\d{{{places}}}")

    def minor_units(text: str) -> int:
        if plain.fullmatch(text):
            return int(text.replace(".", ""))
        amount = _decimal(re.sub(r"^[^\d.,-]{1,4}|[^\d.,]{1,4}$", "", text))
        minor = (amount * 10**places).to_integral_value(ROUND_HALF_EVEN)
        if abs(minor) > _MAX:
            raise BadValue("is more money than there is")
        return int(minor)

    return minor_units


def _decimal(text: str) -> Decimal:
    """``1,234.50``, ``1 234`` and ``1234.5``; a lone comma that groups no three digits is a decimal one."""
    plain = text.strip()
    head, point, _ = plain.rpartition(".")
    if _GROUPED.fullmatch((head if point else plain).lstrip("+-")):
        plain = re.sub(r"[, \u00a0\u202f']", "", plain)
    elif not point and plain.count(",") == 1:
        plain = plain.replace(",", ".")
    try:
        found = Decimal(plain)
    except InvalidOperation:
        raise BadValue("is not a number") from None
    if not found.is_finite() or abs(found) > _MAX:
        raise BadValue("is not a number")
    return found


@lru_cache(maxsize=1024)
def country(text: str) -> str:
    """ISO 3166-1 alpha-2 of a code (two or three letters) or an English name. Raises BadValue."""
    word = text.strip().casefold().replace(".", "")
    found = _countries().get(word)
    if found is None:
        raise BadValue("is not a country")
    return found


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    names = Locale("en").territories
    codes = {code: name for code, name in names.items() if len(code) == 2 and code.isalpha() and code != "ZZ"}
    known = {name.casefold().replace(".", ""): code for code, name in codes.items()}
    known |= {code.casefold(): code for code in codes}
    for alias, targets in get_global("territory_aliases").items():
        if len(alias) == 3 and alias.isalpha() and len(targets) == 1 and targets[0] in codes:
            known.setdefault(alias.casefold(), targets[0])
    return known | {"uk": "GB", "great britain": "GB", "united states of america": "US"}


def region(text: str) -> str:
    """The subdivision without its country: ``US-FL`` and ``fl`` are ``FL``."""
    word = text.upper()
    return word.partition("-")[2] if re.fullmatch(r"[A-Z]{2}-[A-Z0-9]{1,3}", word) else word


def timezone(text: str) -> str:
    """An IANA name that exists. Raises BadValue."""
    if not zone_exists(text):
        raise BadValue("is not an IANA time zone such as America/Chicago")
    return text


def converter(kind: FieldType, *, currency: str, date_format: str | None) -> Convert | None:
    """How cells of a field type are read; None where the text is the value."""
    match kind:
        case FieldType.MONEY:
            return money(currency)
        case FieldType.INSTANT:
            return lambda text: instant(text, date_format)
        case FieldType.NUMBER:
            return number
        case FieldType.FLAG:
            return flag
        case FieldType.TEXT:
            return None
