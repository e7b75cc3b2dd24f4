"""``rekindle audiences``: lists in numbers, and everybody on one, through the real command."""

from __future__ import annotations

from channels.list_hashes import GOOGLE, hashes_of
from state.queries import retargeting
from state.store import Store
from tests.cli.world import World

NOW = 1_772_463_600


def test_lists_are_counted_and_exported_in_hashes(world: World) -> None:
    assert world.run("audiences", "list").stdout == "nobody was ever put on a list\n"
    store = Store.open(f"sqlite:///{world.root / 'var' / 'rekindle.db'}")
    person = hashes_of(["sam@customer.example", "+13125550142"], GOOGLE)
    with store.begin() as conn:
        for identity in (1, 2):
            member = {"identity_id": identity, "audience": "closed_lost", "ref": f"r{identity}", "now": NOW}
            retargeting.put(conn, {**member, "hashes": list(person)})
        conn.exec_driver_sql("UPDATE audience_member SET state = 'leaving' WHERE identity_id = 2")
    store.close()
    [found] = world.json("audiences", "list")["lists"]
    assert found == {"audience": "closed_lost", "listed": 0, "joining": 1, "leaving": 1, "has_left": 0}
    assert "closed_lost" in world.run("audiences", "list").stdout
    email, phone = (each.partition(":")[2] for each in person)
    told = world.run("audiences", "export", "closed_lost")
    assert told.stdout.splitlines() == ["Email,Email,Phone", f"{email},,{phone}"], told.stderr
    unknown = world.run("audiences", "export", "closed_won")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert "there is no list 'closed_won'" in unknown.stderr
    assert "There are: closed_lost" in unknown.stderr
