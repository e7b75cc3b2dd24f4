"""Telephone numbers as E.164. ``phonenumbers`` decides; plain digits are decided by its own number patterns,
compiled once a country, because its general parser is the slowest thing an import could do."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberFormat

_PUNCTUATION = str.maketrans("", "", " -().\u00a0\u2011\u2013/")
_TYPES = (
    "fixed_line mobile toll_free premium_rate shared_cost personal_number voip pager uan voicemail".split()
)
_MEXICAN_MOBILE = re.compile(r"\+521(\d{10})")


def phone_number(text: str, region: str | None) -> str | None:
    """E.164 of a valid number, e.g. ``+13125550100``; None when it is none.

    ``region`` (ISO 3166-1 alpha-2) is where a number without ``+`` is dialled; without it such a number means
    nothing. An extension is left out.
    """
    digits = text.translate(_PUNCTUATION)
    return _plain(digits, region) or _parsed(text, region)


def _plain(digits: str, region: str | None) -> str | None:
    """The number, if it needs no prefix stripped and no part transformed; None means ask the library."""
    if digits[:1] == "+" and digits[1:].isascii() and digits[1:].isdigit():
        code = _leading_code(digits[1:4])
        national = digits[1 + len(code) :]
    elif region and digits.isascii() and digits.isdigit():
        code, national = _code_of(region), digits
    else:
        return None
    pattern = _pattern(code)
    return f"+{code}{national}" if pattern and pattern.fullmatch(national) else None


def _parsed(text: str, region: str | None) -> str | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_valid_number(number):
        return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))
    legacy = _MEXICAN_MOBILE.fullmatch(phonenumbers.format_number(number, PhoneNumberFormat.E164))
    return _parsed(f"+52{legacy[1]}", None) if legacy else None


@lru_cache(maxsize=2048)
def _leading_code(digits: str) -> str:
    """The calling code that the first three digits after ``+`` begin with; empty: none."""
    return next((c for c in (digits[:1], digits[:2], digits[:3]) if _pattern(c)), "")


@lru_cache(maxsize=512)
def _code_of(region: str) -> str:
    return str(phonenumbers.country_code_for_region(region) or "")


@lru_cache(maxsize=1024)
def _pattern(code: str) -> re.Pattern[str] | None:
    """Valid national numbers of a calling code, written without any prefix; None: no such code."""
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(code)) if code else None
    if not regions or regions == ("001",):
        return None
    known = [m for r in regions if (m := PhoneMetadata.metadata_for_region(r)) is not None]
    prefixes = {p for m in known for p in (m.national_prefix_for_parsing, m.international_prefix) if p}
    barred = "".join(f"(?!{p})" for p in sorted(prefixes))
    return re.compile(f"{barred}(?:{_first_of(known)})")


def _first_of(regions: list[PhoneMetadata]) -> str:
    """Countries that share a code, asked in the library's order: leading digits settle it, else what fits."""
    if not regions:
        return "(?!)"
    first, rest = regions[0], _first_of(regions[1:])
    types = "|".join(
        desc.national_number_pattern
        for name in _TYPES
        if (desc := getattr(first, name)) is not None and desc.national_number_pattern
    )
    fits = f"(?={_general(first)}$)(?:{types})$"
    if first.leading_digits:
        return f"(?={first.leading_digits})(?:{fits})|(?!{first.leading_digits})(?:{rest})"
    return f"{fits}|{rest}"


def _general(metadata: PhoneMetadata) -> str:
    """What every number of the country looks like; a country without it has no numbers."""
    general = metadata.general_desc
    return (general.national_number_pattern if general else None) or "(?!)"
