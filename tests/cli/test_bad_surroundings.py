"""What can be wrong around the engine, met by the real command: one clear line, a failing exit code, no stack
trace, and nothing lost."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from state import schema
from state.testing import database
from tests.cli.world import World, command, make_world


def fault(result: subprocess.CompletedProcess[str]) -> str:
    """The one line (and its hint) a failed command leaves on standard error; logs are not part of it."""
    assert result.returncode == 1, result
    assert "Traceback" not in result.stderr
    lines = [line for line in result.stderr.splitlines() if not line.startswith("{")]
    assert [line.split(":")[0].strip() for line in lines] == ["error", "hint"], result.stderr
    assert "rekindle itself failed" not in result.stderr
    return " ".join(lines)


# ── the project ───────────────────────────────────────────────────────────────────────────────────────


def test_a_broken_file_stops_what_takes_the_project_as_a_whole(world: World) -> None:
    world.change("come_back.yaml", "at: 4d", "at: four days")
    said = fault(world.run("run", "--virtual", "--until", "1d"))
    assert "come_back.yaml:11" in said
    assert "rekindle validate" in said


def test_one_turn_works_on_what_is_sound_and_fails_loudly(world: World) -> None:
    world.change("come_back.yaml", "at: 4d", "at: four days")
    result = world.run("run", "--once")
    assert result.returncode == 1
    assert "campaign come_back is broken at come_back.yaml:11" in result.stdout
    assert "Traceback" not in result.stderr
    assert len(world.messages("email")) == 6  # the other campaign's


@pytest.mark.parametrize("words", [("status",), ("pause", "look_again"), ("tasks", "list")])
def test_who_looks_or_operates_is_not_stopped_by_a_broken_campaign(
    world: World, words: tuple[str, ...]
) -> None:
    world.write("come_back.yaml", "campaign: come_back\n  owner: [")
    assert world.run(*words).returncode == 0


def test_a_mapping_that_does_not_fit_names_the_column(world: World) -> None:
    world.change("rekindle.yaml", "email: E-mail", "email: Email")
    said = fault(world.run("run", "--once"))
    assert "Email" in said
    assert "E-mail" in said  # the nearest that is there
    world.change("rekindle.yaml", "email: Email", "email: E-mail")
    assert world.run("run", "--once").returncode == 0
    assert len(world.messages("email")) == 12


# ── the database ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("no url at all", "cannot be read"),
        ("mysql://root:geheim@db.example/x", "SQLite or PostgreSQL"),
        ("sqlite:////proc/rekindle/x.db", "/proc/rekindle"),
        ("postgresql://me:geheim@127.0.0.1:1/x", "127.0.0.1"),
        ("postgresql://me:geheim@no-such-host.example/x", "no-such-host.example"),
    ],
)
def test_a_database_that_cannot_be(tmp_path: Path, url: str, told: str) -> None:
    world = make_world(tmp_path / "project", DATABASE_URL=url)
    said = fault(world.run("--env", "shared", "run", "--once"))
    assert told in said
    assert "geheim" not in said


def test_a_variable_that_is_not_set_is_named(world: World) -> None:
    assert "DATABASE_URL" in fault(world.run("--env", "shared", "status"))


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_a_newer_schema_is_refused_and_left_as_it_is(tmp_path: Path, dialect: str) -> None:
    with database(dialect) as url:
        engine = create_engine(url)
        with engine.begin() as conn:
            conn.execute(text(f"UPDATE {schema.VERSION_TABLE} SET version_num = 'from_the_future'"))
        world = make_world(tmp_path / "project", DATABASE_URL=url)
        for words in (("status",), ("run", "--once"), ("daemon",)):
            assert "Upgrade rekindle" in fault(world.run("--env", "shared", *words))
        with engine.connect() as conn:
            assert conn.scalar(text("SELECT count(*) FROM person")) == 0
        engine.dispose()


def test_a_file_that_is_no_database(world: World) -> None:
    world.write("var/rekindle.db", "this is a letter to my aunt\n" * 500)
    before = (world.root / "var/rekindle.db").read_bytes()
    fault(world.run("run", "--once"))
    assert (world.root / "var/rekindle.db").read_bytes() == before


# ── the disk ──────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def mounted(folder: Path, *words: str) -> Iterator[bool]:
    """A mount at the folder; False where mounting is not permitted."""
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", *words, str(folder)], capture_output=True, check=False).returncode == 0
    try:
        yield done
    finally:
        if done:
            subprocess.run(["umount", "-l", str(folder)], check=True)


def small_file_limit() -> None:
    """Before exec: no file grows beyond half a megabyte. The other real way to run out of room."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 19, 1 << 19))


def integrity(world: World) -> str:
    with sqlite3.connect(world.root / "var" / "rekindle.db") as conn:
        return str(conn.execute("PRAGMA integrity_check").fetchone()[0])


def test_a_full_disk_is_told_and_loses_nothing(tmp_path: Path) -> None:
    """A megabyte for database and messages. With room made, the same command finishes the work, each message once."""
    world = make_world(tmp_path / "project", people=150)
    with mounted(world.root / "var", "-t", "tmpfs", "-o", "size=1m", "tmpfs") as full:
        if full:
            result = world.run("run", "--once")
        else:
            warnings.warn(
                "mounting is not permitted here: a limit on the size of files stands in for the full disk",
                stacklevel=1,
            )
            result = subprocess.run(
                [*command(), "--project", str(world.root), "run", "--once"],
                capture_output=True, text=True, env=world.env, preexec_fn=small_file_limit, check=False,
            )  # fmt: skip
        assert "space" in fault(result) or not full
        assert integrity(world) == "ok"
        if full:
            subprocess.run(["mount", "-o", "remount,size=200m", str(world.root / "var")], check=True)
        assert world.run("run", "--once").returncode == 0
        assert integrity(world) == "ok"
        left = [p.name for p in world.messages("email")]
        assert len(left) == len(set(left)) == 300
        assert world.json("status")["touches"]["reconciles"]


def test_a_full_outbox_puts_off_and_sends_later(tmp_path: Path) -> None:
    """The database has room, the folder of the messages has none: nobody is noted as written to."""
    world = make_world(tmp_path / "project", people=150)
    with mounted(world.outbox, "-t", "tmpfs", "-o", "size=64k", "tmpfs") as full:
        if not full:
            warnings.warn(
                "mounting is not permitted here: a file where the folder should be stands in for the full disk",
                stacklevel=1,
            )
            world.outbox.rmdir()
            world.outbox.write_text("not a folder")
        assert world.run("run", "--once").returncode == 0
        found = world.json("status")["touches"]
        assert found["reconciles"]
        assert found["by_state"]["queued"] > 0
        assert found["by_state"].get("sent", 0) == len(world.messages("email"))


def test_a_read_only_folder_is_told(tmp_path: Path) -> None:
    world = make_world(tmp_path / "project")
    with mounted(world.root, "--bind", str(world.root)) as bound:
        if bound:
            subprocess.run(["mount", "-o", "remount,bind,ro", str(world.root)], check=True)
            said = fault(world.run("run", "--once"))
            assert "var" in said
            assert "ead-only" in said
        elif os.geteuid() != 0:
            world.root.chmod(0o555)
            assert "var" in fault(world.run("run", "--once"))
            world.root.chmod(0o755)
        else:
            pytest.fail("neither a read-only mount nor a folder without the right to write can be had here")


def test_a_database_in_a_read_only_folder_is_told(tmp_path: Path) -> None:
    """It was made while the folder could be written; it can be looked at no more than it can be worked on."""
    world = make_world(tmp_path / "project")
    assert world.run("run", "--once").returncode == 0
    with mounted(world.root / "var", "--bind", str(world.root / "var")) as bound:
        if not bound:
            warnings.warn(
                "mounting is not permitted here: a path below /proc stands in for the read-only folder",
                stacklevel=1,
            )
            shutil.rmtree(world.root / "var")
            (world.root / "var").symlink_to("/proc/self/fdinfo")
        else:
            subprocess.run(["mount", "-o", "remount,bind,ro", str(world.root / "var")], check=True)
        for words in (("run", "--once"), ("daemon",)):
            assert "var" in fault(world.run(*words))
    if bound:
        assert len(world.messages("email")) == 12


def test_a_second_worker_on_sqlite_is_told_what_to_do(world: World) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c",
         "import sys; from state.store import Store; from state.worker import WorkerLock;"
         "lock = WorkerLock.acquire(Store.open(sys.argv[1])); print('ready', flush=True); sys.stdin.read()",
         f"sqlite:///{world.root}/var/rekindle.db"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=world.env,
    )  # fmt: skip
    assert holder.stdout
    holder.stdout.readline()
    assert "PostgreSQL" in fault(world.run("run", "--once"))
    assert world.run("status").returncode == 0  # looking is free
    holder.communicate()
