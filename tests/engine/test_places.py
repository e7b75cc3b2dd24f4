"""Where a person may be: by record, by number, and by neither."""

from __future__ import annotations

import phonenumbers
import pytest

from engine import area_codes
from engine.places import US_ZONES, Place, place_of
from scripts import make_area_codes


def place(**known: str | None) -> Place:
    person = {"timezone": None, "country": None, "region": None, "phone": None, **known}
    return place_of(person, "US", ("US", "CA"))


def test_the_area_codes_are_those_of_the_library() -> None:
    assert make_area_codes.TARGET.read_text(encoding="utf-8") == make_area_codes.text(), (
        "run: .venv/bin/python scripts/make_area_codes.py"
    )


def test_every_state_has_zones() -> None:
    assert set(area_codes.STATES) <= set(US_ZONES)


@pytest.mark.parametrize(
    ("phone", "state"),
    [("+12065550123", "US-WA"), ("+13055550123", "US-FL"), ("+12025550123", "US-DC"), ("+12125550123", "US-NY")],
)
def test_the_state_of_a_number(phone: str, state: str) -> None:
    assert place(phone=phone).regions == (state,)


def test_a_state_and_an_area_code_that_differ_both_count() -> None:
    found = place(country="US", region="KY", phone="+12125550123")
    assert found.regions == ("US-KY", "US-NY")
    assert {"America/New_York", "America/Chicago"} <= set(found.zones)


def test_a_zone_on_record_settles_the_zone_and_not_the_state() -> None:
    found = place(timezone="America/Phoenix", phone="+13055550123")
    assert (found.zones, found.zone_known, found.regions) == (("America/Phoenix",), True, ("US-FL",))


def test_a_zone_that_is_none_is_as_good_as_unknown() -> None:
    assert not place(timezone="Mars/Olympus", country="US").zone_known


def test_nothing_known_is_every_zone_of_the_markets() -> None:
    found = place()
    assert {"America/St_Johns", "America/New_York", "Pacific/Honolulu"} <= set(found.zones)
    assert found.regions == ("US-?",)


def test_a_number_of_another_country_makes_two_countries_possible() -> None:
    assert place(phone="+441632960123").countries in (("GB", "US"), ("US",))


def test_a_freephone_number_tells_a_country_and_no_zone() -> None:
    freephone = "+18005550142"
    assert place(phone=freephone).zones == place().zones
    assert place(country="US", phone=freephone).zones == place(country="US").zones
    assert place(country="US", region="OH", phone=freephone).zones == ("America/New_York",)
    number = phonenumbers.example_number_for_type("AU", phonenumbers.PhoneNumberType.TOLL_FREE)
    assert number is not None
    elsewhere = place(phone=phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)).zones
    assert "Australia/Perth" in elsewhere
    assert not any(zone.startswith("America/") for zone in elsewhere)
