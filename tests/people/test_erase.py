"""An erased person is gone and does not come back; that they said no stays. Compliance PRV-01, PRV-03, T54."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from engine.clock import VirtualClock
from engine.errors import UnknownName
from engine.people.erase import erase
from state.store import Store
from state.tables import Task, Touch, TouchMessage
from tests.events.building import NOW, enrol, happens, put
from tests.people.building import query, take_in

ROW = {
    "id": "ana@acme.example",
    "email": "Ana+x@acme.example",
    "phone": "(312) 555-0100",
    "first": "Ana",
    "ticket": "2026-01-02",
}


def everything(store: Store) -> str:
    """All the database holds, as text."""
    with store.read() as conn:
        tables = inspect(conn).get_table_names()
        rows = {
            t: conn.execute(text(f"SELECT * FROM {t}")).all() for t in tables if t != "address_suppression"
        }
    return repr(rows).lower()


def full_life(store: Store, folder: Path) -> int:
    """A person with a bit of everything; their identity."""
    take_in(store, folder, [ROW, {**ROW, "id": "C2"}], notes={"escalation": "ticket"})
    [(identity,)] = query(store, "SELECT identity_id FROM person")
    enrol(store, identity)
    happens(store, identity, "replied", text="this is Ana speaking")
    key = {"identity_id": identity, "campaign": "lost", "cycle": 1, "step": "one"}
    put(store, Touch, **key, ref="r1", state="queued", channel="email", planned_at=NOW, expires_at=NOW, not_before=NOW,
        decided_at=NOW, priority=50, attempts=0)  # fmt: skip
    put(store, TouchMessage, **key, payload='{"to": "ana@acme.example"}')
    put(store, Task, **key, ref="t1", kind="phone", owner="o@acme.example", title="Call Ana", body="Ana, 312",
        state="open", created_at=NOW, due_at=NOW)  # fmt: skip
    return identity


def test_nothing_personal_is_left_but_the_addresses_not_to_write_to(store: Store, tmp_path: Path) -> None:
    identity = full_life(store, tmp_path)
    assert "ana" in everything(store)
    erase(store, identity, VirtualClock(NOW + 60))
    left = everything(store)
    for word in ("ana", "5550100", "312)"):
        assert word not in left
    assert set(query(store, "SELECT address, channel, reason FROM address_suppression")) == {
        (a, "all", "erased") for a in ("ana+x@acme.example", "ana@acme.example", "+13125550100")
    }
    assert query(store, "SELECT deleted_at FROM person") == [(NOW + 60,)]


def test_what_was_under_way_ends_and_the_ledger_says_why(store: Store, tmp_path: Path) -> None:
    erase(store, full_life(store, tmp_path), VirtualClock(NOW + 60))
    assert query(store, "SELECT state, reason, due_at, ended_at FROM enrolment") == [
        ("ended", "withdrawn", None, NOW + 60)
    ]
    assert query(store, "SELECT state, reason FROM touch") == [("cancelled", "withdrawn")]
    assert query(store, "SELECT state, disposition FROM task") == [("declined", "erased")]
    actions = query(store, "SELECT action, rule, reasons FROM decision ORDER BY id")
    assert [(a, r) for a, r, _ in actions] == [("cancel", "withdrawn"), ("end", "withdrawn")]
    assert all("erased" in reasons for _, _, reasons in actions)


@pytest.mark.parametrize(
    "row",
    [
        ROW,
        {"id": "new", "email": "ana@acme.example"},
        {"id": "new", "email": "ANA+x@acme.example"},
        {"id": "new", "email": "ana+other@acme.example"},
        {"id": "C2", "email": "somebody.else@acme.example"},
        {"id": "new", "phone": "+1 312 555 0100"},
    ],
)
def test_no_import_brings_them_back(row: dict[str, str], store: Store, tmp_path: Path) -> None:
    erase(store, full_life(store, tmp_path), VirtualClock(NOW))
    report = take_in(store, tmp_path, [row], now=NOW + 60)
    assert (report.rejected, report.created) == (1, 0)
    assert "somebody" not in everything(store)


def test_somebody_else_on_the_same_phone_is_somebody_else(store: Store, tmp_path: Path) -> None:
    erase(store, full_life(store, tmp_path), VirtualClock(NOW))
    row = {"id": "new", "email": "bo@globex.example", "phone": "+1 312 555 0100"}
    assert take_in(store, tmp_path, [row], now=NOW + 60).created == 1


def test_erasing_twice_is_erasing_once_and_a_stranger_cannot_be_erased(store: Store, tmp_path: Path) -> None:
    identity = full_life(store, tmp_path)
    erase(store, identity, VirtualClock(NOW))
    before = everything(store)
    erase(store, identity, VirtualClock(NOW + 60))
    assert everything(store) == before
    with pytest.raises(UnknownName, match="there is no person 99"):
        erase(store, 99, VirtualClock(NOW))
