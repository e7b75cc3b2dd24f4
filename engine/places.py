"""Where a person may be: the zones and jurisdictions that their record leaves possible.

Nothing here guesses. Where the record does not settle it, every possibility is returned and the caller
obeys the strictest (compliance rules TIM-14, TIM-15, TIM-17).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from babel.core import get_global
from phonenumbers import timezone as phone_timezone

from engine.area_codes import STATE_OF

_EASTERN, _CENTRAL, _MOUNTAIN, _PACIFIC = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
)

#: US state -> its zones; states that lie in two keep both
US_ZONES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys("CT DC DE GA MA MD ME NC NH NJ NY OH PA RI SC VA VT WV".split(), (_EASTERN,)),
    **dict.fromkeys("AL AR IA IL LA MN MO MS OK WI".split(), (_CENTRAL,)),
    **dict.fromkeys("CO MT NM UT WY".split(), (_MOUNTAIN,)),
    **dict.fromkeys("CA NV WA".split(), (_PACIFIC,)),
    **dict.fromkeys("FL IN KY TN".split(), (_EASTERN, _CENTRAL)),
    "MI": ("America/Detroit", _CENTRAL),
    **dict.fromkeys("KS ND NE SD TX".split(), (_CENTRAL, _MOUNTAIN)),
    **dict.fromkeys("ID OR".split(), (_MOUNTAIN, _PACIFIC)),
    "AK": ("America/Anchorage", "America/Adak"),
    "AZ": ("America/Phoenix", _MOUNTAIN),  # the Navajo Nation keeps daylight saving time
    "HI": ("Pacific/Honolulu",),
    "PR": ("America/Puerto_Rico",),
}

#: Canadian province -> its zones
CA_ZONES: dict[str, tuple[str, ...]] = {
    "AB": ("America/Edmonton",),
    "BC": ("America/Vancouver", "America/Edmonton"),
    "MB": ("America/Winnipeg",),
    "NB": ("America/Moncton",),
    "NL": ("America/St_Johns", "America/Goose_Bay"),
    "NS": ("America/Halifax",),
    "NT": ("America/Edmonton",),
    "NU": ("America/Iqaluit", "America/Winnipeg", "America/Edmonton"),
    "ON": ("America/Toronto", "America/Winnipeg"),
    "PE": ("America/Halifax",),
    "QC": ("America/Toronto", "America/Blanc-Sablon"),
    "SK": ("America/Regina", "America/Edmonton"),
    "YT": ("America/Whitehorse",),
}

_OF_A_PLACE = (
    phonenumbers.PhoneNumberType.FIXED_LINE,
    phonenumbers.PhoneNumberType.MOBILE,
    phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Everything that may be true of where one person is."""

    zones: tuple[str, ...]  # IANA names; more than one: not settled; none: nothing known
    countries: tuple[str, ...]  # ISO 3166-1 alpha-2
    regions: tuple[str, ...]  # "US-FL"; "US-?" where the state of a US person is not known
    zone_known: bool  # the record names the zone itself


def place_of(person: Mapping[str, Any], default_country: str, markets: tuple[str, ...]) -> Place:
    """The possible places of a person. ``person`` holds timezone, country, region and phone."""
    return _place(
        person["timezone"], person["country"], person["region"], person["phone"], default_country, markets
    )


@lru_cache(maxsize=65_536)
def _place(
    timezone: str | None, country: str | None, region: str | None, phone: str | None, default: str,
    markets: tuple[str, ...],
) -> Place:  # fmt: skip
    phone_country, phone_region, phone_zones = _from_phone(phone)
    countries = (country,) if country else tuple(sorted({phone_country or default, default}))
    regions = _regions(countries, region, phone_country, phone_region)
    if timezone and zone_exists(timezone):
        return Place((timezone,), countries, regions, zone_known=True)
    zones = _zones(country, region, phone_zones, _possible(phone_country, markets))
    return Place(zones, countries, regions, zone_known=False)


def _regions(
    countries: tuple[str, ...], region: str | None, phone_country: str | None, phone_region: str | None
) -> tuple[str, ...]:
    """Both the state on record and the state of the area code, where they differ (TIM-15)."""
    found = {f"{countries[0]}-{region}"} if region and len(countries) == 1 else set()
    if phone_region and phone_country in countries:
        found.add(f"{phone_country}-{phone_region}")
    if "US" in countries and not any(r.startswith("US-") for r in found):
        found.add("US-?")
    return tuple(sorted(found))


def _zones(
    country: str | None, region: str | None, phone_zones: tuple[str, ...], possible: tuple[str, ...]
) -> tuple[str, ...]:
    by_region = {"US": US_ZONES, "CA": CA_ZONES}.get(country or "", {}).get(region or "", ())
    if by_region or phone_zones:
        return tuple(sorted({*by_region, *phone_zones}))
    countries = (country,) if country else possible
    return tuple(sorted({zone for c in countries for zone in country_zones(c)}))


@lru_cache(maxsize=512)
def _possible(phone_country: str | None, markets: tuple[str, ...]) -> tuple[str, ...]:
    """Countries of whom nothing but a number that is at home nowhere is known: markets that share its code."""
    if phone_country is None:
        return markets
    sharing = phonenumbers.region_codes_for_country_code(phonenumbers.country_code_for_region(phone_country))
    return tuple(m for m in markets if m in sharing) or (phone_country,)


@lru_cache(maxsize=512)
def country_zones(country: str) -> tuple[str, ...]:
    """All zones of a country; territories that are countries of their own are not among them."""
    if country == "US":
        return tuple(sorted({z for state, zones in US_ZONES.items() if state != "PR" for z in zones}))
    if country == "CA":
        return tuple(sorted({z for zones in CA_ZONES.values() for z in zones}))
    zones = get_global("territory_zones").get(country, [])
    return tuple(sorted(z for z in zones if zone_exists(z)))


@lru_cache(maxsize=2048)
def zone_exists(name: str) -> bool:
    """True for a zone the time zone database knows."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


@lru_cache(maxsize=65_536)
def _from_phone(phone: str | None) -> tuple[str | None, str | None, tuple[str, ...]]:
    """(country, US state, zones) that an E.164 number stands for; empty where it tells nothing."""
    if not phone:
        return None, None, ()
    try:
        number = phonenumbers.parse(phone, None)
    except phonenumbers.NumberParseException:
        return None, None, ()
    country = phonenumbers.region_code_for_number(number)
    zones = tuple(z for z in phone_timezone.time_zones_for_number(number) if "/" in z and zone_exists(z))
    if len(zones) > 1 and phonenumbers.number_type(number) not in _OF_A_PLACE:
        zones = ()  # a freephone number is as good as none: it has every zone of its code, Guam and Bermuda too
    state = STATE_OF.get(phone[2:5]) if country == "US" and phone.startswith("+1") else None
    return country, state, zones
