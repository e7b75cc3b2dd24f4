"""What arrives while somebody is being merged, erased or written to finds the person they are by then."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from engine.broadcast import Broadcast, broadcast
from engine.clock import VirtualClock
from engine.people.erase import erase
from engine.people.merge import merge
from state.queries import people
from state.queries.outbox import lock_people
from state.store import Store
from state.tables import Touch
from state.testing import database
from tests.events.building import NOW, enrol, happens, person, put
from tests.events.racing import started
from tests.events.test_sources import campaign, trigger
from tests.people.building import query, take_in


@pytest.fixture
def store() -> Iterator[Store]:
    """PostgreSQL: SQLite has one writer, and nothing to race with."""
    with database("postgresql") as url:
        store = Store.open(url)
        yield store
        store.close()


def test_a_no_of_somebody_merged_away_meanwhile_binds_who_they_are_now(store: Store) -> None:
    person(store, 1)
    person(store, 2)
    with store.begin() as conn:
        merge(conn, [(1, 2)], NOW)
        with started(store, lambda: happens(store, 2, "unsubscribed")) as [recording]:
            pass
    assert recording.result() == 1
    assert query(store, "SELECT identity_id, name FROM event") == [(1, "unsubscribed")]
    assert query(store, "SELECT identity_id, channel FROM suppression") == [(1, "email")]
    assert query(store, "SELECT identity_id, type FROM consent") == [(1, "revoked")]
    assert {a for (a,) in query(store, "SELECT address FROM address_suppression")} == {
        "p1@acme.example",
        "p2@acme.example",
    }


def test_who_had_to_look_again_makes_nobody_wait_in_a_circle(store: Store) -> None:
    person(store, 1)
    person(store, 2)

    def both() -> None:
        with store.begin() as conn:
            lock_people(conn, [1, 2])

    with store.begin() as conn:
        merge(conn, [(1, 2)], NOW)
        with started(store, lambda: happens(store, 2, "clicked"), both) as racing:
            pass
    assert [r.result() for r in racing] == [1, None]


def test_an_event_of_somebody_erased_meanwhile_is_dropped(store: Store) -> None:
    person(store, 1)
    with store.begin() as conn:
        lock_people(conn, [1])
        with started(store, lambda: happens(store, 1, "replied", text="it is me, Ana")) as [recording]:
            conn.execute(text("UPDATE person SET deleted_at = 1"))
    assert recording.result() == 0
    assert query(store, "SELECT * FROM event") == []


def test_who_asks_to_be_forgotten_while_they_are_merged_is_forgotten(store: Store) -> None:
    person(store, 1)
    person(store, 2)
    with store.begin() as conn:
        merge(conn, [(1, 2)], NOW)
        with started(store, lambda: erase(store, 2, VirtualClock(NOW))) as [erasing]:
            pass
    erasing.result()
    assert query(store, "SELECT email, deleted_at FROM person WHERE identity_id = 1") == [(None, NOW)]


def test_a_broadcast_reaches_who_is_merged_while_it_waits(store: Store) -> None:
    for identity in (1, 2):
        person(store, identity)
    enrol(store, 2)
    event = Broadcast(name="feature_shipped", at=NOW, source="test", key="sso")
    with store.begin() as conn:
        merge(conn, [(1, 2)], NOW)
        tell = partial(broadcast, store, event, [campaign(trigger())], VirtualClock(NOW))
        with started(store, tell) as [told]:
            pass
    assert told.result() == 1
    assert query(store, "SELECT identity_id FROM event WHERE identity_id <> 0") == [(1,)]


def two_rows(store: Store, folder: Path) -> list[dict[str, object]]:
    """Two people, and the rows that will say they are one."""
    rows: list[dict[str, object]] = [{"id": n, "email": f"{n}@acme.example"} for n in ("a", "b")]
    take_in(store, folder, rows)
    return [{**row, "phone": "+13125550100", "domain": "acme.example"} for row in rows]


def test_an_import_does_not_join_who_is_written_to_while_it_waits(store: Store, tmp_path: Path) -> None:
    joining = two_rows(store, tmp_path)
    put(store, Touch, identity_id=2, campaign="lost", cycle=1, step="one", ref="r", state="queued", channel="email",
        planned_at=1, expires_at=2, not_before=1, decided_at=1, priority=50, attempts=0)  # fmt: skip
    with store.begin() as conn:
        lock_people(conn, [2])
        with started(store, lambda: take_in(store, tmp_path, joining, now=NOW + 9)) as [importing]:
            conn.execute(text("UPDATE touch SET state = 'dispatching'"))
    assert importing.result().rejected == 2
    assert query(store, "SELECT identity_id FROM touch") == [(2,)]
    assert query(store, "SELECT 1 FROM person WHERE merged_into IS NOT NULL") == []


def test_an_import_brings_nobody_back_who_is_erased_while_it_waits(store: Store, tmp_path: Path) -> None:
    take_in(store, tmp_path, [{"id": 1, "email": "a@acme.example", "first": "Ana"}])
    again = [{"id": 1, "email": "a@acme.example", "first": "Anna"}]
    with store.begin() as conn:
        lock_people(conn, [1])
        with started(store, lambda: take_in(store, tmp_path, again, now=NOW + 9)) as [importing]:
            conn.execute(text("UPDATE person SET deleted_at = 1, first_name = NULL, email = NULL"))
    assert importing.result().rejected == 1
    assert query(store, "SELECT first_name, email FROM person") == [(None, None)]


def test_an_import_asks_for_its_locks_once(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    joining = two_rows(store, tmp_path)
    person(store, 3)
    asked: list[set[int]] = []

    def noting(conn: Connection, ids: Collection[int]) -> None:
        asked.append(set(ids))
        lock_people(conn, ids)

    monkeypatch.setattr("engine.people.batch.lock_people", noting)
    changed = [*joining, {"id": "c", "email": "p3@acme.example"}]
    take_in(store, tmp_path, changed, now=NOW + 9)
    assert asked == [{1, 2, 3}]


def test_living_and_locked_are_the_same_people_on_a_quiet_day(store: Store) -> None:
    person(store, 1)
    person(store, 2, merged_into=1)
    person(store, 3, deleted_at=NOW)
    with store.begin() as conn:
        assert people.lock_living(conn, [1, 2, 3, 4]) == {1: 1, 2: 1}
