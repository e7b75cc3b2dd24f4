"""One short life, died in at every point there is: before and after every commit, before and after every call.

The machine of test_machine.py dies at random; here no point is left out.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from state.testing import DIALECTS, database
from tests.invariants import acts
from tests.invariants.books import Books
from tests.invariants.people import DAY, KINDS, Human
from tests.invariants.world import World

KIND = {kind.name: kind for kind in KINDS}

#: every kind of step and end that leaves rows behind, in four days
LIFE = """
    audience: {segment: lapsed, re_enter_after: 1d}
    cadence:
      - {step: mail, at: 0d, email: all/mail}
      - {step: listen, at: 0d, wait_for: {event: clicked, up_to: 1d}}
      - {step: text, at: 1d, sms: all/text}
      - {step: look, at: 2d, for: near, review: {task: Read it, up_to: 1d}}
      - {step: note, at: 3d, linkedin: all/note, expires: 9d}
    cohorts:
      near: {churned_at: {newer_than: 100d}}
      far: everyone
    triggers:
      - {trigger: gap, event: feature_shipped, cadence: [{step: shipped, at: 0d, email: all/shipped}]}
    then: {repeat: 4d}
"""


class Life:
    """The same hours every time; ``die_at`` the n-th point, or never."""

    def __init__(self, folder: Path, url: str, die_at: int | None) -> None:
        self.world = World(folder, url, {"life": LIFE})
        humans = [
            self.world.add(KIND[kind], lost=False, away=away * DAY, bought=200 * DAY)
            for kind, away in (("chicago", 60), ("providence", 60), ("phoenix", 200))
        ]
        for human in humans:
            self.world.consent(human, "sms", "express_written")
        if die_at is not None:
            self.world.accidents.order(die_at)
        self.live(humans)

    def live(self, humans: list[Human]) -> None:
        world = self.world
        world.go_on(1800)
        acts.event(world, humans[0], "clicked")
        world.go_on(DAY)
        acts.refuse(world, humans[1], "sms")
        world.go_on(DAY)
        acts.event(world, humans[2], "feature_shipped", {"feature": "sso"})
        world.go_on(2 * DAY)

    def outcome(self) -> list[tuple[str, str]]:
        return sorted((a.badge, a.step) for a in self.world.oracle.arrivals)


def _run(dialect: str, die_at: int | None) -> tuple[int, list[tuple[str, str]], int]:
    """(points passed, what arrived, texts left in doubt) of one life."""
    with database(dialect) as url, tempfile.TemporaryDirectory() as folder:
        life = Life(Path(folder), url, die_at)
        points, world = life.world.accidents.passed, life.world
        world.accidents.cancel()
        world.go_on(6 * 3_600)
        books = Books(world)
        books.closed()
        with world.front.read() as conn:
            doubts = conn.exec_driver_sql("SELECT count(*) FROM touch WHERE state = 'in_doubt'").scalar_one()
        world.close()
        return points, life.outcome(), int(doubts)


def _every_crash(dialect: str, step: int) -> None:
    points, undisturbed, doubts = _run(dialect, None)
    assert undisturbed and not doubts
    for die_at in range(1, points + 1, step):
        _, arrived, doubts = _run(dialect, die_at)
        lost = [what for what in undisturbed if what not in arrived]
        # a text that was under way is in doubt and visible; nothing else is missing, and nothing came twice
        assert len(lost) <= doubts and {step for _, step in lost} <= {"text"}, (
            f"dying at point {die_at}: {lost}"
        )
        assert len(arrived) == len(set(arrived)), f"dying at point {die_at}"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_death_at_every_tenth_point_loses_nothing(dialect: str) -> None:
    _every_crash(dialect, 10 if dialect == "sqlite" else 25)


@pytest.mark.soak
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_death_at_every_point_loses_nothing(dialect: str) -> None:
    _every_crash(dialect, 1)
