"""A day's tasks as a file, and outcomes out of one: nothing runs in a spreadsheet, nothing goes in twice."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from engine.app import App
from engine.clock import iso
from engine.errors import ImportFailed
from engine.task_export import TO_FILL, as_csv, as_ics, as_written, harmless, hours_told, open_tasks
from engine.task_import import OutcomeReport, import_outcomes
from state.store import Store
from tests.engine.building import DAY, NOW, ask, files, open_files
from tests.engine.test_tasks import HELLO, opened


@pytest.fixture
def app(store: Store, tmp_path: Path) -> Iterator[App]:
    found = open_files(store, files({"hello": HELLO}), tmp_path)
    yield found
    found.close()


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def read(
    app: App, tmp_path: Path, *rows: str, header: str = "ref,code,at,comment,reason,words"
) -> OutcomeReport:
    path = tmp_path / "outcomes.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return import_outcomes(app, path)


def rejected(report: OutcomeReport) -> dict[str, str]:
    assert report.rejects is not None
    return {row["row"]: row["rejected because"] for row in table(report.rejects.read_text(encoding="utf-8"))}


# ── out ──


def test_the_table_has_what_is_needed_and_room_for_what_came_of_it(app: App, store: Store) -> None:
    opened(store, "phone", "linkedin")
    rows = {row["kind"]: row for row in table(as_csv(open_tasks(app)))}
    assert rows["phone"]["ref"] == "phone"
    assert rows["phone"]["phone"] == "+13125550101"
    assert rows["phone"]["due"] == iso(NOW)
    assert rows["phone"]["call_from"] <= str(iso(NOW)) < rows["phone"]["call_until"]
    assert rows["linkedin"]["call_from"] == ""
    assert {rows["phone"][name] for name in TO_FILL} == {""}


def test_it_can_be_narrowed_and_leaves_out_who_said_no(app: App, store: Store) -> None:
    opened(store, "phone", "linkedin")
    assert [t["kind"] for t in open_tasks(app, kind="phone")] == ["phone"]
    assert open_tasks(app, owner="nobody@small.example") == []
    with store.begin() as conn:
        conn.exec_driver_sql(
            "INSERT INTO suppression (identity_id, channel, reason, at, source) VALUES (1, 'phone', 'opt_out', 1, 's')"
        )
    assert [t["kind"] for t in open_tasks(app)] == ["linkedin"]


@pytest.mark.parametrize("cell", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "+1312555x"])
def test_no_cell_is_a_formula(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"
    assert as_written(harmless(cell)) == cell


def test_a_number_stays_one_that_can_be_dialled() -> None:
    assert harmless("+13125550101") == "+13125550101"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60).filter(lambda t: "\0" not in t))
def test_any_cell_comes_back_as_it_was(cell: str) -> None:
    if not cell.startswith("'"):
        assert as_written(harmless(cell)) == cell
    assert harmless(cell)[:1] not in ("=", "-", "@", "\t")


def test_a_calendar_reads_it_back(app: App, store: Store) -> None:
    opened(store, "phone", "review")
    with store.begin() as conn:
        body = "Ask:\n  how they are; what, if anything, broke \\ failed\n" + "é" * 90
        conn.exec_driver_sql(
            f"UPDATE task SET body = '{body}', title = 'Call, please; now' WHERE kind = 'phone'"
        )
    found = Calendar.from_ical(as_ics(open_tasks(app), "Acme, Inc.", NOW))
    entries = {str(entry["uid"]): entry for entry in found.walk("VEVENT")}
    assert set(entries) == {"rekindle-task-phone", "rekindle-task-review"}, "the same whenever it is written"
    call = entries["rekindle-task-phone"]
    assert call.decoded("dtstart") == datetime.fromtimestamp(NOW, UTC)
    assert str(call["summary"]) == "Call, please; now"
    text = str(call["description"])
    assert body in text
    assert "+13125550101" in text
    assert "May be called" in text
    assert "rekindle tasks done phone" in text
    assert [str(alarm["action"]) for alarm in call.walk("VALARM")] == ["DISPLAY"]
    raw = as_ics(open_tasks(app), "Acme, Inc.", NOW)
    assert max(len(line) for line in raw.split(b"\r\n")) <= 75


def test_a_calendar_in_the_owners_zone_brings_the_zone_along(app: App, store: Store) -> None:
    opened(store, "review")
    found = Calendar.from_ical(as_ics(open_tasks(app), "Acme", NOW, "Europe/London"))
    assert [str(zone["tzid"]) for zone in found.walk("VTIMEZONE")] == ["Europe/London"]
    (entry,) = found.walk("VEVENT")
    assert entry["dtstart"].params["TZID"] == "Europe/London"
    assert entry.decoded("dtstart").timestamp() == NOW


def test_hours_are_told_in_their_own_time() -> None:
    task = {
        "call_from": "2026-03-02T14:00:00Z",
        "call_until": "2026-03-03T03:00:00Z",
        "zone": "America/Chicago",
    }
    assert hours_told(task) == "Mon 02 Mar 08:00 to 21:00 CST"
    assert hours_told({"call_from": None}) == ""


# ── in ──


def test_a_table_that_was_filled_in_goes_in_and_again_changes_nothing(
    app: App, store: Store, tmp_path: Path
) -> None:
    opened(store, "phone", "linkedin", "letter", "call_back")
    rows = table(as_csv(open_tasks(app)))
    later = str(iso(NOW + DAY))
    said = {
        "phone": ("No answer", ""),
        "linkedin": ("done", ""),
        "call_back": ("busy", later),
        "letter": ("", ""),
    }
    for row in rows:
        row["code"], row["at"] = said[row["kind"]]
    path = tmp_path / "day.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    report = import_outcomes(app, path)
    assert (report.read, report.closed, report.moved, report.empty, report.rejected) == (4, 2, 1, 1, 0)
    assert report.by_code == {"no_answer": 1, "done": 1, "busy": 1}
    books = ask(store, "SELECT ref, state, disposition, due_at FROM task ORDER BY ref")
    happened = ask(store, "SELECT count(*) FROM event")
    again = import_outcomes(app, path)
    assert (again.closed, again.moved, again.unchanged, again.rejected) == (0, 0, 3, 0)
    assert ask(store, "SELECT ref, state, disposition, due_at FROM task ORDER BY ref") == books
    assert ask(store, "SELECT count(*) FROM event") == happened


def test_bad_rows_are_told_and_the_rest_goes_in(app: App, store: Store, tmp_path: Path) -> None:
    opened(store, "phone", "linkedin", "letter")
    report = read(app, tmp_path, "nobody,done", "phone,jumped", "letter,done,soon", "linkedin,done,,all well")
    assert (report.closed, report.rejected) == (1, 3)
    reasons = rejected(report)
    assert reasons["2"].startswith("there is no task 'nobody'")
    assert reasons["3"].startswith("there is no disposition 'jumped'")
    assert reasons["4"].startswith("'at' and 'happened_at' are moments")
    assert ask(store, "SELECT ref, comment FROM task WHERE state <> 'open'") == [("linkedin", "all well")]
    assert report.rejects is not None
    assert read(app, tmp_path, "letter,done").rejects is None
    assert not report.rejects.exists(), "what was refused last time is judged anew"


@pytest.mark.parametrize(
    "row", ["phone,jumped,,asked never to be called again", "phone,done,soon,do not call me"]
)
def test_a_no_counts_in_a_row_that_does_not_go_in(row: str, app: App, store: Store, tmp_path: Path) -> None:
    opened(store, "phone")
    report = read(app, tmp_path, row)
    assert {c for (c,) in ask(store, "SELECT channel FROM suppression")} == {"phone", "sms"}
    assert [(n.row, n.ref, set(n.channels)) for n in report.noted] == [(2, "phone", {"phone", "sms"})]
    assert rejected(report)["2"].endswith("(the refusal in it counts all the same)")


def test_a_refusal_with_a_date_nobody_can_read_goes_in(app: App, store: Store, tmp_path: Path) -> None:
    opened(store, "phone")
    report = read(app, tmp_path, "phone,do_not_call,yesterday")
    assert (report.closed, report.rejected) == (1, 0)
    assert {c for (c,) in ask(store, "SELECT channel FROM suppression")} == {"phone", "sms"}


def test_a_refusal_that_was_noted_under_a_harmless_code_is_found(
    app: App, store: Store, tmp_path: Path
) -> None:
    opened(store, "phone")
    report = read(app, tmp_path, "phone,no_answer,,wife says never contact him again")
    assert (report.closed, len(report.noted)) == (1, 1)
    assert ask(store, "SELECT channel FROM suppression") == [("all",)]


def test_it_happened_when_the_table_says(app: App, store: Store, tmp_path: Path) -> None:
    opened(store, "phone")
    read(app, tmp_path, f"phone,connected,{iso(NOW - 7_200)}", header="ref,code,happened_at")
    assert ask(store, "SELECT name, at FROM event") == [("call_connected", NOW - 7_200)]


@pytest.mark.parametrize("header", ["task,code", "ref,kode", ""])
def test_a_table_that_is_none_is_refused_by_name(header: str, app: App, tmp_path: Path) -> None:
    with pytest.raises(ImportFailed) as error:
        read(app, tmp_path, "a,b", header=header)
    assert error.value.hint


def test_a_thousand_rows_cost_a_few_transactions(app: App, store: Store, tmp_path: Path) -> None:
    opened(store, "phone")
    report = read(app, tmp_path, *(f"missing-{n},done" for n in range(1_200)), "phone,connected")
    assert (report.read, report.closed, report.rejected) == (1_201, 1, 1_200)
