"""``rekindle tasks``: list, show, close, and what follows."""

from __future__ import annotations

from typing import Any

import pytest

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
    assert listed(worked, "--kind", "linkedin") == []
    assert worked.json("tasks", "list", "--limit", "2")["more"]
    assert "--limit" in worked.run("tasks", "list", "--limit", "2").stdout


def test_what_is_not_there(worked: World) -> None:
    assert "no task begins" in worked.run("tasks", "show", "zzzz").stderr
    wrong = worked.run("tasks", "done", listed(worked)[0]["ref"], "--disposition", "hung_up")
    assert wrong.returncode == 2
    assert "left_message" in wrong.stderr
