"""``rekindle tasks``: list, show, close, and what follows."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from engine.tasks import DISPOSITIONS, fitting
from tests.cli.world import World


@pytest.fixture
def worked(world: World) -> World:
    """The first message of one campaign is a call: six tasks."""
    world.change("rekindle.yaml", "  sms: {adapter: file", "  phone: {adapter: task}\n  sms: {adapter: file")
    world.change("rekindle.yaml", "sms: express_written}", "sms: express_written, phone: lawful_basis}")
    consent = "- {channel: phone, type: express, at: Left on}"
    world.change("rekindle.yaml", "      consent:\n", f"      consent:\n        {consent}\n")
    world.change("come_back.yaml", "email: come_back/hello", "phone: come_back/call")
    world.write("templates/come_back/call.md", "---\ntitle: Call about {{ person.product or brand.name }}\n---\n"
                "Ask how {{ person.first_name or 'they' }} are doing since they left.\n")  # fmt: skip
    result = world.run("run", "--virtual", "--from", "2026-03-02T15:00:00Z", "--until", "2d")
    assert result.returncode == 0, result.stderr
    return world


def listed(world: World, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.json("tasks", "list", *words)["tasks"]
    return found


def test_they_are_listed_shown_and_closed(worked: World) -> None:
    tasks = listed(worked)
    assert len(tasks) == 6
    assert {t["kind"] for t in tasks} == {"phone"}
    ref = tasks[0]["ref"][:8]
    text = worked.run("tasks", "show", ref).stdout
    assert "Call about Planner" in text
    assert "tasks done" in text
    assert "left_message" in text
    result = worked.run(
        "tasks", "done", ref, "--disposition", "left_message", "--comment", "Try again in May."
    )
    assert result.returncode == 0, result.stderr
    assert len(listed(worked)) == 5
    closed = [t for t in listed(worked, "--all") if t["state"] == "done"]
    assert [(t["disposition"], t["comment"]) for t in closed] == [("left_message", "Try again in May.")]
    assert "left_message" in worked.run("tasks", "list", "--all").stdout


def test_a_refusal_suppresses_and_ends_the_round(worked: World) -> None:
    task = listed(worked)[0]
    assert worked.run("tasks", "done", task["ref"], "--disposition", "do_not_contact").returncode == 0
    assert worked.run("run", "--virtual", "--until", "10d").returncode == 0
    story = worked.json("explain", str(task["identity_id"]))
    assert story["person"]["suppressions"][0]["channel"] == "all"
    assert story["enrolments"][0]["state"] == "ended"
    assert story["enrolments"][0]["reason"] in ("opted_out", "suppressed")


def test_declined_needs_no_code(worked: World) -> None:
    task = listed(worked)[0]
    assert worked.run("tasks", "decline", task["ref"], "--comment", "No time.").returncode == 0
    again = worked.run("tasks", "decline", task["ref"])
    assert again.returncode == 1
    assert "closed before, as declined" in again.stderr


def test_narrowed_and_limited(worked: World) -> None:
    owner = listed(worked)[0]["owner"]
    assert len(listed(worked, "--owner", owner)) == 6
    assert listed(worked, "--owner", "nobody@acme.example") == []
    nobodys = worked.run("tasks", "list", "--owner", "nobody@acme.example").stdout
    assert "none of the 6 open tasks match" in nobodys
    assert listed(worked, "--kind", "linkedin") == []
    assert worked.json("tasks", "list", "--limit", "2")["more"]
    text = worked.run("tasks", "list", "--limit", "2").stdout
    assert "--limit" in text
    assert owner in text  # whole, so that it can be copied
    unknown = worked.run("tasks", "list", "--kind", "foo")
    assert unknown.returncode == 1
    assert "call_back, letter, linkedin, phone, reply, review" in unknown.stderr


def test_a_call_is_shown_with_its_zones_and_the_ways_a_call_ends(worked: World) -> None:
    tasks = listed(worked)
    text = worked.run("tasks", "show", tasks[0]["ref"]).stdout
    assert ", on record" in text
    assert "no_answer" in text
    assert "approved" not in text


def test_reviews_are_approved_or_rejected_and_nothing_else_is() -> None:
    assert {"approved", "rejected"} <= fitting("review").keys()
    assert not {"done", "declined", "no_answer"} & fitting("review").keys()
    assert not {"approved", "rejected"} & {
        code for kind in ("phone", "linkedin", "mine") for code in fitting(kind)
    }
    assert "left_message" not in fitting("linkedin")
    assert set().union(*(fitting(kind) for kind in ("review", "phone"))) == DISPOSITIONS.keys()


def test_a_run_says_which_of_what_it_sent_are_tasks(worked: World) -> None:
    assert "phone: tasks opened for a human" in worked.run("run", "--virtual", "--until", "1h").stdout


def test_what_is_not_there(worked: World) -> None:
    assert "no task begins" in worked.run("tasks", "show", "zzzz").stderr
    wrong = worked.run("tasks", "done", listed(worked)[0]["ref"], "--disposition", "hung_up")
    assert wrong.returncode == 2
    assert "left_message" in wrong.stderr


def test_done_without_a_code_shows_what_each_does(worked: World) -> None:
    ref = listed(worked)[0]["ref"][:8]
    asked = worked.run("tasks", "done", ref)
    assert asked.returncode == 2
    assert "never call again" in asked.stdout
    assert "suppresses phone and sms" in asked.stdout
    assert "approved" not in asked.stdout
    put_off = worked.run("tasks", "done", ref, "busy", "--at", "2026-03-09T15:00:00Z")
    assert put_off.returncode == 0, put_off.stderr
    assert "is put off to Mon 09 Mar 2026 15:00" in put_off.stdout
    said = worked.run("tasks", "done", ref, "no_answer", "--comment", "Asked never to be called again.")
    assert "reads as a refusal: suppressed on sms and phone" in said.stdout
    again = worked.run("tasks", "done", ref, "busy")
    assert "closed before, as no_answer" in again.stderr
    assert "Traceback" not in asked.stderr + put_off.stderr + said.stderr + again.stderr


def test_a_day_goes_out_as_a_table_and_what_came_of_it_comes_back(worked: World, tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    told = worked.run("tasks", "export", "--output", str(path))
    assert (told.returncode, told.stdout) == (0, "")
    assert f"6 open tasks in {path}" in told.stderr
    assert path.stat().st_mode & 0o777 == 0o600
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    codes = {0: ("no answer", ""), 1: ("do_not_call", ""), 2: ("jumped", "take her off the list")}
    for n, (code, comment) in codes.items():
        rows[n] |= {"code": code, "comment": comment}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    found = worked.json("tasks", "import", str(path))
    assert {name: found[name] for name in ("read", "closed", "empty", "rejected")} == {
        "read": 6, "closed": 2, "empty": 3, "rejected": 1,
    }  # fmt: skip
    assert found["refusals"] == [{"row": 4, "ref": rows[2]["ref"], "suppressed": ["all"]}]
    shown = worked.run("tasks", "import", str(path))
    assert "there before" in shown.stdout
    assert "Read as refusals" in shown.stdout
    assert "1 of the rows did not go in; why: " in shown.stderr
    assert "jumped" in Path(found["rejects"]).read_text(encoding="utf-8")


def test_a_calendar_comes_on_standard_output(worked: World) -> None:
    told = worked.run("tasks", "export", "--format", "ics", "--zone", "Europe/London")
    assert told.stdout.startswith("BEGIN:VCALENDAR")
    assert told.stdout.count("BEGIN:VEVENT") == 6
    wrong = worked.run("tasks", "export", "--format", "ics", "--zone", "London")
    assert wrong.returncode == 2
    assert "there is no time zone 'London'" in wrong.stderr
    assert worked.json("tasks", "export")["tasks"][0]["phone"]


def test_files_that_cannot_be_read_or_written_are_told_in_a_line(worked: World, tmp_path: Path) -> None:
    no_table = tmp_path / "notes.txt"
    no_table.write_text("dear diary", encoding="utf-8")
    told = worked.run("tasks", "import", str(no_table))
    assert (told.returncode, "has no column 'ref'" in told.stderr) == (1, True)
    nowhere = worked.run("tasks", "export", "--output", str(tmp_path / "no" / "where.csv"))
    assert (nowhere.returncode, "cannot write" in nowhere.stderr) == (1, True)
