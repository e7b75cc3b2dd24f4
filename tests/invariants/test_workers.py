"""Several worker processes at once on one PostgreSQL: together they do what one would have done, no more, no less."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from state.testing import database
from tests.invariants.books import rows
from tests.invariants.crowd import MOMENTS, Crowd
from tests.invariants.driver import Worker

#: (badge, campaign, step, moment) -> how often, and (campaign, step, state, reason) -> how many touches
Accounts = tuple[Counter[tuple[str, str, str, int]], Counter[tuple[str, str, str, str | None]]]


@contextmanager
def _crowd(folder: Path, size: int) -> Iterator[Crowd]:
    folder.mkdir()
    with database("postgresql") as url:
        crowd = Crowd(folder, url, size)
        yield crowd
        crowd.close()


def _worked_by(folder: Path, workers: int, size: int, *, killing: bool = False) -> Accounts:
    """Accounts after ``workers`` processes have worked at every moment, all at the same time."""
    with _crowd(folder / f"by-{workers}", size) as crowd:
        team = [Worker(crowd.post) for _ in range(workers)]
        for n, moment in enumerate(MOMENTS):
            for worker in team:
                worker.order(moment)
            if killing and n % 4 == 0:
                team[n % workers].process.join(0.2)
                team[n % workers].kill()
                team[n % workers] = Worker(crowd.post)
                team[n % workers].order(moment)
            answers = [worker.finished() for worker in team]
            assert all(answers)
        for worker in team:
            worker.dismiss()
        arrived = crowd.judge()
        with crowd.world.front.read() as conn:
            shared = {r[0] for r in rows(conn, "SELECT DISTINCT worker FROM touch WHERE worker IS NOT NULL")}
            assert len(shared) >= workers, "not everybody worked"
            sql = "SELECT campaign, step, state, reason FROM touch"
            return arrived, Counter(tuple(r) for r in rows(conn, sql))


def _agree(folder: Path, size: int) -> None:
    alone, together, crowded = (_worked_by(folder, workers, size) for workers in (1, 2, 4))
    assert sum(alone[0].values()) > size
    for accounts in (together, crowded):
        assert set(accounts[0].values()) == {1}, "somebody got the same message twice"
        assert accounts[1] == alone[1]
        assert accounts[0] == alone[0]


def test_two_and_four_workers_leave_the_accounts_of_one(tmp_path: Path) -> None:
    _agree(tmp_path, 300)


def test_workers_that_die_among_others_leave_nothing_undone(tmp_path: Path) -> None:
    arrived, touches = _worked_by(tmp_path, 3, 300, killing=True)
    assert sum(arrived.values()) > 300
    assert sum(touches.values()) > 600


@pytest.mark.soak
def test_two_and_four_workers_leave_the_accounts_of_one_for_thousands(tmp_path: Path) -> None:
    _agree(tmp_path, 4000)
