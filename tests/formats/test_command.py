"""Which format is chosen, and by what names files are told in each."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from junitparser import JUnitXml

from engine.cli import main
from engine.cli.validate import FORMATS
from engine.documentation import HOME
from tests.formats.test_github import commands
from tests.language.support import SMALL

ROOT = Path(__file__).parents[2]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two projects, each with a segment misspelt; the reader stands in one of them."""
    (tmp_path / ".git").mkdir()
    for name in ("shop", "my shop"):
        project = shutil.copytree(SMALL, tmp_path / name)
        campaign = project / "winback.yaml"
        campaign.write_text(campaign.read_text().replace("segment: lost", "segment: lsot"))
    monkeypatch.chdir(tmp_path / "shop")
    return tmp_path


def _validate(*words: str, **env: str) -> Result:
    return CliRunner().invoke(main, ["validate", *words], env=env)


@pytest.mark.usefixtures("repository")
def test_without_a_word_it_is_text_and_in_github_actions_annotations() -> None:
    assert _validate().output.startswith("winback.yaml:7:12 error RK201")
    assert _validate(GITHUB_ACTIONS="true").output.startswith("::error file=shop/winback.yaml,line=7,col=12,")


@pytest.mark.usefixtures("repository")
def test_a_format_that_is_named_is_taken_everywhere() -> None:
    assert _validate("--format", "concise", GITHUB_ACTIONS="true").output.startswith("winback.yaml:7:12: error")
    env = {"REKINDLE_VALIDATE_FORMAT": "json", "GITHUB_ACTIONS": "true"}
    assert json.loads(_validate(**env).output)["format_version"] == 1


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("name", FORMATS)
def test_every_format_fails_for_an_error_and_only_then(name: str) -> None:
    assert _validate("--format", name).exit_code == 1
    assert _validate("--format", name, "segments.yaml").exit_code == 0


@pytest.mark.usefixtures("repository")
def test_formats_for_the_repository_count_from_its_root() -> None:
    (command,) = commands(_validate("--format", "github").output)
    assert command.properties["file"] == "shop/winback.yaml"
    (result,) = json.loads(_validate("--format", "sarif").output)["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "shop/winback.yaml"
    assert "#### `shop/winback.yaml`" in _validate("--format", "markdown").output
    suites = {suite.name for suite in JUnitXml.fromstring(_validate("--format", "junit").output.encode())}
    assert {"shop/winback.yaml", "shop/segments.yaml", "shop/templates/winback/hello.md"} <= suites


def test_without_git_they_count_from_the_workspace(repository: Path) -> None:
    (repository / ".git").rmdir()
    inside = _validate("--format", "github", GITHUB_WORKSPACE=str(repository))
    assert commands(inside.output)[0].properties["file"] == "shop/winback.yaml"
    elsewhere = _validate("--format", "github", GITHUB_WORKSPACE="/nowhere")
    assert commands(elsewhere.output)[0].properties["file"] == "winback.yaml"


def test_several_projects_make_one_report(repository: Path) -> None:
    both = [str(repository / "shop"), str(repository / "my shop")]
    files = [command.properties["file"] for command in commands(_validate("--format", "github", *both).output)]
    assert files == ["shop/winback.yaml", "my shop/winback.yaml"]
    document = json.loads(_validate("--format", "sarif", *both).output)
    uris = [
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for result in document["runs"][0]["results"]
    ]
    assert uris == ["shop/winback.yaml", "my%20shop/winback.yaml"]
    assert len(document["runs"][0]["tool"]["driver"]["rules"]) == 1
    assert JUnitXml.fromstring(_validate("--format", "junit", *both).output.encode()).failures == 2
    assert "**2 errors** in 2 of" in _validate("--format", "markdown", *both).output
    assert _validate("--format", "text", *both).output.endswith("\n2 errors in 2 files\n")


def test_a_project_named_twice_is_told_once(repository: Path) -> None:
    whole, by_file, from_here = str(repository / "shop"), "winback.yaml", "../shop"
    for words in ((whole, by_file), (by_file, whole), (from_here, whole, ".")):
        assert _validate("--format", "concise", *words).output.count("\n") == 1


def test_a_file_alone_is_all_that_is_counted(repository: Path) -> None:
    (repository / "shop/templates/winback/note.md").write_text("{{ persn.product }}")
    assert _validate("segments.yaml").output == "1 file, nothing to mend\n"
    report = JUnitXml.fromstring(_validate("--format", "junit", "segments.yaml").output.encode())
    assert [suite.name for suite in report] == ["shop/segments.yaml"]


def test_a_waived_finding_reaches_every_format_that_tells_it(repository: Path) -> None:
    shutil.copytree(SMALL, repository / "sound")
    template = repository / "sound/templates/winback/hello.md"
    text = template.read_text()
    waiver = "# rekindle: allow RK618 because the subject says it all"
    front = text.replace("---\n", f"---\n{waiver}\n", 1)
    template.write_text("\n".join(line for line in front.split("\n") if not line.startswith("preheader:")))
    words = ("../sound/templates/winback/hello.md", "--format")
    if not json.loads(_validate(*words, "json").output)["waived"]:
        pytest.fail(_validate(*words, "text").output)
    assert "1 finding waived" in _validate(*words, "text").output
    assert "because the subject says it all" in _validate(*words, "markdown").output
    (case,) = [case for suite in JUnitXml.fromstring(_validate(*words, "junit").output.encode()) for case in suite]
    assert case.is_skipped
    results = json.loads(_validate(*words, "sarif").output)["runs"][0]["results"]
    assert results[-1]["suppressions"] == [{"kind": "inSource", "justification": "the subject says it all"}]
    assert commands(_validate(*words, "github").output) == []


def test_pages_of_rules_stand_below_the_documentation_of_the_package() -> None:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert table["project"]["urls"]["Documentation"] == HOME
