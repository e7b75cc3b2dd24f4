"""``rekindle dead`` and ``rekindle channels``, through the real command."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import text

from state.store import Store
from tests.cli.world import World


def test_what_was_given_up_is_listed_told_tried_again_and_dropped(world: World) -> None:
    noon = datetime.now(UTC).hour  # the people of the world live where it is about noon now
    result = world.run("run", "--virtual", "--from", f"2026-03-03T{noon:02}:00:00Z", "--until", "2h")
    assert result.returncode == 0, result.stderr
    store = Store.open(f"sqlite:///{world.root / 'var' / 'rekindle.db'}")
    with store.begin() as conn:
        conn.execute(
            text("UPDATE touch SET state = 'failed', reason = 'gave_up', counted_at = NULL WHERE state = 'sent'")
        )
    store.close()
    letters = world.json("dead", "list")["dead_letters"]
    assert letters
    told = world.run("dead", "list").stdout
    assert all(letter["ref"][:8] in told for letter in letters)
    one = letters[0]["ref"]
    assert "given up" in world.run("dead", "show", one[:8]).stdout
    [channel] = [c for c in world.json("channels")["channels"] if c["channel"] == letters[0]["channel"]]
    assert channel["dead_letters"] == len([x for x in letters if x["channel"] == channel["channel"]])
    assert "rekindle dead list" in world.run("status").stdout
    assert world.json("dead", "drop", one, "--by", "Dana")["dead_letter"]["state"] == "cancelled"
    again = world.run("dead", "retry", one)
    assert again.returncode == 1
    assert f"no dead letter begins with '{one}'" in again.stderr
    assert len(world.json("dead", "list")["dead_letters"]) == len(letters) - 1
