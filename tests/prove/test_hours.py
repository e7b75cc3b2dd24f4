"""Windows that never open for somebody are found, wherever they are and whatever time of the year it is."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import pytest

from engine.clock import utc
from engine.gates.base import Situation
from engine.gates.hours import first_open
from engine.model import DAY
from engine.places import place_of
from engine.prove import hours
from engine.prove.base import Asked, Budget
from engine.prove.due import due, nobody, sends
from engine.prove.model import Outcome
from engine.prove.whereabouts import FIELDS, everywhere
from engine.prove.year import Years, length
from engine.testfile import DEFAULT_NOW
from tests.prove.variations import Change, asked, found, replayed, varied, wrong

SHIPPED = varied()
OFFICE = "window: &office_hours {hours: 09:00-17:00, days: mon..fri}"
HALF_HOUR = 1_800


def narrowed(hours_: str) -> Change:
    return "stalled.yaml", OFFICE, OFFICE.replace("09:00-17:00", hours_)


def situation(campaign: str, step: str, **record: str) -> Situation:
    """The step, for somebody of whom the record tells so much."""
    project = SHIPPED.require()
    track, due_step = next(pair for pair in sends(project.campaigns[campaign]) if pair[1].id == step)
    person = {name: record.get(name) for name in FIELDS}
    place = place_of(person, project.default_country, project.policy.markets)
    s = due(project, project.campaigns[campaign], track, due_step, nobody(DEFAULT_NOW), DEFAULT_NOW)
    return s._replace(place=place)


def opening(s: Situation, opens: int, closes: int) -> Situation:
    """The same with a window of these hours."""
    assert s.step.window is not None
    window = replace(s.step.window, opens=60 * opens, closes=60 * closes)
    return s._replace(step=replace(s.step, window=window))


def test_every_e_mail_of_the_shipped_project_finds_an_hour_everywhere() -> None:
    [kept] = hours.answers(asked(SHIPPED, "stalled"))
    assert kept.outcome is Outcome.KEPT
    assert kept.message == "3 steps are open again after 2d 23h 30m at the latest, wherever people are"


def test_hours_that_no_two_far_zones_share_never_open_where_nothing_tells_the_zone() -> None:
    loaded = varied(narrowed("10:00-16:00"))
    answers = found(hours.answers, loaded, "stalled")
    assert {a.step for a in answers} == {"outcome_story", "short_note", "last_word"}
    first = answers[0]
    assert first.source is not None
    assert str(first.source).startswith("stalled.yaml:")
    assert first.details[0].startswith(
        "nothing on record: America/Adak, America/Anchorage and 19 more; closed from"
    )
    assert first.counterexample is not None
    [(at, line)] = wrong(replayed(loaded, first.counterexample))
    assert (at, line.partition(" (")[0]) == (0, "outcome_story skipped: window")


def test_a_number_that_went_along_to_hawaii_shuts_the_window_in_summer_only() -> None:
    s = situation("churned", "owner_call", country="US", region="HI", phone="+12125550142")
    calls = Years(DEFAULT_NOW)
    never = calls.of(opening(s, 10, 16)).never
    assert never is not None
    assert "2026-03-05" <= utc(never).date().isoformat() <= "2026-03-09"
    assert calls.of(opening(s, 9, 18)).never is None


@pytest.mark.parametrize(
    ("campaign", "step", "record"),
    [
        ("stalled", "outcome_story", {"timezone": "America/Chicago", "country": "US"}),
        ("stalled", "outcome_story", {}),
        ("stalled", "outcome_story", {"timezone": "Australia/Lord_Howe", "country": "AU"}),
        ("no_show", "seat_text", {"country": "US", "region": "AL", "phone": "+12055550142"}),
        ("no_show", "seat_text", {"country": "US", "phone": "+18005550142"}),
        ("no_show", "two_times", {"country": "GB"}),
    ],
    ids=["known", "nothing", "half_hour_change", "holidays", "freephone", "no_window"],
)
def test_a_few_days_tell_the_whole_year(campaign: str, step: str, record: dict[str, str]) -> None:
    """All edges lie on half hours, so looking from each of them finds the longest wait."""
    s = situation(campaign, step, **record)
    year = Years(DEFAULT_NOW).of(s)
    start = DEFAULT_NOW - DEFAULT_NOW % DAY
    moments = range(start, start + 366 * DAY, HALF_HOUR)
    waits = [opens - moment for moment in moments if (opens := first_open(s, moment)) is not None]
    assert year.never is None
    assert len(waits) == len(moments)
    assert length(year.wait) == max(waits)


def test_what_the_strictest_places_show_holds_of_all() -> None:
    project = SHIPPED.require()
    s = situation("no_show", "seat_text", phone="+12125550142")
    places = {w.place: w for w in everywhere(project, "sms")}
    years = Years(DEFAULT_NOW)
    strict = [year for _, year in years.strictest(s, places)]
    longest = max(length(year.wait) for year in strict)
    briefest = min(length(year.opening) for year in strict)
    for place in islice(places, 0, None, 50):
        year = years.of(s._replace(place=place))
        assert year.never is None
        assert length(year.wait) <= longest
        assert length(year.opening) >= briefest


def test_an_opening_that_closes_before_a_message_has_left_is_noted() -> None:
    [first, *_] = found(hours.answers, varied(narrowed("09:00-16:31")), "stalled", outcome=Outcome.NOTED)
    assert first.message == "'outcome_story' may be closed again before it has left: it is open for 1m"


def test_a_life_shorter_than_a_night_is_noted() -> None:
    short = (
        "no_show.yaml",
        "    email: no_show/two_times\n    expires: 48h",
        "    email: no_show/two_times\n    expires: 11h",
    )
    answers = found(hours.answers, varied(short), "no_show", outcome=Outcome.NOTED)
    assert ["two_times" in a.message for a in answers] == [False, True]
    assert "lives 11h" in answers[1].message


def test_quiet_hours_alone_can_shut_somebody_out() -> None:
    quiet = ("rekindle.yaml", "default: 20:00-08:00", "default: 15:00-09:00")
    answers = found(hours.answers, varied(quiet), "no_show")
    assert {a.step for a in answers} >= {"two_times"}
    assert all(str(a.source).startswith("rekindle.yaml:") for a in answers if a.step == "two_times")


def test_what_there_is_no_time_for_is_not_settled() -> None:
    project = SHIPPED.require()
    hurried = Asked(project=project, campaigns=tuple(project.campaigns.values()), budget=Budget(0))
    [answer] = hours.answers(hurried)
    assert answer.outcome is Outcome.NOT_SETTLED
