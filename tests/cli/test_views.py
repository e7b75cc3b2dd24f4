"""What people see: status and explain, on a terminal's width, piped, without colour, and as data."""

from __future__ import annotations

import re

import pytest
from rich.cells import cell_len

from tests.cli.world import World, people_of

ESCAPE = "\x1b["


@pytest.fixture
def lived(world: World) -> World:
    """Ten virtual days: everybody has been through both campaigns."""
    result = world.run("run", "--virtual", "--from", "2026-03-02T15:00:00Z", "--until", "10d")
    assert result.returncode == 0, result.stderr
    return world


def test_status_as_data_adds_up(lived: World) -> None:
    s = lived.json("status")
    assert s["virtual"]
    assert s["now"] == "2026-03-12T15:00:00Z"
    assert sum(row["people"] for row in s["reach"]) == s["people"]["living"] == 12
    for row in s["reach"]:
        assert row["people"] == row["written"] + sum(row["not_written"].values())
    assert s["touches"] == {"planned": 36, "by_state": {"sent": 30, "skipped": 6}, "reconciles": True}
    assert {c["campaign"]: c["sent_by_channel"] for c in s["campaigns"]} == {
        "come_back": {"email": 12, "sms": 3},
        "look_again": {"email": 12, "sms": 3},
    }


def test_status_says_the_same_in_words(lived: World) -> None:
    text = lived.run("status").stdout
    assert "acme in local (reaches nobody)" in text
    assert "virtual time Thu 12 Mar 2026 15:00 UTC" in text
    assert "✓ adds up" in text
    assert "✓ 36 came due = 30 sent + 6 skipped" in text
    assert "skipped: no consent 3" in text
    assert "completed 6" in text
    assert "people from crm" in text


@pytest.mark.parametrize("words", [("status",), ("explain", "C00001"), ("tasks", "list")])
def test_piped_it_is_plain_at_most_100_wide_and_nothing_is_cut(lived: World, words: tuple[str, ...]) -> None:
    text = lived.run(*words).stdout
    assert ESCAPE not in text
    assert "…" not in text
    assert all(cell_len(line) <= 100 and line == line.rstrip() for line in text.splitlines())
    coloured = lived.run("--color", "always", *words).stdout
    if words[0] != "tasks":
        assert ESCAPE in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured).split() == text.split()  # colour alone says nothing


def test_explain_tells_the_whole_story_with_file_and_line(lived: World) -> None:
    person = people_of(lived)[1]
    text = lived.run("explain", person["E-mail"]).stdout
    assert "Segment: churned" in text
    assert "✓  status_at_last_touch is churned" in text
    assert "segments.yaml:5" in text
    assert "is for segment closed_lost, and this person is in churned" in text
    assert re.search(r"✓ sent +hello \(email\)", text)
    assert re.search(r"✓ sent +text \(sms\)", text)
    assert "come_back, ended: completed" in text


def test_explain_tells_events_among_the_messages_and_the_others_apart(world: World) -> None:
    assert world.run("run", "--virtual", "--from", "2026-03-02T15:00:00Z", "--until", "2d").returncode == 0
    early = ("--at", "2026-01-05T10:00:00Z")
    world.run("event", "purchase_seen", "--person", "1", *early)
    world.run("event", "replied", "--person", "1", "--text", "call me", "--data", "channel=email")
    world.run("run", "--virtual", "--until", "2d")
    [task] = world.json("tasks", "list")["tasks"]
    spoke = ("--disposition", "done", "--comment", "likes it")
    assert world.run("tasks", "done", task["ref"], *spoke).returncode == 0
    found = world.json("explain", "1")
    reply = next(x for x in found["events"] if x["name"] == "replied")
    assert (reply["channel"], reply["text"], reply["when"]) == ("email", "call me", "2026-03-04T15:00:00Z")
    [closed] = found["tasks"]
    assert (closed["disposition"], closed["comment"], closed["state"]) == ("done", "likes it", "done")
    text = world.run("explain", "1").stdout
    assert re.search(r'! replied +by email +"call me"', text)
    assert re.search(r"! task closed .*call back: done, likes it", text)
    assert "purchase_seen" in text.partition("Events outside any round")[2]
    assert "purchase_seen" not in text.partition("Events outside any round")[0]


def test_explain_of_a_paused_campaign_forecasts_nothing(world: World) -> None:
    assert world.run("run", "--virtual", "--from", "2026-03-02T15:00:00Z", "--until", "2d").returncode == 0
    assert world.json("explain", "2")["enrolments"][0]["next"]["step"] == "text"
    world.run("pause", "come_back")
    world.run("pause", "look_again")
    coming = world.json("explain", "2")["enrolments"][0]["next"]
    assert (coming["what"], coming["when"], coming["since"]) == ("paused", None, "2026-03-04T15:00:00Z")
    text = " ".join(world.run("explain", "2").stdout.split())
    assert "moves by the length of the pause" in text
    assert "as things stand" not in text


def test_explain_tells_why_not(lived: World) -> None:
    text = lived.run("explain", "C00000").stdout
    assert re.search(r"✗ skipped +text \(sms\) +consent: ", text)


@pytest.mark.parametrize("who", ["C00001", "1 312 555 0101", "person1@people1.example", "2"])
def test_a_person_is_found_by_whatever_names_them(lived: World, who: str) -> None:
    found = lived.json("explain", who)
    assert found["person"]["email"] == "person1@people1.example"


def test_nobody_by_that_name(lived: World) -> None:
    result = lived.run("explain", "nobody@nowhere.example")
    assert result.returncode == 1
    assert "nobody answers to that" in result.stderr
    assert "nobody@nowhere" not in result.stderr


def test_what_needs_a_human_comes_first(lived: World) -> None:
    lived.change("come_back.yaml", "at: 4d", "at: four days")
    alarm, people = (lived.run("status").stdout.find(words) for words in ("! campaign come_back is broken", "People"))
    assert 0 < alarm < people


def test_an_empty_database_is_told_without_fuss(world: World) -> None:
    text = world.run("status").stdout
    assert "✓ 0 came due = 0" in text
    assert "nothing has run yet" in text
    assert "nothing waits for a human" in world.run("tasks", "list").stdout
