"""Everywhere a person may be, as far as records can tell it: a record for each, and the place it makes possible.

``places`` draws the conclusions; here are only the ways in which a record can speak: by a time zone, a country, a
state, a telephone number, several of them that disagree, or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers

from engine import law
from engine.area_codes import STATE_OF
from engine.gates.address import ADDRESS_FIELD
from engine.model import Project
from engine.places import CA_ZONES, US_ZONES, Place, country_zones, place_of

#: what of a person's record tells where they are
FIELDS = ("timezone", "country", "region", "phone")

_REGIONS: Mapping[str, Mapping[str, tuple[str, ...]]] = {"US": US_ZONES, "CA": CA_ZONES}
_Type = phonenumbers.PhoneNumberType
#: a number of a place, one that travels, and one that belongs nowhere
_TYPES = (_Type.FIXED_LINE, _Type.MOBILE, _Type.TOLL_FREE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """One way in which a record tells where a person is."""

    record: Mapping[str, str]  # of ``FIELDS`` those that are filled
    place: Place

    @property
    def told(self) -> str:
        """``country US, region HI, phone +12125550142``; what is said of nobody is ``nothing on record``."""
        return ", ".join(f"{name} {value}" for name, value in self.record.items()) or "nothing on record"


def everywhere(project: Project, channel: str) -> Iterator[Whereabouts]:
    """Every place in which somebody may be who can be reached on the channel, the most ordinary record first."""
    seen: set[Place] = set()
    by_phone = ADDRESS_FIELD.get(channel) == "phone"
    home, markets = project.default_country, project.policy.markets
    for record in _records(tuple(dict.fromkeys((home, *markets, *sorted(law.COUNTRIES))))):
        if by_phone and "phone" not in record:
            continue
        person = {name: record.get(name) for name in FIELDS}
        place = place_of(person, home, markets)
        if place not in seen:
            seen.add(place)
            yield Whereabouts(record=record, place=place)


@lru_cache(maxsize=8)
def _records(countries: tuple[str, ...]) -> tuple[Mapping[str, str], ...]:
    return (
        *(r for country in countries for r in _settled(country)),
        {},
        *(r for country in countries for r in _by_country(country)),
        *(r for country in countries for r in _by_region(country)),
        *_by_number(countries),
        *_at_odds(),
    )


def _settled(country: str) -> Iterator[Mapping[str, str]]:
    """The zone is on record, with the state or without."""
    numbers = _numbers(country)
    for region, zones in _regions(country):
        own = _state_numbers().get(region) if country == "US" else next(iter(numbers), None)
        for zone in zones:
            told = {"timezone": zone, "country": country, "region": region}
            yield told
            if own:
                yield {**told, "phone": own}
    for zone in country_zones(country):
        told = {"timezone": zone, "country": country}
        yield told
        yield from ({**told, "phone": number} for number in numbers)


def _regions(country: str) -> list[tuple[str, tuple[str, ...]]]:
    """States and provinces with their zones; one in the middle first."""
    found = _REGIONS.get(country, {})
    return sorted(found.items(), key=lambda item: item[0] not in ("IL", "ON"))


def _by_country(country: str) -> Iterator[Mapping[str, str]]:
    yield {"country": country}
    yield from ({"country": country, "phone": number} for number in _numbers(country))


def _by_region(country: str) -> Iterator[Mapping[str, str]]:
    for region in _REGIONS.get(country, {}):
        yield {"country": country, "region": region}
        own = _state_numbers().get(region) if country == "US" else None
        numbers = (*((own,) if own else ()), *_numbers(country))
        yield from ({"country": country, "region": region, "phone": number} for number in numbers)


def _by_number(countries: Sequence[str]) -> Iterator[Mapping[str, str]]:
    yield from ({"phone": number} for number in _state_numbers().values())
    yield from ({"phone": number} for country in countries for number in _numbers(country))


def _at_odds() -> Iterator[Mapping[str, str]]:
    """A number goes with its owner to another state."""
    for region in US_ZONES:
        for state, number in _state_numbers().items():
            if state != region:
                yield {"country": "US", "region": region, "phone": number}


@lru_cache(maxsize=1)
def _state_numbers() -> Mapping[str, str]:
    """A number for each state, of those that nobody can have."""
    found: dict[str, str] = {}
    for area, state in STATE_OF.items():
        found.setdefault(state, f"+1{area}5550142")
    return found


@lru_cache(maxsize=512)
def _numbers(country: str) -> tuple[str, ...]:
    """A number of each type, in E.164: one that nobody can have where there are such, else the library's example."""
    examples = [n for kind in _TYPES if (n := phonenumbers.example_number_for_type(country, kind))]
    return tuple(dict.fromkeys(map(_reserved, examples)))


def _reserved(number: phonenumbers.PhoneNumber) -> str:
    if number.country_code == 1:
        return f"+1{str(number.national_number)[:3]}5550142"
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
