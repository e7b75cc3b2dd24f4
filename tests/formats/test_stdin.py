"""``rekindle validate -``: a text judged in the place of a file, as an editor asks while somebody types."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine.cli import main
from engine.compile import is_read, read_files
from tests.language.support import SMALL


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small project, seen from the folder above it."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(SMALL, tmp_path / "small"))


def _validate(filename: str | None, text: str | bytes, *more: str) -> Result:
    named = [] if filename is None else ["--stdin-filename", filename]
    return CliRunner().invoke(main, ["validate", "--format", "concise", "-", *named, *more], input=text)


def test_the_text_is_judged_within_its_project(project: Path) -> None:
    text = (project / "winback.yaml").read_text().replace("segment: lost", "segment: lsot")
    result = _validate("small/winback.yaml", text)
    assert result.exit_code == 1
    assert result.output.startswith("small/winback.yaml:7:12: error RK201 unknown segment 'lsot'")
    assert "lsot" not in (project / "winback.yaml").read_text()


def test_a_sound_text_mends_a_file_that_is_broken_on_disk(project: Path) -> None:
    text = (project / "winback.yaml").read_text()
    (project / "winback.yaml").write_text("{")
    assert _validate("small/winback.yaml", text).exit_code == 0


def test_only_findings_of_that_file_are_shown(project: Path) -> None:
    (project / "incentives.yaml").write_text("{")
    result = _validate("small/winback.yaml", (project / "winback.yaml").read_text())
    assert (result.exit_code, result.output) == (0, "")


def test_a_template_is_judged_for_the_steps_that_send_it(project: Path) -> None:
    result = _validate("small/templates/winback/note.md", "{{ person.produkt }}")
    assert "small/templates/winback/note.md:1:" in result.output
    assert "RK602" in result.output


def test_a_file_that_does_not_exist_yet_is_judged_too(project: Path) -> None:
    text = (project / "winback.yaml").read_text().replace("campaign: winback", "campaign: autumn")
    result = _validate("small/autumn.yaml", text.replace("segment: lost", "segment: lsot"))
    assert result.output.startswith("small/autumn.yaml:7:12: error RK201")
    assert not (project / "autumn.yaml").exists()
    assert "RK602" in _validate("small/templates/new/thing.md", "---\nsubject: x\n---\n{{ persn.name }}").output


def test_the_project_file_itself_can_be_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = _validate("rekindle.yaml", "project: new\nbrandd: {}\n")
    assert "rekindle.yaml:2:1: error RK110 unknown key 'brandd' (did you mean 'brand'?)" in result.output


def test_bytes_that_are_not_utf_8_are_a_finding(project: Path) -> None:
    assert "byte 0xFF is not UTF-8" in _validate("small/winback.yaml", b"campaign: \xff\n").output


def test_line_ends_stay_as_they_are(project: Path) -> None:
    text = (project / "winback.yaml").read_bytes().replace(b"\n", b"\r\n")
    assert _validate("small/winback.yaml", text).output == ""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["-"], "Say which file the text stands for: --stdin-filename FILE."),
        (["--stdin-filename", "small/winback.yaml"], "--stdin-filename goes with '-'"),
        (["-", "small", "--stdin-filename", "small/winback.yaml"], "'-' stands alone"),
        (["-", "--stdin-filename", "small/data/people.csv"], "rekindle does not read 'small/data/people.csv'"),
        (["-", "--stdin-filename", "small/tests/deep/x.yaml"], "rekindle does not read"),
        (["-", "--stdin-filename", "small"], "is a directory"),
    ],
)
def test_a_command_line_that_cannot_be_meant_is_refused(project: Path, words: list[str], told: str) -> None:
    result = CliRunner().invoke(main, ["validate", *words], input="x")
    assert result.exit_code == 2
    assert told in " ".join(result.output.split())


def test_a_file_outside_every_project_is_one_clear_line(project: Path) -> None:
    result = _validate("elsewhere.yaml", "x")
    assert result.exit_code == 1
    assert "no rekindle.yaml at or above" in result.output


def test_what_stands_in_for_a_file_is_what_would_be_read(tmp_path: Path) -> None:
    names = [
        "rekindle.yaml", "a.yaml", "a.yml", "a.md", "a.yaml.bak", "tests/a.yaml", "tests/a.yml", "tests/deep/a.yaml",
        "templates/a.md", "templates/b/c/a.md", "templates/a.yaml", "data/a.yaml", "templatesx/a.md", ".yaml",
    ]  # fmt: skip
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    assert set(read_files(tmp_path)) == {name for name in names if is_read(name)}
