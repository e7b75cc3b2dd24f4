"""Paths that meet are one path: nothing that can be seen is lost by it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from itertools import count
from pathlib import Path

import pytest

from engine.cases.runner import CaseRunner
from engine.compile import Loaded, load_project
from engine.prove.acts import Act, acts_of, ending_events
from engine.prove.kinds import kinds_of
from engine.prove.log import Log
from engine.prove.merge import Memory
from engine.prove.moments import WEEK_OF, YEAR
from engine.prove.people import Person, cast, places
from engine.prove.walk import Entry, Walk, without_endings
from engine.prove.world import State, World

GAUNTLET = Path(__file__).parents[1] / "data/projects/gauntlet"

#: things that happen on one path, where every path is followed by itself
_MOST = 2


class Apart:
    """A memory for which no two paths ever meet."""

    def __init__(self, memory: Memory) -> None:
        self._numbers, self.holds_up = count(), memory.holds_up

    def key(self, state: State) -> Hashable:
        return next(self._numbers)


class Few(Walk):
    """A walk on which only so much happens."""

    def _act(self, state: State, act: Act, at: int) -> None:
        if len(state.acts) < _MOST:
            super()._act(state, act, at)


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    return load_project(GAUNTLET)


@pytest.fixture(scope="module")
def people(loaded: Loaded) -> Iterator[list[Person]]:
    project = loaded.require()
    campaign = project.campaigns["recall"]
    known, _ = places(project, campaign, YEAR)
    kinds = kinds_of(project, campaign, WEEK_OF).found
    with CaseRunner(loaded) as runner:
        yield [cast(project, runner, kind, known) for kind in kinds]


def seen(loaded: Loaded, person: Person, *, apart: bool) -> set[tuple[object, ...]]:
    """Everything that is noticed on the walks of one person."""
    project = loaded.require()
    campaign = project.campaigns["recall"]
    world, log = World(project, [person], WEEK_OF), Log()
    entry = Entry(people=(person,), at=WEEK_OF, rank=())
    acts = without_endings(acts_of(project, campaign, person.facts), ending_events(project, campaign))
    start = world.enter(campaign)
    assert start is not None
    memory = Memory.of(project, campaign)
    walk = (
        Few(project, world, Apart(memory), log, entry) if apart else Walk(project, world, memory, log, entry)
    )  # type: ignore[arg-type]
    assert walk.run(start, acts)
    found: set[tuple[object, ...]] = {(key, way) for key, ways in log.settled.items() for way in ways}
    return (
        found | {(key, how) for key, ways in log.rounds.items() for how in ways} | {(k,) for k in log.arrived}
    )


@pytest.mark.parametrize("cohort", ["fresh", "older"])
def test_whatever_single_paths_show_merged_ones_show_too(
    loaded: Loaded, people: list[Person], cohort: str
) -> None:
    for person in people:
        if person.kind.cohort is not None and person.kind.cohort.id == cohort:
            alone, merged = (seen(loaded, person, apart=apart) for apart in (True, False))
            assert alone <= merged
            assert len(alone) > 2
