"""Claims: in due order over all campaigns, a walk along an index, blind to what does not run."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, insert, text

from state.queries import due
from state.queries.common import driver_sql, many
from state.queries.versions import live
from state.store import Store
from state.tables import Enrolment, Person
from state.testing import database

PERSON: Any = Person.__table__  # type: ignore[attr-defined]
ENROLMENT: Any = Enrolment.__table__  # type: ignore[attr-defined]


def populate(store: Store, rows: list[tuple[int, str, int | None]]) -> None:
    """People with an enrolment each in a campaign: (identity, campaign, due)."""
    people = [{"identity_id": i, "created_at": 1, "updated_at": 1, "attributes": {}} for i in {r[0] for r in rows}]
    enrolments = [
        {"identity_id": i, "campaign": c, "cycle": 1, "version": f"{c}1", "exclusivity_group": c, "segment": "s",
         "track": "main", "state": "waiting", "entered_at": 1, "shift": 0, "resume_at": at, "due_at": at}
        for i, c, at in rows
    ]  # fmt: skip
    with store.begin() as conn:
        conn.execute(insert(PERSON), people)
        conn.execute(insert(ENROLMENT), enrolments)


def test_they_come_out_in_due_order_over_all_campaigns_that_run(store: Store) -> None:
    rows: list[tuple[int, str, int | None]] = [
        (1, "a", 50), (2, "b", 40), (3, "c", 30), (4, "a", 20), (5, "b", 60), (6, "a", None), (7, "b", 99), (2, "a", 45)
    ]  # fmt: skip
    populate(store, rows)
    with store.begin() as conn:
        assert due.claim(conn, 60, ["a", "b"], 10) == [4, 2, 1, 5]
        assert due.claim(conn, 60, ["a", "b", "c"], 2) == [4, 3]
        assert due.claim(conn, 60, ["b"], 10) == [2, 5]
        assert due.claim(conn, 60, ["nobody's"], 10) == []
        assert due.claim(conn, 19, ["a", "b", "c"], 10) == []
        assert due.next_moment(conn, ["a", "b"]) == 20
        assert due.next_moment(conn, ["nobody's"]) is None


def test_more_campaigns_than_a_claim_looks_at_are_all_served(store: Store) -> None:
    names = [f"c{n:03}" for n in range(250)]
    populate(store, [(n + 1, name, 1_000 - n) for n, name in enumerate(names)])
    with store.begin() as conn:
        assert due.claim(conn, 2_000, names, 3) == [250, 249, 248]
        assert len(due.claim(conn, 2_000, names, 500)) == 100
        conn.execute(text("UPDATE enrolment SET due_at = NULL WHERE identity_id > 120"))
        assert due.claim(conn, 2_000, names, 2) == [120, 119]


def test_what_does_not_run_is_not_a_thing_to_do(store: Store) -> None:
    populate(store, [(1, "paused", 10), (2, "runs", 90)])
    with store.read() as conn:
        assert not due.anything(conn, 50, ["runs"])
        assert not due.anything(conn, 50, [])
        assert due.anything(conn, 50, ["runs", "paused"])
        assert due.anything(conn, 90, ["runs"])


@pytest.mark.parametrize("taken", [1, 3])
def test_two_workers_claim_different_people(taken: int) -> None:
    with database("postgresql") as url:  # SQLite has one writer
        store = Store.open(url)
        populate(store, [(n, "a" if n % 2 else "b", n) for n in range(1, 9)])
        with store.begin() as one, store.begin() as other:
            first = due.claim(one, 100, ["a", "b"], taken)
            assert due.claim(other, 100, ["a", "b"], taken) == [n + taken for n in first]
            assert due.claim(other, 3, ["a", "b"], 1) == ([] if taken == 3 else [2])
        store.close()


def plan(conn: Connection, sql: str, **params: Any) -> str:
    """How the database goes about a statement."""
    explain = "EXPLAIN QUERY PLAN " if conn.dialect.name == "sqlite" else "EXPLAIN "
    rows = conn.exec_driver_sql(driver_sql(explain + sql, conn.dialect.name), params)
    return "\n".join(str(row[-1]) for row in rows)


def crowd(store: Store) -> None:
    populate(store, [(n, f"c{n % 4}", n) for n in range(1, 20_001)])
    if store.dialect == "postgresql":
        with store.begin() as conn:
            conn.exec_driver_sql("ANALYZE")


def test_a_claim_is_a_walk_along_the_index(store: Store) -> None:
    crowd(store)
    arms = " UNION ALL ".join(due._ARM.replace("{n}", str(n)) for n in range(3))
    with store.read() as conn:
        told = plan(conn, f"{arms} ORDER BY due_at, identity_id LIMIT :size", now=10**9, size=500, due_at=-1,
                    identity_id=0, c0="c0", c1="c1", c2="c2")  # fmt: skip
        fronts = plan(conn, due._FRONTS, now=10**9, campaigns=many(conn, ["c0", "c1"]))
    assert told.count("ix_enrolment_due") == 3
    assert "ix_enrolment_due" in fronts
    for each in (told, fronts):
        assert "Seq Scan" not in each and "SCAN enrolment" not in each and "Bitmap" not in each


def test_who_is_on_a_version_is_one_look_into_an_index(store: Store) -> None:
    crowd(store)
    with store.begin() as conn:
        for campaign, version in (("c0", "c01"), ("c1", "c11"), ("c1", "gone")):
            values = {"c": campaign, "v": version}
            conn.execute(text("INSERT INTO campaign_version VALUES (:c, :v, '{}', 1)"), values)
        conn.execute(text("UPDATE enrolment SET state = 'ended' WHERE campaign = 'c1'"))
        assert live(conn) == [("c0", "c01")]
        probe = "SELECT 1 FROM enrolment WHERE campaign = 'c1' AND version = 'gone' AND state <> 'ended' LIMIT 1"
        assert "ix_enrolment_version" in plan(conn, probe)
