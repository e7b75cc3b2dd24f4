"""``rekindle validate`` from outside: exit codes, formats, and which files it looks at."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine.cli import main
from tests.language.support import SMALL


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SMALL, tmp_path / "small"))


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


def _damage(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_a_sound_project_exits_0(project: Path) -> None:
    result = _run("--project", project, "validate")
    assert (result.exit_code, result.output) == (0, "13 files, nothing to mend; 1 finding waived\n")


def test_every_finding_of_every_file_is_told_and_exits_1(project: Path) -> None:
    _damage(project / "winback.yaml", "segment: lost", "segment: lsot")
    _damage(project / "incentives.yaml", "percent_off", "percentoff")
    _damage(project / "templates/winback/note.md", "person.product", "person.produkt")
    result = _run("--project", project, "validate", "--format", "concise")
    assert result.exit_code == 1
    assert [line.split(": ")[0].rpartition("/")[2] for line in result.output.splitlines()] == [
        "incentives.yaml:8:11",
        "note.md:1:46",
        "winback.yaml:7:12",
    ]


def test_a_warning_fails_only_when_strict(project: Path) -> None:
    _damage(project / "rekindle.yaml", "at: SMS opt-in, proof: SMS proof", "at: SMS opt-in")
    assert _run("--project", project, "validate").exit_code == 0
    assert _run("--project", project, "validate", "--strict").exit_code == 1


def test_paths_narrow_what_is_told(project: Path) -> None:
    _damage(project / "winback.yaml", "segment: lost", "segment: lsot")
    _damage(project / "incentives.yaml", "percent_off", "percentoff")
    assert "incentives" not in _run("validate", "--format", "concise", project / "winback.yaml").output
    assert _run("validate", project / "segments.yaml").exit_code == 0
    assert _run("validate", "--format", "concise", project).output.count("\n") == 2
    assert _run("validate", project / "templates").exit_code == 0


@pytest.mark.parametrize("options", [(), ("--fix",)])
def test_a_path_at_which_nothing_is_read_is_an_error(project: Path, options: tuple[str, ...]) -> None:
    deep = project / "tests/deep/winback.yaml"
    deep.parent.mkdir()
    deep.write_text("tests: [", encoding="utf-8")
    result = _run("validate", *options, deep)
    assert result.exit_code == 1
    assert f"the project has no file that is read at {deep}" in result.stderr
    assert "in its folder and in tests/, not in folders below" in result.stderr


def test_json_is_for_programs(project: Path) -> None:
    _damage(project / "winback.yaml", "segment: lost", "segment: lsot")
    document = json.loads(_run("validate", "--format", "json", project).output)
    assert [f["code"] for f in document["findings"]] == ["RK201"]


def test_file_names_can_be_opened_from_here(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _damage(project / "winback.yaml", "segment: lost", "segment: lsot")
    monkeypatch.chdir(project.parent)
    assert _run("validate", "--format", "concise", "small").output.startswith("small/winback.yaml:7:12:")
    monkeypatch.chdir(project)
    assert _run("validate", "--format", "concise").output.startswith("winback.yaml:7:12:")


def test_a_folder_without_a_project_is_one_clear_line(tmp_path: Path) -> None:
    result = _run("validate", tmp_path)
    assert result.exit_code == 1
    assert "no rekindle.yaml at or above" in result.output
    assert "Traceback" not in result.output
