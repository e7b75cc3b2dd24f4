"""``rekindle import``, ``event`` and ``people``: the real command on a real project."""

from __future__ import annotations

import csv
from typing import Any

import pytest

from tests.cli.world import World

NOW = "2026-03-02T15:00:00Z"


@pytest.fixture
def known(world: World) -> World:
    """Its twelve people are in."""
    result = world.run("import")
    assert result.returncode == 0, result.stderr
    return world


def rows(world: World) -> list[dict[str, str]]:
    with (world.root / "data" / "people.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def put_rows(world: World, found: list[dict[str, str]]) -> None:
    with (world.root / "data" / "people.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(found[0]))
        writer.writeheader()
        writer.writerows(found)


def test_an_import_accounts_for_every_row_and_the_second_one_finds_nothing_new(world: World) -> None:
    [first] = world.json("import")["sources"]
    assert (first["read"], first["created"], first["rejected"]) == (12, 12, 0)
    [again] = world.json("import", "crm")["sources"]
    assert (again["unchanged"], again["updated"], again["rejects"]) == (12, 0, None)
    assert "unchanged" in world.run("import").stdout


def test_bad_rows_are_named_on_standard_error_and_the_rest_goes_in(world: World) -> None:
    found = rows(world)
    found[3]["E-mail"] = "not an address"
    put_rows(world, found)
    result = world.run("import")
    assert result.returncode == 0
    assert "1 rows of crm did not go in" in result.stderr
    [rejected] = csv.DictReader((world.root / "var" / "rejects" / "crm.csv").open())
    assert rejected["reason"] == "'E-mail' is not an e-mail address"


def test_cells_that_no_condition_can_ask_for_are_told_without_what_they_hold(world: World) -> None:
    path = world.root / "rekindle.yaml"
    listed = "  currency: USD\n  values: {product: [Elsewhere]}\n"
    path.write_text(path.read_text().replace("  currency: USD\n", listed))
    held = sum(bool(row["Product"]) for row in rows(world))
    told = world.run("import").stderr
    assert f"{held} cells hold another product than its list has" in told
    assert not any(row["Product"] and row["Product"] in told for row in rows(world))
    assert world.json("import")["sources"][0]["unlisted"] == {"product": held}


def test_whoever_looks_for_a_rejected_row_is_told_why_it_did_not_go_in(world: World) -> None:
    found = rows(world)
    found[3]["E-mail"] = "not an address"
    put_rows(world, found)
    world.run("import")
    result = world.run("explain", found[3]["id"])
    assert result.returncode == 1
    assert (
        "of crm did not go in, because 'E-mail' is not an e-mail address (var/rejects/crm.csv)"
        in result.stderr
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("import", "nothing"), "there is no source 'nothing'"),
        (("event", "clicked"), "Say whom it happened to"),
        (("event", "clicked", "--person", "nobody@acme.example"), "nobody answers to that"),
        (("event", "clicked", "--everyone", "--at", "2099-01-01"), "2099-01-01T00:00:00Z lies ahead"),
        (("event", "clicked", "--everyone", "--data", "x"), "is not key=value"),
        (("people", "show", "99"), "nobody answers to that"),
    ],
)
def test_mistakes_are_one_clear_line(words: tuple[str, ...], message: str, known: World) -> None:
    result = known.run(*words)
    assert result.returncode in (1, 2)
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_a_missing_column_says_which_and_what_may_be_meant(world: World) -> None:
    found = [{("Email" if k == "E-mail" else k): v for k, v in row.items()} for row in rows(world)]
    put_rows(world, found)
    result = world.run("import")
    assert result.returncode == 1
    assert "data/people.csv has no column 'E-mail', which rekindle.yaml:" in result.stderr


def someone(world: World) -> dict[str, Any]:
    address = rows(world)[0]["E-mail"]
    found: dict[str, Any] = world.json("people", "show", address)
    return found


def test_a_reply_is_recorded_once_and_obeyed(known: World) -> None:
    who = str(someone(known)["identity"])
    words = ("event", "replied", "--person", who, "--text", "Stop!", "--data", "channel=sms", "--key", "k1")
    assert known.run(*words).stdout == "replied is recorded: read as a refusal; suppressed on sms and phone\n"
    assert known.run(*words).stdout == "replied was recorded before\n"
    story = someone(known)
    assert {(s["channel"], s["reason"]) for s in story["suppressions"]} == {
        ("sms", "opt_out"),
        ("phone", "opt_out"),
    }
    assert [n["kind"] for n in story["notes"]] == ["refusal"]
    text = known.run("people", "show", who).stdout
    assert "suppressed" in text
    assert "sms: opt out" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("replied", "--text", "stop"),
            "replied is recorded: read as a refusal; suppressed on every channel",
        ),
        (("replied", "--text", "call me"), "replied is recorded: no refusal"),
        (
            ("replied", "--text", "please cancel my 3pm appointment"),
            "replied is recorded: could not be read for sure; held until somebody closes the note "
            "(rekindle people close-note 1 review_reply)",
        ),
        (("bounced", "--data", "hard=true"), "bounced is recorded; the address is suppressed"),
        (("purchase",), "purchase is recorded"),
        (("purchse",), "purchse is recorded; nothing listens for it (did you mean 'purchase'?)"),
    ],
)
def test_an_event_says_what_was_understood(words: tuple[str, ...], said: str, known: World) -> None:
    assert known.run("event", *words, "--person", "1").stdout == f"{said}\n"


def test_an_event_nobody_waits_for_says_so(known: World) -> None:
    assert "nobody waits for feature_shipped" in known.run("event", "feature_shipped", "--everyone").stdout


def test_a_person_is_erased_only_on_a_yes_and_stays_erased(known: World) -> None:
    address = rows(known)[0]["E-mail"]
    who = str(someone(known)["identity"])
    assert known.run("people", "erase", who).returncode == 1  # nobody is there to say yes
    assert someone(known)["erased_at"] is None
    assert known.run("people", "erase", who, "--yes").stdout == f"person {who} is erased\n"
    assert "nobody answers" in known.run("people", "show", address).stderr
    [report] = known.json("import")["sources"]
    assert (report["rejected"], report["created"]) == (1, 0)


def test_phones_that_are_shared_are_listed(known: World) -> None:
    found = rows(known)
    found[0]["Phone"] = found[1]["Phone"] = "+13125550142"
    put_rows(known, found)
    known.run("import")
    [shared] = known.json("people", "suspects")["phones"]
    assert shared["phone"] == "+13125550142"
    assert "+13125550142" in known.run("people", "suspects").stdout


def test_a_reply_to_be_read_holds_until_somebody_closes_its_note(known: World) -> None:
    who = str(someone(known)["identity"])
    known.run("event", "replied", "--person", who, "--text", "please cancel my 3pm appointment")
    [note] = known.json("people", "notes", who)["notes"]
    assert (note["kind"], note["closed_at"], note["holds"]) == ("review_reply", None, True)
    assert note["source"] == "cli"
    assert "holds all messages" in known.run("people", "notes", who).stdout
    assert known.json("status")["open_notes"] == {"review_reply": 1}
    assert "Open are: review_reply" in known.run("people", "close-note", who, "complaint").stderr
    closed = known.run("people", "close-note", who, "review_reply", "--comment", "meant the dentist")
    assert closed.stdout == f"1 review_reply note is closed; person {who} is looked at again\n"
    [note] = known.json("people", "notes", who)["notes"]
    assert (note["closed_at"] is None, note["text"], note["holds"]) == (False, "meant the dentist", False)
    assert known.json("status")["open_notes"] == {}
    assert "None of their notes is open" in known.run("people", "close-note", who, "review_reply").stderr


def test_people_whom_the_next_refresh_takes_are_told_from_those_nobody_is_for(world: World) -> None:
    found = rows(world)
    found[0]["Status"] = "no_show"
    put_rows(world, found)
    world.run("import")
    s = world.json("status")
    [nowhere] = [row for row in s["reach"] if row["segment"] is None]
    expected = {"not enrolled yet (next refresh)": 11, "in no segment or cohort a campaign is for": 1}
    assert (nowhere["people"], nowhere["not_written"]) == (12, expected)
    world.run("pause", "come_back")
    world.run("pause", "look_again")
    assert world.json("status")["not_written"] == {"in no segment or cohort a campaign is for": 12}
