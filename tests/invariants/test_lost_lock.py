"""A worker that the others take for dead, because its connection broke, and that is very much alive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from engine.app import App
from state.testing import database
from tests.invariants.books import Books
from tests.invariants.people import DAY, KINDS
from tests.invariants.world import World, turn_the_wheel

ONE = """
    audience: {segment: lapsed}
    cadence:
      - {step: it, at: 0d, CHANNEL: TEMPLATE}
    then: end
"""


@pytest.fixture
def world_of(tmp_path: Path) -> Iterator[Any]:
    with database("postgresql") as url:
        worlds: list[World] = []

        def opened(channel: str, template: str) -> World:
            worlds.append(
                World(tmp_path, url, {"c": ONE.replace("CHANNEL", channel).replace("TEMPLATE", template)})
            )
            for _ in range(8):
                human = worlds[0].add(KINDS[0], lost=False, away=60 * DAY, bought=100 * DAY)
                worlds[0].consent(human, "sms", "express_written")
            return worlds[0]

        yield opened
        worlds[0].close()


def break_the_lock(world: World, app: App) -> None:
    """The database drops the connection that says this worker is alive."""
    assert app._lock is not None
    connection = app._lock._hold._conn.connection.driver_connection  # type: ignore[attr-defined]
    with world.front.begin() as conn:
        conn.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": connection.info.backend_pid})
        conn.execute(text("SELECT pg_sleep(0.2)"))


@pytest.mark.parametrize(("channel", "template"), [("email", "all/mail"), ("sms", "all/text")])
def test_a_worker_taken_for_dead_does_not_send_what_another_has_recovered(
    world_of: Any, channel: str, template: str
) -> None:
    world = world_of(channel, template)
    slow, other = world.hire(), world.hire()

    def meanwhile() -> None:
        break_the_lock(world, slow)
        world.work(turn_the_wheel, 1)

    world.elsewhere.extend([lambda: None, meanwhile])
    world.work(turn_the_wheel, 0)
    world.go_on(DAY)
    assert slow in world.workers and other in world.workers
    Books(world).closed()
    # the first two had arrived by then; a channel that cannot tell leaves the rest in doubt rather than twice
    assert len(world.oracle.arrivals) == (8 if channel == "email" else 2)
