"""The command as a frame: help, options, and what a user sees when something goes wrong."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from engine.cli import main
from engine.cli.context import CliContext
from engine.cli.frame import SECTIONS, Commands
from engine.errors import ConfigurationError, ProjectError
from state.errors import DiskFull

COMMANDS = [name for commands in SECTIONS.values() for name in commands]


def failing(error: Callable[[], BaseException]) -> Commands:
    """The real group over one command that raises."""

    @click.command()
    def boom() -> None:
        raise error()

    class OneCommand(Commands):
        def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
            return boom if cmd_name == "boom" else None

    return OneCommand(name="rekindle")


def run(error: Callable[[], BaseException]) -> Result:
    return CliRunner().invoke(failing(error), ["boom"])


def rekindle(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from engine.cli import main; main(prog_name='rekindle')", *words]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **env}, check=False)


def test_help_shows_every_command_in_its_part() -> None:
    text = CliRunner().invoke(main, ["-h"]).output
    for section, commands in SECTIONS.items():
        assert f"{section}:" in text
        for name, summary in commands.items():
            assert f"{name}  " in text
            assert summary in text


def test_version() -> None:
    result = CliRunner().invoke(main, ["--version"])
    assert result.output.startswith("rekindle 0.")
    assert result.exit_code == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_every_listed_command_exists_and_explains_itself(name: str) -> None:
    result = CliRunner().invoke(main, [name, "-h"])
    assert result.exit_code == 0, result.output
    assert f"Usage: main {name}" in result.output


def test_start_up_imports_no_subcommand_and_no_database() -> None:
    program = (
        "import sys; from click.testing import CliRunner; from engine.cli import main;"
        "CliRunner().invoke(main, ['-h']);"
        "print([m for m in ('sqlalchemy', 'jinja2', 'rich', 'yaml', 'jsonschema') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


def test_a_misspelt_command_is_recognised() -> None:
    result = CliRunner().invoke(main, ["statu"])
    assert result.exit_code == 2
    assert "Did you mean 'status'?" in result.output


def test_quiet_and_verbose_exclude_each_other() -> None:
    assert CliRunner().invoke(main, ["-q", "-v", "status"]).exit_code == 2


def test_an_option_comes_from_the_environment(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["graph", "x"], env={"REKINDLE_PROJECT": str(tmp_path)})
    assert result.exit_code == 1
    assert f"there is no rekindle.yaml in {tmp_path}" in result.stderr


def test_the_project_is_this_folder_or_campaigns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.cli import default_project

    monkeypatch.chdir(tmp_path)
    assert default_project() == Path("campaigns")
    (tmp_path / "rekindle.yaml").touch()
    assert default_project() == Path()


def test_no_project_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ProjectError) as caught:
        CliContext(project_dir=tmp_path).require_project()
    assert "rekindle init" in caught.value.hint


@pytest.mark.parametrize(
    ("error", "line", "hint"),
    [
        (lambda: ConfigurationError("no key", hint="Set it"), "error: no key", "hint: Set it"),
        (
            lambda: DiskFull("var/rekindle.db: disk full"),
            "error: var/rekindle.db: disk full",
            "Free some space",
        ),
        (
            lambda: OSError(errno.ENOSPC, "No space left on device", "out/a.eml"),
            "error: out/a.eml: no space left on device",
            "Free some space",
        ),
        (
            lambda: PermissionError(errno.EACCES, "Permission denied", "out"),
            "error: out: permission denied",
            "who owns it",
        ),
        (lambda: OSError(errno.EROFS, "Read-only file system", "out"), "error: out: read-only", "read-only"),
    ],
)
def test_what_a_user_can_cause_is_one_line_and_a_hint(
    error: Callable[[], BaseException], line: str, hint: str
) -> None:
    result = run(error)
    assert result.exit_code == 1
    assert result.stdout == ""
    said, what_to_do = result.stderr.splitlines()
    assert said.startswith(line)
    assert hint in what_to_do


def test_a_fault_of_ours_is_told_without_trace_and_without_its_text() -> None:
    result = run(lambda: RuntimeError("dana@acme.example has no segment"))
    assert result.exit_code == 1
    assert "rekindle itself failed: RuntimeError" in result.stderr
    assert "dana@" not in result.stderr
    assert "Traceback" not in result.stderr


def test_debug_shows_the_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REKINDLE_DEBUG", "1")
    assert "Traceback" in run(lambda: RuntimeError("why")).stderr


def test_ctrl_c_leaves_with_130() -> None:
    result = run(KeyboardInterrupt)
    assert result.exit_code == 130
    assert result.stderr == "\ninterrupted\n"


def test_a_reader_that_goes_away_is_no_reason_to_shout() -> None:
    program = "import sys; sys.stdin.read(); from engine.cli import main; main(['graph', '--lives'])"
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout
    process.stdout.close()
    _, said = process.communicate()
    assert (process.returncode, said) == (1, b"")


def test_colour_only_where_it_is_wanted() -> None:
    assert "\x1b[" not in rekindle("--project", "nowhere", "graph", "x").stderr
    assert "\x1b[" in rekindle("--color", "always", "--project", "nowhere", "graph", "x").stderr
    assert "\x1b[" not in rekindle("--project", "nowhere", "graph", "x", NO_COLOR="1").stderr


def test_results_go_to_stdout_and_complaints_to_stderr() -> None:
    result = rekindle("--project", "nowhere", "graph", "x")
    assert (result.returncode, result.stdout) == (1, "")
    assert len(result.stderr.splitlines()) == 2


def test_the_completion_script_is_there() -> None:
    assert "rekindle" in rekindle(_REKINDLE_COMPLETE="bash_source").stdout


def test_words_of_a_file_in_an_error_move_no_cursor_and_begin_no_line() -> None:
    result = run(lambda: ProjectError("unknown key 'a\n::error::b\x1b[2J'", hint="Mend\nit"))
    assert result.output.splitlines() == [
        "error: unknown key 'a",
        "       ::error::b\ufffd[2J'",
        " hint: Mend",
        "       it",
    ]
