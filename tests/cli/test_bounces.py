"""``rekindle bounces``: from mails as they come to what is on record, through the real command."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import text

from channels.base import Message
from channels.return_path import ReturnPath
from engine.app import open_app
from engine.clock import SystemClock
from state.store import Store
from tests.channels.test_bounces import group, report
from tests.cli.world import World, command, make_world

Sent = tuple[World, list[Message], list[str]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Sent:
    """A run whose messages have left: the world, the messages nobody has said anything about, their return paths."""
    world = make_world(tmp_path_factory.mktemp("bounces") / "project")
    noon = datetime.now(UTC).hour
    result = world.run("run", "--virtual", "--from", f"2026-03-03T{noon:02}:00:00Z", "--until", "2h")
    assert result.returncode == 0, result.stderr
    with open_app(world.root, clock=SystemClock()) as app, app.store.read() as conn:
        rows = conn.execute(text("SELECT m.payload FROM message m ORDER BY m.identity_id")).all()
        messages = [Message.from_json(row[0]) for row in rows]
        path = ReturnPath("bounces@go.example", app.return_marks.sign)
        paths = [path.of(m.ref) for m in messages]
    return world, messages, paths


@pytest.fixture
def sent(run: Sent) -> Sent:
    """The world, and two messages that no other test has."""
    world, messages, paths = run
    return world, [messages.pop(), messages.pop()], [paths.pop(), paths.pop()]


def _pipe(world: World, *words: str, data: bytes) -> subprocess.CompletedProcess[str]:
    """The command with a mail on its standard input, as a mail server hands it over."""
    line = [*command(), "--project", str(world.root), "bounces", *words]
    done = subprocess.run(line, input=data, capture_output=True, env=world.env, timeout=120, check=False)
    return subprocess.CompletedProcess(line, done.returncode, done.stdout.decode(), done.stderr.decode())


def _ask(world: World, sql: str, **values: object) -> list[tuple[object, ...]]:
    store = Store.open(f"sqlite:///{world.root / 'var' / 'rekindle.db'}")
    with store.read() as conn:
        found = [tuple(row) for row in conn.execute(text(sql), values)]
    store.close()
    return found


def _states(world: World, *messages: Message) -> list[object]:
    return [_ask(world, "SELECT state FROM touch WHERE ref = :ref", ref=m.ref)[0][0] for m in messages]


def test_a_bounce_by_pipe_moves_the_touch_and_suppresses_what_was_written_to(
    sent: Sent,
) -> None:
    world, (first, second), (to, other) = sent
    bounce = report(
        group(Original_Recipient=f"rfc822; {second.to}"), to=to
    )  # it claims somebody else's address
    result = _pipe(world, "--format", "json", data=bounce)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["applied"] == 1
    assert _states(world, first, second) == ["bounced", "sent"]
    keys = {row[0] for row in _ask(world, "SELECT address FROM address_suppression")}
    assert first.to in keys
    assert second.to not in keys
    again = _pipe(world, data=b"Received: again\r\n" + bounce)
    assert again.stdout == "1 mail taken in; 1 known already\n"
    forged = report(group(), to=other.replace("-", "-a", 1))
    assert _pipe(world, data=forged).stdout == "1 mail taken in; 1 kept and no more\n"
    assert _states(world, second) == ["sent"]


def test_a_maildir_is_worked_off_and_each_mail_kept(sent: Sent, tmp_path: Path) -> None:
    world, (_, second), (to, _) = sent
    for name in ("new", "cur", "tmp"):
        (tmp_path / "box" / name).mkdir(parents=True)
    reply = EmailMessage()
    reply["From"], reply["To"], reply["Subject"] = second.to, "hello@acme.example", "Re: hello"
    reply.set_content("Please stop writing to me.\n")
    mails = {"1": report(group(), to=to), "2": bytes(reply), "3": b"\xff\x00 nonsense"}
    for name, data in mails.items():
        (tmp_path / "box" / "new" / name).write_bytes(data)
    result = world.run("bounces", "--maildir", str(tmp_path / "box"), "--format", "json")
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert (told["mails"], told["applied"], told["ignored"]) == (3, 2, 1)
    assert not os.listdir(tmp_path / "box" / "new")
    assert sorted(os.listdir(tmp_path / "box" / "cur")) == ["1:2,S", "2:2,S", "3:2,S"]
    assert (tmp_path / "box" / "cur" / "2:2,S").read_bytes() == mails["2"]
    told = world.run("explain", second.to).stdout
    assert "Please stop writing to me." in told
    assert world.run("bounces", "--maildir", str(tmp_path / "box")).stdout == "0 mails taken in\n"


def test_what_cannot_be_stored_is_to_be_handed_over_again(world: World, tmp_path: Path) -> None:
    (world.root / "var").mkdir(exist_ok=True)
    for file in (world.root / "var").glob("rekindle.db*"):
        file.unlink()
    (world.root / "var" / "rekindle.db").write_bytes(b"this is no database, and long enough to be none" * 100)
    result = _pipe(world, data=report(group()))
    assert result.returncode == 75
    assert "error:" in result.stderr
    assert "Traceback" not in result.stderr
    missing = _pipe(World(tmp_path / "none", world.env), data=b"x")
    assert missing.returncode == 75


def test_a_folder_that_is_no_maildir_is_said_so(world: World, tmp_path: Path) -> None:
    result = world.run("bounces", "--maildir", str(tmp_path))
    assert result.returncode == 1
    assert "no Maildir" in result.stderr
