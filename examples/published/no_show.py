"""Appointments at public clinics: one row each, several a patient.

Only whether and when somebody came is read. The columns on health and welfare are never looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from examples.published.dataset import KEY, NUMBER, Blemishes, DataSet, NotTheSet, Row, read
from examples.published.identity import identity

_FILE = "no_show/appointments.csv.gz"
_STATUS = {"Yes": "no_show", "No": "attended"}

SOURCE = """\
    - source: appointments
      csv: data/people.csv
      key: identity
      every: 90d
      map:
        email: email
        phone: phone
        first_name: first_name
        meeting_at: appointment
        meeting_status: outcome
        last_activity_at: last_activity
      set: {source: appointments, country: BR, region: ES, timezone: America/Sao_Paulo, status_at_last_touch: patient}
"""


def rows(folder: Path, blemishes: Blemishes) -> Iterator[Row]:
    """Every appointment in the order of its day, so that a patient's latest says how things stand."""
    published = read(
        folder / _FILE, "PatientId", "AppointmentID", "ScheduledDay", "AppointmentDay", "No-show"
    )
    for number, visit in sorted(enumerate(published, 1), key=_moment):
        if visit["No-show"] not in _STATUS:
            raise NotTheSet(f"{_FILE} has a word in No-show that this program does not know")
        outcome, day = _STATUS[visit["No-show"]], visit["AppointmentDay"]
        _notice(visit, blemishes)
        yield {
            NUMBER: str(number),
            KEY: visit["PatientId"],
            **identity("no_show", visit["PatientId"])._asdict(),
            "appointment": day,
            "outcome": outcome,
            # who came was there on the day; who did not was last heard of when they booked
            "last_activity": day if outcome == "attended" else min(visit["ScheduledDay"], day),
        }


def _moment(pair: tuple[int, Row]) -> tuple[str, str, int]:
    _, visit = pair
    return visit["AppointmentDay"], visit["ScheduledDay"], int(visit["AppointmentID"])


def _notice(visit: Row, blemishes: Blemishes) -> None:
    booked, day = visit["ScheduledDay"], visit["AppointmentDay"]
    blemishes["booked at a later hour of the day than the appointment, which is always at midnight"] += (
        booked > day and booked[:10] == day[:10]
    )
    blemishes["booked on a later day than the appointment"] += booked[:10] > day[:10]
    blemishes["PatientId that is not a whole number: kept as it is written"] += not visit[
        "PatientId"
    ].isdigit()


NO_SHOW = DataSet(
    name="no_show",
    file=_FILE,
    key="PatientId",
    named_by="PatientId",
    now="2016-06-09T15:00:00Z",
    source=SOURCE,
    rows=rows,
)
