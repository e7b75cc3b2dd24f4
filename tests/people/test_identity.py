"""Who is who does not depend on the order in which we were told."""

from __future__ import annotations

import tempfile
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.people.identity import Identifier, identifiers, resolve
from state.store import Store
from state.testing import DIALECTS, database
from tests.people.building import NOW, query, take_in

_names = st.sampled_from([(kind, str(n)) for kind in ("email", "phone_domain") for n in range(6)])
_rows = st.lists(st.lists(_names, max_size=3, unique=True).map(tuple), max_size=14)


def components(rows: list[tuple[Identifier, ...]]) -> set[frozenset[int]]:
    """Connected components, the slow and obvious way."""
    groups = [({i}, set(names)) for i, names in enumerate(rows)]
    for i, (_, names) in enumerate(groups):
        for other in groups[i + 1 :]:
            if names & other[1]:
                other[0].update(groups[i][0])
                other[1].update(names)
                groups[i] = (set(), set())
                break
    return {frozenset(members) for members, _ in groups if members}


def partition(identities: Any) -> set[frozenset[int]]:
    whose: dict[int, set[int]] = {}
    for row, identity in enumerate(identities):
        whose.setdefault(identity, set()).add(row)
    return {frozenset(rows) for rows in whose.values()}


@given(_rows)
def test_identities_are_the_connected_components(rows: list[tuple[Identifier, ...]]) -> None:
    found = resolve([(None, names) for names in rows], {}, count(1))
    assert partition(found.identities) == components(rows)
    assert set(found.identities) == found.created
    assert found.merges == []


@given(_rows, st.integers(0, 14))
def test_in_one_batch_or_two_the_partition_is_the_same(rows: list[tuple[Identifier, ...]], cut: int) -> None:
    fresh = count(1)
    first = resolve([(None, names) for names in rows[:cut]], {}, fresh)
    second = resolve([(None, names) for names in rows[cut:]], first.claimed, fresh)
    moved = {loser: survivor for survivor, loser in second.merges}
    joined = [moved.get(i, i) for i in first.identities] + list(second.identities)
    assert partition(joined) == components(rows)
    assert all(survivor < loser for survivor, loser in second.merges)
    assert not moved.keys() & set(moved.values()), "survivors are final"


def test_only_a_mailbox_or_a_phone_within_a_company_names_a_person() -> None:
    assert identifiers("a@acme.example", "+13125550100", "acme.example") == (
        ("email", "a@acme.example"),
        ("phone_domain", "+13125550100|acme.example"),
    )
    assert identifiers(None, "+13125550100", None) == ()
    assert identifiers(None, None, "acme.example") == ()


_person_rows = st.lists(
    st.fixed_dictionaries(
        {
            "email": st.sampled_from(
                ["", "a@acme.example", "b@acme.example", "c@gmail.com", "A@ACME.example"]
            ),
            "phone": st.sampled_from(["", "+13125550100", "(312) 555-0100", "+13125550101"]),
            "domain": st.sampled_from(["", "https://www.acme.example", "globex.example"]),
        }
    ),
    min_size=1,
    max_size=9,
)


def stored_partition(store: Store) -> set[frozenset[str]]:
    whose: dict[int, set[str]] = {}
    for key, identity in query(store, "SELECT source_key, identity_id FROM contact"):
        whose.setdefault(identity, set()).add(key)
    living = {i for (i,) in query(store, "SELECT identity_id FROM person WHERE merged_into IS NULL")}
    assert living == set(whose), "every living person has a row, every row a living person"
    return {frozenset(keys) for keys in whose.values()}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_import_order_and_batching_do_not_change_who_is_who(dialect: str) -> None:
    @settings(max_examples=40 if dialect == "sqlite" else 12, deadline=None)
    @given(_person_rows, st.randoms(use_true_random=False), st.integers(1, 9))
    def check(rows: list[dict[str, str]], dice: Any, size: int) -> None:
        keyed = [{**row, "id": f"k{n}"} for n, row in enumerate(rows)]
        shuffled = list(keyed)
        dice.shuffle(shuffled)
        partitions = []
        for order, step in ((keyed, 9), (shuffled, size)):
            with database(dialect) as url, tempfile.TemporaryDirectory() as folder:
                store = Store.open(url)
                for start in range(0, len(order), step):
                    take_in(store, Path(folder), order[start : start + step])
                partitions.append(stored_partition(store))
                again = take_in(store, Path(folder), order, now=NOW + 1)
                assert again.unchanged == len(order)
                store.close()
        assert partitions[0] == partitions[1]

    check()
