"""Real daemons, really killed, against another side that counts."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import pytest

from state.testing import DIALECTS
from tests.kills.drill import Drill, drill
from tests.kills.lists import ListDrill
from tests.kills.receivers import PROVIDERS
from tests.kills.worker import Worker, until

FULL = [(adapter, dialect) for adapter in PROVIDERS for dialect in DIALECTS]


def _kind(adapter: str) -> type[Drill]:
    return ListDrill if adapter == "audience" else Drill


def _at_random(
    adapter: str, dialect: str, folder: Path, touches: int, kills: int, seed: int
) -> dict[str, object]:
    began = time.monotonic()
    with drill(adapter, dialect, folder, touches, _kind(adapter)) as trial:
        trial.random_kills(kills, seed)
        trial.finish()
        trial.settle()
        trial.judge()
        assert trial.kills == kills
        assert trial.kills_at_work >= kills // 2, "it was hardly ever at work"
        return {
            "adapter": adapter,
            "dialect": dialect,
            **trial.tally,
            "seconds": round(time.monotonic() - began),
        }


@pytest.mark.parametrize(("adapter", "dialect"), [*zip(PROVIDERS, cycle(DIALECTS), strict=False)])
def test_a_daemon_that_is_killed_again_and_again_sends_nothing_twice_and_loses_nothing(
    adapter: str, dialect: str, tmp_path: Path
) -> None:
    found = _at_random(adapter, dialect, tmp_path, 40, 2, seed=1)
    assert (found["duplicates"], found["lost"]) == (0, 0)


def _at_each_step(adapter: str, dialect: str, folder: Path, touches: int) -> int:
    """Kill a daemon at the first step of deciding and sending, another at the second, and so on, until one lives."""
    for step in range(1, 60):
        with drill(adapter, dialect, folder / str(step), touches, _kind(adapter)) as trial:
            trial.complete()
            worker = Worker(replace(trial.post, fatal=step))
            until(trial.is_done, 30, worker)
            worker.process.terminate()
            worker.process.join()
            if worker.process.exitcode == 0:
                trial.judge()
                return step - 1
            assert worker.process.exitcode == -9
            trial.finish()
            trial.settle()
            trial.judge()
    raise AssertionError("it never lives")


def test_a_daemon_that_dies_at_any_step_of_dispatch_sends_nothing_twice_and_loses_nothing(
    tmp_path: Path,
) -> None:
    assert _at_each_step("smtp", "sqlite", tmp_path, 1) == 10


@pytest.mark.soak
@pytest.mark.parametrize(("adapter", "dialect"), FULL)
def test_every_step_of_dispatch(adapter: str, dialect: str, tmp_path: Path) -> None:
    lists = 18 if dialect == "sqlite" else 20  # of one worker at a time, for which PostgreSQL has a lock
    assert _at_each_step(adapter, dialect, tmp_path, 3) == (lists if adapter == "audience" else 14)


@pytest.mark.soak
@pytest.mark.parametrize(("adapter", "dialect"), FULL)
def test_two_hundred_kills_over_five_thousand_touches(adapter: str, dialect: str, tmp_path: Path) -> None:
    touches, kills = (int(n) for n in os.environ.get("REKINDLE_KILLS", "5000/200").split("/"))
    found = _at_random(adapter, dialect, tmp_path, touches, kills, seed=2)
    if report := os.environ.get("REKINDLE_KILLS_REPORT"):
        with Path(report).open("a") as file:
            file.write(json.dumps(found) + "\n")
    assert (found["duplicates"], found["lost"]) == (0, 0)
