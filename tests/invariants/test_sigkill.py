"""Real processes, really killed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from state.queries import status
from state.testing import DIALECTS, database
from tests.invariants.books import rows
from tests.invariants.crowd import MOMENTS, Crowd
from tests.invariants.driver import Worker, received


@pytest.fixture(params=DIALECTS)
def crowd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Crowd]:
    with database(request.param) as url:
        crowd = Crowd(tmp_path, url, 200)
        yield crowd
        crowd.close()


def doubts(crowd: Crowd) -> list[str]:
    """Channels of what is in doubt, as ``rekindle status`` counts it."""
    with crowd.world.front.read() as conn:
        return [row["channel"] for row in status.in_doubt(conn)]


def finish(crowd: Crowd, moments: list[int]) -> None:
    """A sound worker does the rest."""
    worker = Worker(crowd.post)
    for moment in moments:
        assert worker.turn(moment)
    worker.dismiss()


def killed_at(crowd: Crowd, channel: str, message: int) -> int:
    """Work until the process dies at the so-manieth message of a channel; the index of the moment it died in."""
    worker = Worker(replace(crowd.post, fatal=(channel, message)))
    for n, moment in enumerate(MOMENTS):
        if not worker.turn(moment):
            assert worker.process.exitcode == -9
            return n
    raise AssertionError("it lives")


def test_what_was_accepted_before_the_kill_is_found_again_where_the_channel_can_tell(crowd: Crowd) -> None:
    n = killed_at(crowd, "email", 7)
    last = received(crowd.post.log)[-1][1].ref
    with crowd.world.front.read() as conn:
        assert rows(conn, "SELECT state FROM touch WHERE ref = :ref", ref=last)[0][0] == "dispatching"
    finish(crowd, MOMENTS[n:])
    assert doubts(crowd) == []
    with crowd.world.front.read() as conn:
        assert rows(conn, "SELECT state FROM touch WHERE ref = :ref", ref=last)[0][0] == "sent"
    crowd.judge()


def test_what_was_accepted_before_the_kill_stays_in_doubt_where_it_cannot(crowd: Crowd) -> None:
    n = killed_at(crowd, "sms", 3)
    texts = [m.ref for _, m in received(crowd.post.log) if m.channel == "sms"]
    assert len(texts) == 3
    finish(crowd, MOMENTS[n:])
    assert set(doubts(crowd)) == {"sms"}
    crowd.judge()  # nothing arrived twice, nothing is lost
    with crowd.world.front.read() as conn:
        state = dict(tuple(r) for r in rows(conn, "SELECT ref, state FROM touch WHERE channel = 'sms'"))
    assert [state[ref] for ref in texts] == ["in_doubt"] * 3


def _random_kills(crowd: Crowd, kills: int, seed: int) -> None:
    random, moments, done = Random(seed), list(MOMENTS), 0
    while done < kills and moments:
        worker = Worker(crowd.post)
        worker.order(moments[0])
        worker.process.join(random.uniform(0.05, 0.9))
        worker.kill()
        done += 1
        if random.random() < 0.35:
            finish(crowd, [moments.pop(0)])
    assert done == kills
    finish(crowd, moments)
    crowd.judge()


def test_kills_at_random_moments_lose_nothing_and_double_nothing(crowd: Crowd) -> None:
    _random_kills(crowd, 10, seed=1)
    assert len(received(crowd.post.log)) > 250


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(int(os.environ.get("REKINDLE_SOAK_SEEDS", "10"))))
def test_many_kills_at_random_moments_lose_nothing_and_double_nothing(crowd: Crowd, seed: int) -> None:
    _random_kills(crowd, 40, seed)
