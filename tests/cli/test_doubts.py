"""``rekindle doubts``: list and settle, through the real command."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from state.store import Store
from tests.cli.world import World


@pytest.fixture
def doubtful(world: World) -> World:
    """All messages of a run, as if nobody knew whether they had left."""
    noon = datetime.now(UTC).hour  # the people of the world live where it is about noon now
    result = world.run("run", "--virtual", "--from", f"2026-03-03T{noon:02}:00:00Z", "--until", "2h")
    assert result.returncode == 0, result.stderr
    store = Store.open(f"sqlite:///{world.root / 'var' / 'rekindle.db'}")
    with store.begin() as conn:
        conn.execute(text("UPDATE touch SET state = 'in_doubt', reason = 'in_doubt' WHERE state = 'sent'"))
    store.close()
    return world


def test_they_are_listed_and_settled(doubtful: World) -> None:
    doubts = doubtful.json("doubts", "list")["doubts"]
    assert len(doubts) == 12
    told = doubtful.run("doubts", "list").stdout
    assert all(d["ref"][:8] in told and d["to"] in told for d in doubts)
    assert "rekindle doubts list" in doubtful.run("status").stdout
    one, other = doubts[0]["ref"], doubts[1]["ref"]
    result = doubtful.run("doubts", "settle", one[:8], "--sent")
    assert (result.returncode, result.stdout) == (0, f"email message {one} is settled as sent\n"), result.stderr
    found = doubtful.json("doubts", "settle", other[:8], "--not-sent", "--comment", "Not in the log.", "--by", "Dana")
    assert (found["doubt"]["state"], found["doubt"]["reason"]) == ("failed", "not_sent")
    assert len(doubtful.json("doubts", "list")["doubts"]) == 10
    again = doubtful.run("doubts", "settle", one, "--not-sent")
    assert again.returncode == 1
    assert f"no doubt begins with '{one}'" in again.stderr


def test_what_was_found_must_be_said(doubtful: World) -> None:
    ref = doubtful.json("doubts", "list")["doubts"][0]["ref"]
    result = doubtful.run("doubts", "settle", ref)
    assert result.returncode == 2
    assert "--sent" in result.stderr


def test_nothing_in_doubt_is_said_so(world: World) -> None:
    assert world.run("doubts", "list").stdout == "nothing is in doubt\n"
