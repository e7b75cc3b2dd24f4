"""Open tasks as a file: a table to work through, a calendar, or data. The table can be filled in and read back."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from engine.calling import CALLS, Hours, calling_hours
from engine.clock import iso, utc
from engine.places import place_of
from engine.schedule import local
from state.queries import facts
from state.queries import tasks as queries

if TYPE_CHECKING:
    from icalendar import Event

    from engine.app import App

#: what whoever does the work fills in, and ``tasks import`` reads back
TO_FILL = ("code", "at", "comment", "reason", "words")
_COLUMNS = (
    "ref", "kind", "due", "name", "company", "phone", "email", "linkedin", "call_from", "call_until", "zone", "owner",
    "campaign", "title", "text",
)  # fmt: skip
#: what a spreadsheet takes for the beginning of a formula; a telephone number is none
_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"\+[0-9]{3,15}")
#: how long an entry of a calendar is, and how long before it reminds
_LENGTH, _REMINDER = timedelta(minutes=15), timedelta(minutes=-10)
#: a zone's rules are written for so long before the first entry and after the last
_AROUND = timedelta(days=366)
#: people whose places are read at once
_CHUNK = 1_000


def open_tasks(app: App, owner: str | None = None, kind: str | None = None) -> list[dict[str, Any]]:
    """Every open task, the soonest due first, with all that is needed to do it. Whoever has said no is not among
    them."""
    now = app.clock.now()
    with app.store.read() as conn:
        rows = queries.listed(conn, state="open", owner=owner, kind=kind, limit=1 << 31)
        ids = sorted({row["identity_id"] for row in rows})
        people = {
            person["identity_id"]: person
            for at in range(0, len(ids), _CHUNK)
            for person in facts.people(conn, ids[at : at + _CHUNK])
        }
    return [_task(app, row, people[row["identity_id"]], now) for row in rows]


def _task(app: App, row: dict[str, Any], person: dict[str, Any], now: int) -> dict[str, Any]:
    place = place_of(person, app.project.default_country, app.project.policy.markets)
    hours = calling_hours(app.project.policy, place, now) if row["kind"] in CALLS else None
    name = " ".join(part for part in (row["first_name"], row["last_name"]) if part)
    return {
        **{key: row[key] for key in ("ref", "kind", "company", "phone", "email", "linkedin", "owner", "campaign")},
        "title": row["title"], "text": row["body"], "due": iso(row["due_at"]), "name": name or None,
        "created": iso(row["created_at"]), "zone": place.zones[0] if len(place.zones) == 1 else None,
        "call_from": iso(hours.opens) if hours else None, "call_until": iso(hours.closes) if hours else None,
    }  # fmt: skip


def as_csv(tasks: Iterable[dict[str, Any]]) -> str:
    """A table with empty cells for the outcome. No cell is a formula for a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow((*_COLUMNS, *TO_FILL))
    for task in tasks:
        writer.writerow([*(harmless(task[name]) for name in _COLUMNS), *("" for _ in TO_FILL)])
    return out.getvalue()


def harmless(value: object) -> str:
    """A cell that no spreadsheet reads as a formula: an apostrophe before what begins like one."""
    text = "" if value is None else str(value).replace("\0", "")
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def as_written(cell: str) -> str:
    """What ``harmless`` was given."""
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell[1:]) else cell


def as_ics(tasks: Sequence[dict[str, Any]], name: str, now: int, zone: str | None = None) -> bytes:
    """A calendar with an entry for each task, at the moment it is due; imported again each is the same entry.

    Moments are written in UTC, which every calendar shows in its owner's own time, or in ``zone``. Entries and not
    to-dos: the calendars most people have show no to-dos.
    """
    from icalendar import Calendar

    calendar = Calendar()
    for key, value in (("prodid", "-//rekindle//tasks//EN"), ("version", "2.0"), ("method", "PUBLISH")):
        calendar.add(key, value)
    calendar.add("x-wr-calname", f"{name}: tasks")
    for task in tasks:
        calendar.add_component(_entry(task, now, zone))
    if zone and tasks:
        days = [datetime.fromisoformat(task["due"]).date() for task in tasks]
        calendar.add_missing_timezones(first_date=min(days) - _AROUND, last_date=max(days) + _AROUND)
    found: bytes = calendar.to_ical()
    return found


def _entry(task: dict[str, Any], now: int, zone: str | None) -> Event:
    from icalendar import Alarm, Event

    # nobody is reminded of a call at an hour at which it is not allowed
    starts = datetime.fromisoformat(max(task["due"], task["call_from"] or "")).astimezone(_zone(zone))
    entry, alarm = Event(), Alarm()
    entry.add("uid", f"rekindle-task-{task['ref']}")
    entry.add("dtstamp", utc(now))
    entry.add("dtstart", starts)
    entry.add("dtend", starts + _LENGTH)
    entry.add("summary", _line(task["title"]) or task["kind"])
    entry.add("description", _description(task))
    entry.add("categories", [task["kind"]])
    entry.add("transp", "TRANSPARENT")  # it is work to be done, and no appointment with anybody
    alarm.add("action", "DISPLAY")
    alarm.add("description", _line(task["title"]) or task["kind"])
    alarm.add("trigger", _REMINDER)
    entry.add_component(alarm)
    return entry


def _zone(name: str | None) -> tzinfo:
    return ZoneInfo(name) if name else UTC


def _description(task: dict[str, Any]) -> str:
    known = [
        f"{name}: {_line(task[name])}"
        for name in ("name", "company", "phone", "email", "linkedin")
        if task[name]
    ]
    hours = [f"May be called {told}"] if (told := hours_told(task)) else []
    close = f"rekindle tasks done {task['ref'][:8]}"
    return "\n".join((*known, *hours, "", task["text"].replace("\r", ""), "", close))


def hours_told(task: dict[str, Any]) -> str:
    """When they may be called, in their own time where it is known; empty for what is no call."""
    if not task["call_from"]:
        return ""
    moments = (int(datetime.fromisoformat(task[name]).timestamp()) for name in ("call_from", "call_until"))
    hours = Hours(*moments)
    zone = task["zone"] or "UTC"
    opens, closes = local(hours.opens, zone), local(hours.closes, zone)
    return f"{opens:%a %d %b %H:%M} to {closes:%H:%M} {closes:%Z}"


def _line(text: str | None) -> str:
    return " ".join((text or "").split())
