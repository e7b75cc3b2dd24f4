"""What a letter says beside its author's words: to where, on which day, how it closes, who signs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from babel import Locale

from engine.model import Brand, Signatory
from engine.wording import date, locale_of

#: how a letter of each language closes, unless its template has a ``closing`` of its own
CLOSINGS = {
    "da": "Med venlig hilsen",
    "de": "Mit freundlichen Grüßen",
    "en": "Sincerely,",
    "es": "Atentamente,",
    "fi": "Ystävällisin terveisin",
    "fr": "Cordialement,",
    "it": "Cordiali saluti,",
    "nb": "Med vennlig hilsen",
    "nl": "Met vriendelijke groet,",
    "pl": "Z wyrazami szacunku",
    "pt": "Atenciosamente,",
    "sv": "Med vänlig hälsning",
}

_ENGLISH = Locale("en")


def closing_of(language: str) -> str | None:
    """The closing words of a language such as ``de`` or ``de-AT``; None where we know none."""
    return CLOSINGS.get(language[:2].lower())


def address_lines(address: str, country: str | None, home: str) -> list[str]:
    """A postal address a line each, with the country in capitals where it goes abroad from ``home``.

    An address on one line is parted at its first comma: the street, and the rest.
    """
    street, comma, rest = address.partition(",")
    lines = [street, rest] if comma and "\n" not in address.strip() else address.split("\n")
    lines = [line.strip() for line in lines if line.strip()]
    if country and country.upper() != home.upper() and lines:
        name = _ENGLISH.territories.get(country.upper(), "")
        last = lines[-1].rpartition(",")[2].strip().casefold()
        if name and last not in _names(country.upper()):
            lines.append(name.upper())
    return lines


def _names(country: str) -> set[str]:
    """What a country is called in an address, by itself and by others."""
    found = {country.casefold(), (_ENGLISH.territories.get(country) or "").casefold()}
    for language in (country.lower(), *_SPOKEN.get(country, ())):
        try:
            found.add((Locale(language).territories.get(country) or "").casefold())
        except ValueError:  # babel's UnknownLocaleError is one: no language is called as its country
            continue
    return found | {name.casefold() for name in _OTHERS.get(country, ())}


_SPOKEN = {
    "AT": ("de",),
    "CH": ("de", "fr", "it"),
    "BE": ("nl", "fr"),
    "GB": ("en",),
    "BR": ("pt",),
    "MX": ("es",),
}
_OTHERS = {"US": ("USA", "U.S.A."), "GB": ("UK", "England", "Scotland", "Wales"), "NL": ("The Netherlands",)}


def facts(
    brand: Brand,
    signatory: Signatory | None,
    *,
    language: str,
    country: str,
    zone: str | None,
    now: int,
    closing: str,
) -> dict[str, str]:
    """What an adapter needs beside the words, as facts of the message. The day is the one on which it was worded."""
    told = {
        "language": language,
        "country": country,
        "date": date(now, zone, locale_of(language, country)),
        "made_at": str(now),
        "closing": closing,
        "brand": brand.name,
        "legal_name": brand.legal_name,
        "website": brand.website,
        "brand_phone": brand.phone or "",
    }
    if signatory is None:
        return told
    return told | {
        "signatory": signatory.name,
        "signatory_title": signatory.title,
        "signatory_phone": signatory.phone,
        "signatory_email": signatory.email,
    }


def task_of(person: Mapping[str, Any], signatory: Signatory | None, name: str, subject: str) -> str:
    """The title of the task that a letter becomes."""
    whom = name or str(person.get("company") or "")
    act = "Sign the letter" if signatory else "Write the letter"
    return f"{act} to {whom}".strip() + (f": {subject}" if subject else "")
