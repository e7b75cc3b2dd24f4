"""Values as people write them: dates, money, how long ago; and the fixed lines of each language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_timedelta
from babel.numbers import format_currency, get_currency_precision

_DAY = 86_400

_NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve".split()


@dataclass(frozen=True, slots=True, kw_only=True)
class Notices:
    """What every message of a language says by construction. ``{brand}`` stands for the brand's name."""

    why: str
    unsubscribe: str
    preferences: str
    stop: str


NOTICES = {
    "en": Notices(
        why="You receive this because you have been a customer of {brand} or asked about our work.",
        unsubscribe="Unsubscribe",
        preferences="Preferences",
        stop="Reply STOP to opt out",
    ),
    "fr": Notices(
        why="Vous recevez ce message car vous avez été en relation avec {brand}.",
        unsubscribe="Se désabonner",
        preferences="Préférences",
        stop="Répondez STOP pour ne plus recevoir",
    ),
    "es": Notices(
        why="Recibe este mensaje porque ha tenido relación con {brand}.",
        unsubscribe="Darse de baja",
        preferences="Preferencias",
        stop="Responda STOP para no recibir",
    ),
}


def notices(language: str | None) -> Notices:
    """The lines of a language such as ``fr`` or ``fr-CA``; English where we have none."""
    return NOTICES.get((language or "en")[:2].lower(), NOTICES["en"])


@lru_cache(maxsize=256)
def locale_of(language: str, country: str) -> Locale:
    """The locale of a language in a country; the language alone, then English, where there is none."""
    for name in (f"{language[:2].lower()}_{country.upper()}", language[:2].lower()):
        try:
            return Locale.parse(name)
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en")


@lru_cache(maxsize=1024)
def zone_of(name: str | None) -> tzinfo:
    """The zone of that IANA name, or UTC."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ValueError, OSError, KeyError):
        return UTC


def date(instant: int, zone: str | None, locale: Locale) -> str:
    """``March 2, 2026``. A midnight in UTC is a calendar day and stays that day everywhere; any other
    instant is told in the reader's zone."""
    return _date(instant, None if instant % _DAY == 0 else zone, locale)


@lru_cache(maxsize=8192)
def _date(instant: int, zone: str | None, locale: Locale) -> str:
    return format_date(datetime.fromtimestamp(instant, zone_of(zone)).date(), "long", locale)


@lru_cache(maxsize=8192)
def money(minor: int, currency: str, locale: Locale) -> str:
    """Minor units as an amount: ``$4,800``, ``$19.90``; whole amounts without their zeros."""
    digits = get_currency_precision(currency)
    amount = Decimal(minor).scaleb(-digits)
    whole = amount == amount.to_integral_value()
    if not whole:
        return format_currency(amount, currency, locale=locale)
    pattern = locale.currency_formats["standard"].pattern.partition(";")[0]
    return format_currency(amount, currency, pattern.replace("0.00", "0"), locale, currency_digits=False)


def ago(instant: int, now: int, locale: Locale) -> str:
    """``about three months ago``, ``yesterday``, ``in about two weeks``."""
    return _ago((now - instant) // _DAY if now >= instant else -((instant - now) // _DAY), locale)


@lru_cache(maxsize=8192)
def _ago(days: int, locale: Locale) -> str:
    if locale.language != "en":
        return format_timedelta(-days * _DAY, granularity="day", add_direction=True, locale=locale)
    if days in (0, 1, -1):
        return {0: "today", 1: "yesterday", -1: "tomorrow"}[days]
    span = _span(abs(days))
    return f"{span} ago" if days > 0 else f"in {span}"


def _span(days: int) -> str:
    if 345 <= days < 548:
        return "about a year"
    for unit, size, least in (("year", 365.25, 345), ("month", 30.44, 28), ("week", 7, 14)):
        if days >= least:
            return f"about {_counted(round(days / size), unit)}"
    return _counted(days, "day")


def _counted(count: int, unit: str) -> str:
    if count == 1:
        return f"a {unit}"
    return f"{_NUMBERS[count] if count < len(_NUMBERS) else count} {unit}s"
