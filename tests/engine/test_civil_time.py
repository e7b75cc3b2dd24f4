"""Windows and zones on the days that are not 24 hours long (compliance reference, TIM-07 to TIM-21, T28 to T30)."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from engine import schedule
from engine.clock import iso, parse_instant
from engine.model import DAY, Window
from engine.places import place_of
from engine.schedule import Opening, clock_changes, next_open

EIGHT_TO_EIGHT = Opening((Window(opens=480, closes=1200),))


def opens(moment: str, zones: tuple[str, ...], opening: Opening = EIGHT_TO_EIGHT) -> str | None:
    return iso(next_open(parse_instant(moment), zones, [opening]))


@pytest.mark.parametrize(
    ("day", "minute", "zone", "opening", "edge"),
    [
        # TIM-07, T29: an edge is civil time, never yesterday's plus a day
        ("2027-03-13", 1200, "America/New_York", False, "2027-03-14T01:00:00Z"),
        ("2027-03-14", 1200, "America/New_York", False, "2027-03-15T00:00:00Z"),
        ("2027-11-07", 480, "America/New_York", True, "2027-11-07T13:00:00Z"),
        # T30: Phoenix keeps its time all year
        ("2027-07-01", 480, "America/Phoenix", True, "2027-07-01T15:00:00Z"),
        ("2027-01-01", 480, "America/Phoenix", True, "2027-01-01T15:00:00Z"),
        # TIM-09: 02:30 does not exist on the day clocks go forward; both edges stay inside
        ("2027-03-14", 150, "America/New_York", True, "2027-03-14T07:00:00Z"),
        ("2027-03-14", 150, "America/New_York", False, "2027-03-14T07:00:00Z"),
        ("2027-03-28", 90, "Europe/London", True, "2027-03-28T01:00:00Z"),
        # TIM-10: 01:30 happens twice on the day they go back; the second opens, the first closes
        ("2027-11-07", 90, "America/New_York", True, "2027-11-07T06:30:00Z"),
        ("2027-11-07", 90, "America/New_York", False, "2027-11-07T05:30:00Z"),
        # half an hour, and a whole day left out (Samoa crossed the date line)
        ("2027-04-04", 105, "Australia/Lord_Howe", True, "2027-04-03T15:15:00Z"),
        ("2011-12-30", 480, "Pacific/Apia", True, "2011-12-30T10:00:00Z"),
    ],
)  # fmt: skip
def test_an_edge_of_a_window_on_the_days_clocks_change(
    day: str, minute: int, zone: str, opening: bool, edge: str
) -> None:
    found = schedule.edge(date.fromisoformat(day), minute, ZoneInfo(zone), opening=opening)
    assert iso(found) == edge


@pytest.mark.parametrize(
    ("moment", "zones", "opening"),
    [
        # T28, TIM-19: the four contiguous zones of the United States
        ("2026-12-01T15:30:00Z", ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"),
         "2026-12-01T16:00:00Z"),
        ("2026-12-02T00:59:59Z", ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"),
         "2026-12-02T00:59:59Z"),
        ("2026-12-02T01:00:00Z", ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"),
         "2026-12-02T16:00:00Z"),
        # with Guam among them a few hours are left of 8 to 20
        ("2026-12-01T15:30:00Z", ("America/New_York", "America/Los_Angeles", "Pacific/Honolulu", "Pacific/Guam"),
         "2026-12-01T22:00:00Z"),
        ("2026-12-01T15:30:00Z", (), None),
    ],
)  # fmt: skip
def test_a_moment_is_open_only_where_it_is_open_in_every_zone(
    moment: str, zones: tuple[str, ...], opening: str | None
) -> None:
    assert opens(moment, zones) == opening


def test_with_guam_among_the_zones_the_hours_of_an_unknown_state_never_open() -> None:  # TIM-21
    ten_to_six = Opening((Window(opens=600, closes=1080),))
    assert (
        opens("2026-12-01T15:30:00Z", ("America/New_York", "Pacific/Honolulu", "Pacific/Guam"), ten_to_six)
        is None
    )


@pytest.mark.parametrize(
    ("season", "first", "last"),
    [
        # TIM-20: fifty states, 8 to 21: 18:00-02:00 UTC in winter, 18:00-01:00 in summer
        ("2026-12-01", "2026-12-01T18:00:00Z", "2026-12-02T02:00:00Z"),
        ("2026-07-01", "2026-07-01T18:00:00Z", "2026-07-02T01:00:00Z"),
    ],
)
def test_nothing_known_means_all_fifty_states(season: str, first: str, last: str) -> None:
    nobody_knows = {"timezone": None, "country": "US", "region": None, "phone": None}
    zones = place_of(nobody_knows, "US", ("US",)).zones
    federal = Opening((Window(opens=480, closes=1260),))
    assert opens(f"{season}T10:00:00Z", zones, federal) == first
    just_before = parse_instant(last) - 1
    assert next_open(just_before, zones, [federal]) == just_before
    assert next_open(parse_instant(last), zones, [federal]) == parse_instant(first) + DAY


@pytest.mark.parametrize(
    ("person", "zones"),
    [
        # TIM-14, TIM-15: address and area code both count
        ({"country": "US", "region": "KY", "phone": "+12125550100"}, {"America/New_York", "America/Chicago"}),
        # TIM-18: states in two zones keep both
        ({"country": "US", "region": "FL"}, {"America/New_York", "America/Chicago"}),
        ({"country": "US", "region": "ID"}, {"America/Denver", "America/Los_Angeles"}),
        # a zone nobody knows is no zone
        ({"country": "US", "region": "IL", "timezone": "Mars/Base_One"}, {"America/Chicago"}),
        ({"country": "US", "region": "IL", "timezone": "../etc/passwd"}, {"America/Chicago"}),
        ({"country": "GU"}, {"Pacific/Guam"}),
        ({"country": "US", "phone": "+16715550100"}, {"Pacific/Guam"}),
    ],
)  # fmt: skip
def test_the_record_leaves_these_zones_possible(person: dict[str, str], zones: set[str]) -> None:
    blank = {"timezone": None, "country": None, "region": None, "phone": None}
    assert set(place_of({**blank, **person}, "US", ("US",)).zones) == zones


def test_the_clocks_change_twice_a_year_or_never() -> None:
    moments = [iso(at) for at in clock_changes("America/Chicago", 2026)]
    assert moments == ["2026-03-08T08:00:00Z", "2026-11-01T07:00:00Z"]
    assert clock_changes("America/Phoenix", 2026) == ()
