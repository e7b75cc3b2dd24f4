"""``rekindle drill`` as an operator sees it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine.cli import main
from engine.drill import cast
from engine.jobs import run_housekeeping
from state.store import Store
from state.testing import database
from tests.drill import building
from tests.drill.building import CHANNELS, Range, files, held


@pytest.fixture(name="live")
def live_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Range]:
    """A project on disk, and the same one served."""
    building.secrets(monkeypatch.setenv)
    texts = files(CHANNELS)
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    with database("sqlite") as url:
        monkeypatch.setenv("DATABASE_URL", url)
        with held(Store.open(url), texts, tmp_path) as found:
            yield found


def rekindle(live: Range, *words: str) -> Result:
    root = live.app.project.root
    return CliRunner().invoke(main, ["--project", str(root), "--env", "live", *words])


def test_the_table_says_what_was_gone_and_what_it_stopped(live: Range) -> None:
    result = rekindle(live, "drill", "--url", live.url)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == f"Drill in live, at {live.url}"
    assert [line.split("  ")[0] for line in lines[3:10]] == [
        "email", "email", "email", "in_app", "sms", "email", "phone",
    ]  # fmt: skip
    assert sum("✓ withheld" in line for line in lines) == 6
    assert lines[-1] == "passed: a no by 6 ways stops the next message; campaigns may open here"


def test_the_same_as_data(live: Range) -> None:
    told = json.loads(rekindle(live, "drill", "--url", live.url, "--format", "json").stdout)
    assert (told["passed"], told["environment"], told["sends"]) == (True, "live", True)
    assert {way["withheld_by"] for way in told["ways"]} == {"opted_out", "suppression"}


def test_a_way_that_is_shut_makes_the_exit_code_1(live: Range) -> None:
    del live.desk.app.channels["sms"]
    result = rekindle(live, "drill", "--url", live.url)
    assert result.exit_code == 1
    assert "✗ the door answers 404" in result.stdout
    assert result.stdout.splitlines()[-1] == (
        "not passed: 1 of 6 ways does not work; campaigns that write by them stay shut"
    )


def test_status_names_the_command_until_it_has_passed(live: Range) -> None:
    alarm = "1 campaign waits for the drill (email)  rekindle --env live drill"
    assert alarm in rekindle(live, "status").stdout
    assert rekindle(live, "drill", "--url", live.url).exit_code == 0
    assert alarm not in rekindle(live, "status").stdout


def test_nobody_there_is_one_line_with_what_to_do(live: Range) -> None:
    result = rekindle(live, "drill")  # the project says port 1
    assert result.exit_code == 1
    assert "http://127.0.0.1:1 did not answer" in result.stderr
    assert "rekindle --env live serve" in result.stderr
    assert "Traceback" not in result.stderr


def test_two_places_are_one_too_many(live: Range) -> None:
    result = rekindle(live, "drill", "--public", "--url", live.url)
    assert (result.exit_code, "not both" in result.stderr) == (2, True)


class _Deaf(BaseHTTPRequestHandler):
    """Says that it lives, and never answers anything else."""

    asked = threading.Event()
    enough = threading.Event()

    def do_GET(self) -> None:
        if self.path != "/live":
            self.asked.set()
            self.enough.wait(60)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Nothing."""


def test_a_drill_that_is_killed_is_cleaned_up_after(live: Range) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Deaf)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    words = ["--project", str(live.app.project.root), "--env", "live", "drill"]
    program = [sys.executable, "-c", "from engine.cli import main; main()", *words]
    killed = subprocess.Popen([*program, "--url", f"http://127.0.0.1:{server.server_address[1]}"])
    assert _Deaf.asked.wait(60)
    killed.kill()
    killed.wait()
    _Deaf.enough.set()
    server.shutdown()
    server.server_close()
    assert live.ask("SELECT count(*) FROM person WHERE identity_id < 0") == [(1,)]
    run_housekeeping(live.app, live.app.clock.now() + cast.FORGOTTEN + 1)
    for table in ("person", "touch", "enrolment", "message", "consent", "control"):
        assert live.ask(f"SELECT count(*) FROM {table}") == [(0,)], table
