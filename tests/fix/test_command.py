"""``rekindle validate --fix`` from outside."""

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


def _run(*arguments: str | Path, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments], input=stdin)


def _damage(file: Path, old: str, new: str) -> bytes:
    """Put something wrong; what the file held before."""
    before = file.read_bytes()
    assert old.encode() in before
    file.write_bytes(before.replace(old.encode(), new.encode()))
    return before


def test_it_mends_says_what_and_exits_by_what_remains(project: Path) -> None:
    campaign, incentives = project / "winback.yaml", project / "incentives.yaml"
    before = _damage(campaign, "segment: lost", "segment: lsot")
    _damage(incentives, "percent: 10%", "percent: 10 percent")
    campaign.chmod(0o640)
    result = _run("validate", project, "--fix")
    assert (result.exit_code, campaign.read_bytes()) == (0, before)
    assert campaign.stat().st_mode & 0o777 == 0o640
    assert result.stderr == (
        f"fixed {project}/incentives.yaml:9:14 RK114 '10 percent' is not a percentage: 10%\n"
        f"fixed {project}/winback.yaml:7:12 RK201 unknown segment 'lsot': lost\n"
        "2 findings fixed\n\n"
    )
    assert "nothing to mend" in result.stdout


def test_what_was_mended_is_told_in_the_order_of_the_files(project: Path) -> None:
    """An unused waiver is seen only once there is no error: it is mended later, and told first."""
    waiver = "campaign: follow_up  # rekindle: allow RK406 because the last step is a goodbye"
    _damage(project / "follow_up.yaml", "campaign: follow_up", waiver)
    _damage(project / "winback.yaml", "segment: lost", "segment: lsot")
    told = _run("validate", project, "--fix").stderr.splitlines()
    assert [line.split(" ")[2] for line in told[:2]] == ["RK131", "RK201"]


def test_what_needs_thought_remains_and_is_told(project: Path) -> None:
    _damage(project / "winback.yaml", "segment: lost", "segment: lsot")
    _damage(project / "winback.yaml", "re_enter_after: 180d", "re_enter_after: 180")
    result = _run("validate", project, "--fix", "--format", "json")
    assert result.exit_code == 1
    assert [finding["code"] for finding in json.loads(result.stdout)["findings"]] == ["RK114"]


def test_diff_shows_and_writes_nothing(project: Path) -> None:
    campaign = project / "winback.yaml"
    _damage(campaign, "segment: lost", "segment: lsot")
    before = campaign.read_bytes()
    result = _run("validate", project, "--fix", "--diff")
    assert (result.exit_code, campaign.read_bytes()) == (1, before)
    assert "-  segment: lsot\n+  segment: lost\n" in result.stdout
    assert result.stderr.endswith("1 finding would be fixed\n\n")


def test_paths_narrow_it(project: Path) -> None:
    campaign, incentives = project / "winback.yaml", project / "incentives.yaml"
    before = _damage(campaign, "segment: lost", "segment: lsot")
    _damage(incentives, "percent: 10%", "percent: 10")
    wrong = incentives.read_bytes()
    _run("--quiet", "validate", campaign, "--fix")
    assert (campaign.read_bytes(), incentives.read_bytes()) == (before, wrong)


def test_a_sound_project_is_not_written_to(project: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in project.rglob("*") if path.is_file()}
    result = _run("validate", project, "--fix")
    assert (result.exit_code, result.stderr) == (0, "")
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_the_command_line_has_to_make_sense(project: Path) -> None:
    piped = ("validate", "-", "--fix", "--stdin-filename", project / "winback.yaml")
    for arguments in (("validate", project, "--diff"), piped):
        assert _run(*arguments, stdin="").exit_code == 2
