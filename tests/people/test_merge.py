"""Two who turn out to be one lose nothing, are written to no more than one, and loosen nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from engine.model import ConsentMapping
from engine.people.merge import merge, wider
from state.store import Store
from state.tables import Decision, Note, Suppression, Task, Touch, TouchMessage
from state.testing import DIALECTS, database
from tests.events.building import NOW, enrol, happens, person, put
from tests.people.building import query, take_in

CONSENT = (ConsentMapping(channel="email", type="kind", at="when"),)


def join(store: Store, *pairs: tuple[int, int], now: int = NOW) -> None:
    with store.begin() as conn:
        merge(conn, pairs, now)


def test_a_row_that_names_both_joins_them_and_the_older_survives(store: Store, tmp_path: Path) -> None:
    take_in(store, tmp_path, [{"id": 1, "email": "a@acme.example", "first": "Ana"}])
    take_in(store, tmp_path, [{"id": 2, "phone": "+13125550100", "domain": "acme.example"}])
    assert len(query(store, "SELECT 1 FROM person WHERE merged_into IS NULL")) == 2
    report = take_in(
        store,
        tmp_path,
        [{"id": 3, "email": "a@acme.example", "phone": "+13125550100"}],
        id="billing",
        now=NOW + 9,
    )
    assert report.merged == 1
    assert query(store, "SELECT identity_id, merged_into, first_name, phone FROM person ORDER BY 1") == [
        (1, None, "Ana", "+13125550100"),
        (2, 1, None, None),
    ]
    assert {i for (i,) in query(store, "SELECT identity_id FROM contact")} == {1}
    assert {i for (i,) in query(store, "SELECT identity_id FROM identifier")} == {1}


def test_a_known_row_that_learns_an_address_of_another_joins_them(store: Store, tmp_path: Path) -> None:
    take_in(store, tmp_path, [{"id": 1, "email": "a@acme.example"}, {"id": 2, "email": "b@acme.example"}])
    report = take_in(store, tmp_path, [{"id": 2, "email": "a@acme.example"}], now=NOW + 9)
    assert report.updated == 1
    assert query(store, "SELECT merged_into FROM person WHERE identity_id = 2") == [(1,)]


def test_the_same_phone_alone_joins_nobody(store: Store, tmp_path: Path) -> None:
    rows = [
        {"id": 1, "email": "a@gmail.com", "phone": "+13125550100"},
        {"id": 2, "email": "b@gmail.com", "phone": "+13125550100"},
        {"id": 3, "email": "c@acme.example", "phone": "+13125550100"},
        {"id": 4, "email": "d@globex.example", "phone": "+13125550100"},
    ]
    assert take_in(store, tmp_path, rows).created == 4


def test_everything_follows_and_rounds_of_the_same_campaign_are_renumbered(store: Store) -> None:
    for identity in (1, 2):
        person(store, identity)
        enrol(store, identity, state="ended", due_at=None)
        happens(store, identity, "clicked", key=str(identity))
        key: dict[str, Any] = {"identity_id": identity, "campaign": "lost", "cycle": 1, "step": "one"}
        put(store, Touch, **key, ref=f"r{identity}", state="sent", channel="email", planned_at=1, expires_at=2,
            not_before=1, decided_at=1, counted_at=1, priority=50, attempts=1)  # fmt: skip
        put(store, TouchMessage, **key, payload="{}")
        put(store, Task, **key, ref=f"t{identity}", kind="phone", owner="o", title="t", body="", state="done",
            created_at=1, due_at=1)  # fmt: skip
        put(store, Decision, **key, id=identity, at=1, action="sent", version="v", reasons="[]")
        put(
            store,
            Note,
            identity_id=identity,
            id=identity,
            kind="discount",
            opened_at=1,
            source="s",
            key=f"n{identity}",
        )
    join(store, (1, 2))
    for table in ("enrolment", "touch", "message", "task", "decision"):
        rounds = query(store, f"SELECT identity_id, cycle FROM {table} ORDER BY 2")
        assert rounds == [(1, 1), (1, 3)], table
    assert {i for (i,) in query(store, "SELECT identity_id FROM event")} == {1}
    assert len(query(store, "SELECT 1 FROM note WHERE identity_id = 1")) == 2


def test_of_two_live_enrolments_in_a_group_the_survivors_stays(store: Store) -> None:
    for identity in (1, 2):
        person(store, identity)
        enrol(store, identity)
    enrol(store, 2, "welcome", exclusivity_group="onboarding")
    put(store, Touch, identity_id=2, campaign="lost", cycle=1, step="one", ref="r", state="queued", channel="email",
        planned_at=1, expires_at=2, not_before=1, decided_at=1, priority=50, attempts=0)  # fmt: skip
    join(store, (1, 2))
    rows = query(store, "SELECT identity_id, campaign, state, reason FROM enrolment ORDER BY campaign, cycle")
    assert rows == [
        (1, "lost", "waiting", None),
        (1, "lost", "ended", "withdrawn"),
        (1, "welcome", "waiting", None),
    ]
    assert query(store, "SELECT identity_id, state FROM touch") == [(1, "cancelled")]
    assert query(store, "SELECT identity_id, action, rule FROM decision ORDER BY id") == [
        (1, "cancel", "withdrawn"), (1, "end", "withdrawn")
    ]  # fmt: skip


def test_many_become_one_in_one_go(store: Store) -> None:
    for identity in range(1, 8):
        person(store, identity)
        enrol(store, identity)
    join(store, (1, 3), (1, 4), (2, 5), (2, 6), (1, 7))
    live = query(store, "SELECT identity_id FROM enrolment WHERE state <> 'ended' ORDER BY 1")
    assert live == [(1,), (2,)]
    cycles = query(store, "SELECT identity_id, cycle FROM enrolment")
    assert len(set(cycles)) == 7


def test_suppressions_become_the_union(store: Store) -> None:
    for identity, channel in ((1, "email"), (2, "email"), (2, "sms")):
        if not query(store, f"SELECT 1 FROM person WHERE identity_id = {identity}"):
            person(store, identity)
        put(
            store,
            Suppression,
            identity_id=identity,
            channel=channel,
            reason="opt_out",
            at=identity,
            source="s",
        )
    join(store, (1, 2))
    assert query(store, "SELECT identity_id, channel FROM suppression ORDER BY 2") == [
        (1, "email"),
        (1, "sms"),
    ]


@pytest.mark.parametrize("first", ["express", "revoked"])
def test_a_revocation_of_either_outlives_a_later_grant_of_the_other(
    first: str, store: Store, tmp_path: Path
) -> None:
    other = "revoked" if first == "express" else "express"
    rows = [
        {"id": 1, "email": "a@acme.example", "kind": first, "when": "2025-01-01"},
        {"id": 2, "email": "b@acme.example", "kind": other, "when": "2025-06-01"},
    ]
    take_in(store, tmp_path, rows, consent=CONSENT)
    join(store, (1, 2))
    newest = query(
        store,
        "SELECT type FROM consent WHERE identity_id = 1"
        " ORDER BY at DESC, CASE WHEN type = 'revoked' THEN 0 ELSE 1 END",
    )
    assert newest[0] == ("revoked",)


def test_a_person_being_written_to_is_joined_later(store: Store, tmp_path: Path) -> None:
    rows = [{"id": 1, "email": "a@acme.example"}, {"id": 2, "email": "b@acme.example"}]
    take_in(store, tmp_path, rows)
    put(store, Touch, identity_id=2, campaign="lost", cycle=1, step="one", ref="r", state="dispatching",
        channel="email",
        planned_at=1, expires_at=2, not_before=1, decided_at=1, priority=50, attempts=0)  # fmt: skip
    changed = [rows[0], {"id": 2, "email": "a@acme.example"}, {"id": 3, "email": "c@acme.example"}]
    report = take_in(store, tmp_path, changed, now=NOW + 9)
    assert (report.rejected, report.created, report.unchanged) == (1, 1, 1)
    with store.begin() as conn:
        conn.exec_driver_sql("UPDATE touch SET state = 'sent'")
    assert take_in(store, tmp_path, changed, now=NOW + 99).updated == 1
    assert query(store, "SELECT identity_id, merged_into FROM person WHERE merged_into IS NOT NULL") == [
        (2, 1)
    ]


_scopes = st.sampled_from([None, "none", "email", "sms", "email sms", "marketing", "all"])


@given(_scopes, _scopes)
def test_the_wider_scope_forbids_all_that_either_does(one: str | None, other: str | None) -> None:
    def forbids(scope: str | None) -> set[str]:
        words = set((scope or "none").split()) - {"none"}
        return {"email", "sms", "phone"} if words & {"all", "marketing"} else words

    assert forbids(one) | forbids(other) <= forbids(wider(one, other))
    assert wider(one, other) == wider(other, one)


_facts = st.lists(st.tuples(st.integers(1, 4), st.sampled_from(["email", "sms", "all"])), max_size=6)
_joins = st.permutations([2, 3, 4]).map(lambda ids: ids)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_however_they_are_joined_nobody_forgets_a_no(dialect: str) -> None:
    @settings(max_examples=25 if dialect == "sqlite" else 8, deadline=None)
    @given(_facts, _joins)
    def check(said: list[tuple[int, str]], order: list[int]) -> None:
        with database(dialect) as url:
            store = Store.open(url)
            for identity in range(1, 5):
                person(store, identity)
            with store.begin() as conn:
                for identity, channel in set(said):
                    values = {
                        "identity_id": identity,
                        "channel": channel,
                        "reason": "opt_out",
                        "at": 1,
                        "source": "s",
                    }
                    conn.execute(insert(Suppression.__table__).values(**values))  # type: ignore[attr-defined]
            for loser in order:
                join(store, (1, loser))
            kept = {(i, c) for i, c in query(store, "SELECT identity_id, channel FROM suppression")}
            assert kept == {(1, channel) for _, channel in said}
            store.close()

    check()
