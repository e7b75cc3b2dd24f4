"""A stage for one or two people: real workers, a real store, channels that remember."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from state.testing import DIALECTS, database
from tests.invariants.world import World

Stage = Callable[[Mapping[str, str]], World]


@pytest.fixture(params=DIALECTS)
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """Opens a world with the campaigns given, on each database in turn."""
    with database(request.param) as url:
        worlds: list[World] = []

        def opened(campaigns: Mapping[str, str]) -> World:
            worlds.append(World(tmp_path, url, campaigns))
            return worlds[-1]

        yield opened
        for world in worlds:
            world.close()
