"""``rekindle fmt`` from outside: what it writes, what it says, how it exits."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from click.testing import CliRunner, Result

from engine import fmt
from engine.cli import main
from engine.rewrite import replace_text
from tests.language.support import SMALL

MESSY = "owner: revops@acme.example # by name\ncampaign:   messy\n"
NEAT = "campaign: messy\nowner: revops@acme.example  # by name\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = Path(shutil.copytree(SMALL, tmp_path / "small"))
    assert _run("fmt", root).exit_code == 0
    (root / "messy.yaml").write_bytes(MESSY.encode())
    return root


def _run(*arguments: str | Path, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments], input=stdin)


def test_it_lays_out_what_needs_it_and_says_so(project: Path) -> None:
    result = _run("--project", project, "fmt")
    assert result.exit_code == 0
    assert result.output == f"laid out {project}/messy.yaml\n1 file laid out\n"
    assert (project / "messy.yaml").read_bytes() == NEAT.encode()
    again = _run("--project", project, "fmt")
    assert (again.exit_code, again.output.partition(", ")[2]) == (0, "nothing to lay out\n")


def test_check_writes_nothing_and_exits_1(project: Path) -> None:
    result = _run("fmt", "--check", project)
    assert result.exit_code == 1
    assert result.output == f"would lay out {project}/messy.yaml\n1 file to lay out\n"
    assert (project / "messy.yaml").read_bytes() == MESSY.encode()
    assert _run("fmt", "--check", project / "winback.yaml").exit_code == 0


def test_diff_shows_what_would_change_and_writes_nothing(project: Path) -> None:
    result = _run("--color", "always", "fmt", "--diff", project)
    assert result.exit_code == 0
    assert "\x1b[32m+campaign: messy\x1b[0m\n" in result.output
    assert "\x1b[31m-campaign:   messy\x1b[0m\n" in result.output
    assert (project / "messy.yaml").read_bytes() == MESSY.encode()
    assert _run("fmt", "--diff", "--check", project).exit_code == 1


def test_standard_input_is_answered_on_standard_output() -> None:
    result = _run("fmt", "-", stdin=MESSY.replace("\n", "\r\n"))
    assert (result.exit_code, result.stdout_bytes, result.stderr) == (0, NEAT.encode(), "")
    assert _run("fmt", "-", "--check", stdin=NEAT).exit_code == 0
    checked = _run("fmt", "-", "--check", "--stdin-filename", "campaigns/messy.yaml", stdin=MESSY)
    assert (checked.exit_code, checked.stdout.split("\n")[0]) == (1, "would lay out campaigns/messy.yaml")
    assert _run("fmt", "-", "--stdin-filename", "templates/a.md", stdin="Hi  \n").stdout == "Hi  \n"


def test_standard_input_that_cannot_be_read_gives_no_text_to_put_in_its_place() -> None:
    result = _run("fmt", "-", "--stdin-filename", "a.yaml", stdin=b"a: [\xff")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("a.yaml:1:5 error RK100 byte 0xFF is not UTF-8\n")


def test_a_file_that_cannot_be_read_is_told_as_by_validate_and_left_alone(project: Path) -> None:
    broken = "campaign: [broken\n"
    (project / "broken.yaml").write_text(broken, encoding="utf-8")
    result = _run("--project", project, "fmt")
    assert result.exit_code == 1
    told = _run("validate", project / "broken.yaml").output.split("\n\n")[0]
    assert told in result.output
    assert result.output.endswith("1 file laid out, 1 file left alone\n")
    assert (project / "broken.yaml").read_text(encoding="utf-8") == broken


def test_a_layout_that_would_lose_something_is_never_written(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fmt, "text_of", lambda lines: "campaign: messy\n")
    result = _run("fmt", project / "messy.yaml")
    assert result.exit_code == 1
    assert "would not say the same" in result.stderr
    assert (project / "messy.yaml").read_bytes() == MESSY.encode()


def test_paths_narrow_it_and_templates_stay(project: Path) -> None:
    note = project / "templates/winback/note.md"
    before = note.read_bytes()
    assert _run("fmt", project / "templates").output == "0 files, nothing to lay out: templates stay as they are\n"
    assert _run("fmt", project / "tests").exit_code == 0
    assert (note.read_bytes(), (project / "messy.yaml").read_bytes()) == (before, MESSY.encode())


def test_a_path_without_a_file_of_the_project_is_an_error(project: Path) -> None:
    (project / "data").mkdir(exist_ok=True)
    result = _run("fmt", project / "data")
    assert result.exit_code == 1
    assert f"the project has no file that is read at {project}/data" in result.stderr


def test_the_command_line_has_to_make_sense(project: Path) -> None:
    for arguments in (("fmt", "-", str(project)), ("fmt", "--stdin-filename", "a.yaml", str(project))):
        assert _run(*arguments, stdin="").exit_code == 2


def test_writing_keeps_the_mode_and_follows_a_link(project: Path, tmp_path: Path) -> None:
    real = tmp_path / "real.yaml"
    shutil.move(project / "messy.yaml", real)
    real.chmod(0o640)
    (project / "messy.yaml").symlink_to(real)
    assert _run("fmt", project).exit_code == 0
    assert (project / "messy.yaml").is_symlink()
    assert (real.read_bytes(), real.stat().st_mode & 0o777) == (NEAT.encode(), 0o640)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@contextmanager
def _nobody() -> Iterator[None]:
    """Without the rights of root, who may write everything."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65_534)
    yield
    os.seteuid(before)


def test_a_file_that_may_not_be_written_is_not_replaced() -> None:
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        file = Path(folder, "messy.yaml")
        file.write_text(MESSY, encoding="utf-8")
        file.chmod(0o444)
        with _nobody(), pytest.raises(PermissionError, match=re.escape(str(file))):
            replace_text(file, NEAT)
        assert [(path.name, path.read_text(encoding="utf-8")) for path in Path(folder).iterdir()] == [
            ("messy.yaml", MESSY)
        ]
