"""``rekindle run``: once, for a while, and over virtual time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.world import World, make_world

_FROM = ("--from", "2026-03-02T15:00:00Z")


def result_of(world: World, *words: str) -> Any:
    """What a run says as data, without what names this machine and this process."""
    found = world.json("run", *words)
    found["status"].pop("store")
    for sign in found["status"]["jobs"].values():
        sign.pop("worker")
    return found


def test_a_virtual_run_gives_the_same_numbers_every_time(tmp_path: Path) -> None:
    runs = [
        result_of(make_world(tmp_path / n, people=20), "--virtual", *_FROM, "--until", "20d") for n in "ab"
    ]
    assert runs[0] == runs[1]
    assert runs[0]["status"]["now"] == "2026-03-22T15:00:00Z"
    assert runs[0]["tally"]["sent"] == 100


def test_one_long_run_is_many_short_ones(tmp_path: Path) -> None:
    long, short = make_world(tmp_path / "long"), make_world(tmp_path / "short")
    whole = result_of(long, "--virtual", *_FROM, "--until", "12d")
    result_of(short, "--virtual", *_FROM, "--until", "3d")
    result_of(short, "--virtual", "--until", "4d")
    parts = result_of(short, "--virtual", "--until", "5d")
    assert parts["status"]["touches"] == whole["status"]["touches"]
    assert parts["status"]["campaigns"] == whole["status"]["campaigns"]
    names = [sorted(p.name for p in w.messages()) for w in (long, short)]
    assert names[0] == names[1]


def test_a_virtual_run_is_refused_where_it_would_really_send(tmp_path: Path) -> None:
    database = tmp_path / "live.db"
    world = make_world(tmp_path / "project", DATABASE_URL=f"sqlite:///{database}", SIGNING_KEY="x" * 40)
    result = world.run("--env", "live", "run", "--virtual", "--until", "3d")
    assert result.returncode == 1
    assert "'live' sends to real people" in result.stderr
    assert not database.exists()


@pytest.mark.parametrize(
    ("first", "then", "told"),
    [
        (("run", "--once"), ("run", "--virtual", "--until", "1d"), "lives in real time"),
        (("run", "--virtual", "--until", "1d"), ("run", "--once"), "lives in virtual time"),
        (("run", "--virtual", "--until", "1d"), ("daemon",), "lives in virtual time"),
        (
            ("run", "--virtual", "--until", "1d"),
            ("run", "--virtual", *_FROM, "--until", "1d"),
            "run backwards",
        ),
    ],
)
def test_a_database_lives_in_one_time(
    world: World, first: tuple[str, ...], then: tuple[str, ...], told: str
) -> None:
    assert world.run(*first).returncode == 0
    before = world.messages()
    refused = world.run(*then)
    assert refused.returncode == 1
    assert told in refused.stderr
    assert "move var/rekindle.db and var/outbox away" in " ".join(refused.stderr.split())
    assert world.messages() == before


@pytest.mark.parametrize(
    "words",
    [(), ("--once", "--until", "1d"), ("--virtual",), ("--once", "--virtual"), ("--until", "1d", *_FROM),
     ("--until", "soon"), ("--virtual", "--until", "1d", "--from", "yesterday")],
)  # fmt: skip
def test_how_it_must_not_be_written(world: World, words: tuple[str, ...]) -> None:
    result = world.run("run", *words)
    assert result.returncode == 2
    assert "Error:" in result.stderr


def test_for_a_while_is_the_daemon_for_so_long(world: World) -> None:
    result = world.run("run", "--until", "8s")
    assert result.returncode == 0
    assert len(world.messages("email")) == 12
    assert "12 came due = 12 sent" in result.stdout
    assert world.json("status")["workers"] == {}


def test_quiet_says_nothing_beside_the_result(world: World) -> None:
    result = world.run("-q", "run", "--virtual", *_FROM, "--until", "1d")
    assert result.stderr == ""
    assert "came due" in result.stdout


def test_the_result_as_data_is_one_document(world: World) -> None:
    result = world.run("run", "--once", "--format", "json")
    assert json.loads(result.stdout)["tally"]["sent"] == 12
