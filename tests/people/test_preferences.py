"""A merge keeps the quieter of two choices; an erasure keeps none."""

from __future__ import annotations

import pytest

from engine.clock import VirtualClock
from engine.people.erase import erase
from engine.people.merge import merge
from state.queries import preferences
from state.store import Store
from tests.events.building import NOW, person
from tests.people.building import query

_ALL = "SELECT identity_id, paused_until, at_most_every FROM preference"


def choose(store: Store, identity: int, paused_until: int | None, every: int | None) -> None:
    with store.begin() as conn:
        preferences.put(conn, identity, paused_until, every, NOW, "pages")


@pytest.mark.parametrize(
    ("one", "other", "joined"),
    [
        (None, (NOW, 7), (NOW, 7)),
        ((NOW, 7), None, (NOW, 7)),
        ((NOW, 30), (NOW + 5, 7), (NOW + 5, 30)),
        ((None, 30), (NOW, None), (NOW, 30)),
        ((NOW, None), (None, 30), (NOW, 30)),
    ],
)
def test_of_two_who_are_one_the_quieter_choice_holds(
    one: tuple[int | None, int | None] | None, other: tuple[int | None, int | None] | None,
    joined: tuple[int, int], store: Store,
) -> None:  # fmt: skip
    for identity, chosen in ((1, one), (2, other)):
        person(store, identity)
        if chosen:
            choose(store, identity, *chosen)
    with store.begin() as conn:
        merge(conn, [(1, 2)], NOW)
    assert query(store, _ALL) == [(1, *joined)]


def test_an_erased_person_has_chosen_nothing(store: Store) -> None:
    person(store, 1)
    choose(store, 1, NOW, 7)
    erase(store, 1, VirtualClock(NOW))
    assert query(store, _ALL) == []
