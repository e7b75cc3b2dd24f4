"""A response deadline: the day it ends on, and the words of the message that names it."""

from __future__ import annotations

import pytest

from channels.recording import RecordingAdapter
from engine.clock import parse_instant
from engine.jobs import run_refresh, run_turn
from engine.model import Deadline
from engine.schedule import deadline_ends
from state.store import Store
from tests.engine.building import DAY, NOW, add_person, files, open_files

CHICAGO = "America/Chicago"


@pytest.mark.parametrize(
    ("received", "deadline", "zone", "country", "ends"),
    [
        # ten business days over Thanksgiving; the day of receipt is day 0
        ("2026-11-23T16:00:00Z", Deadline(10, business=True), CHICAGO, "US", "2026-12-09T05:59:59Z"),
        # over Christmas and New Year
        ("2026-12-18T16:00:00Z", Deadline(10, business=True), CHICAGO, "US", "2027-01-06T05:59:59Z"),
        ("2026-11-21T16:00:00Z", Deadline(10, business=True), CHICAGO, "US", "2026-12-08T05:59:59Z"),
        # Australia, five business days, the state not known: only the national holidays
        ("2026-12-22T01:00:00Z", Deadline(5, business=True), "Australia/Sydney", "AU", "2026-12-30T12:59:59Z"),
        # a country without a calendar: weekends only
        ("2026-03-06T12:00:00Z", Deadline(1, business=True), "UTC", "", "2026-03-09T23:59:59Z"),
        # days are local ones: late in the evening it is still today
        ("2026-03-03T05:00:00Z", Deadline(1), CHICAGO, "US", "2026-03-04T05:59:59Z"),
        # over the day on which clocks go forward
        ("2026-03-07T15:00:00Z", Deadline(30), CHICAGO, "US", "2026-04-07T04:59:59Z"),
    ],
)
def test_it_ends_with_the_last_second_of_its_day(
    received: str, deadline: Deadline, zone: str, country: str, ends: str
) -> None:
    assert deadline_ends(parse_instant(received), deadline, zone, country) == parse_instant(ends)


_CAMPAIGN = """\
audience: {segment: lost}
cadence:
  - step: letter
    at: 0d
    email: asking
    respond_by: 14 business days
"""

_ASKING = """\
---
subject: An answer until {{ step.respond_by | date }}
---
You chose another {{ person.closed_at | ago }}. Please answer by {{ step.respond_by | date }}.
"""


def test_a_message_names_the_day_in_the_readers_own_zone(store: Store) -> None:
    texts = files({"ask": _CAMPAIGN}) | {"templates/asking.md": _ASKING}
    app = open_files(store, texts)
    add_person(store, 1, closed_at=NOW - 60 * DAY)
    run_refresh(app, NOW)
    run_turn(app, NOW)
    adapter = app.channels["email"]
    assert isinstance(adapter, RecordingAdapter)
    (message,) = adapter.received
    assert message.subject == "An answer until March 20, 2026"
    assert "Please answer by March 20, 2026." in message.text
