"""``lint: {RK607: error}`` in rekindle.yaml: a warning fails a review, and stops nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.cli import main
from engine.compile import Loaded, load_files
from engine.diagnostics import Finding, Severity
from tests.language.support import SMALL, small

TEMPLATE = "templates/winback/hello.md"
IMPERSONAL = "---\nsubject: We have moved\n---\nOur office has moved.\n\n[Find us]({{ links.calendar }})\n"


def _project(declared: str) -> str:
    return f"{small()['rekindle.yaml']}lint: {declared}\n"


def _load(declared: str = "{RK607: error}", template: str = IMPERSONAL, *, lint: bool = True) -> Loaded:
    return load_files(small(project=_project(declared), template=template), SMALL, lint=lint)


def _history(loaded: Loaded) -> list[Finding]:
    return [f for f in loaded.findings if f.code == "RK607"]


def test_a_raised_warning_is_an_error() -> None:
    (finding,) = _history(_load())
    assert finding.severity is Severity.ERROR


def test_it_stops_no_run() -> None:
    """The project is there all the same, and whoever runs it does not even hear of it."""
    assert _load().project is not None
    loaded = _load(lint=False)
    assert loaded.require().campaigns
    assert [f.severity for f in _history(loaded)] == [Severity.WARNING]
    assert loaded.campaigns_broken == {}


def test_other_warnings_stay_what_they_are() -> None:
    (finding,) = _history(_load("{RK617: error}"))
    assert finding.severity is Severity.WARNING


def test_what_is_raised_can_still_be_answered_for() -> None:
    waived = IMPERSONAL.replace("---\n", "---\n# rekindle: allow RK607 because an address is news to all\n", 1)
    loaded = _load(template=waived)
    assert _history(loaded) == []
    assert "RK607" in [w.finding.code for w in loaded.waived]


@pytest.mark.parametrize("code", ["RK131", "RK502"])
def test_a_warning_that_cannot_be_waived_can_be_raised(code: str) -> None:
    assert [f for f in _load(f"{{{code}: error}}").findings if f.file == "rekindle.yaml" and f.code == "RK212"] == []


@pytest.mark.parametrize(
    ("declared", "code", "message", "mend"),
    [
        ("{RK402: error}", "RK212", "RK402 is an error already", "remove the line"),
        ("{RK679: error}", "RK212", "RK679 is no rule", ""),
        ("{RK103: error}", "RK212", "RK103 is not a rule any more", "'rekindle rules' lists them"),
        ("{RK607: warning}", "RK113", "'warning' is not a severity", ""),
        ("{RK607: off}", "RK113", "'off' is not a severity", ""),
        ("{rk607: error}", "RK113", "'rk607' is not a rule", "write it like 'RK607'"),
    ],
)
def test_a_rule_is_only_made_stricter(declared: str, code: str, message: str, mend: str) -> None:
    found = [f for f in _load(declared).findings if f.severity is Severity.ERROR]
    assert [(f.code, f.message) for f in found] == [(code, message)]
    assert found[0].mend == mend or not mend
    assert found[0].file == "rekindle.yaml"


def test_validate_fails_on_it(tmp_path: Path) -> None:
    project = Path(shutil.copytree(SMALL, tmp_path / "small"))
    (project / TEMPLATE).write_text(IMPERSONAL, encoding="utf-8")
    assert CliRunner().invoke(main, ["validate", str(project)]).exit_code == 0
    (project / "rekindle.yaml").write_text(_project("{RK607: error}"), encoding="utf-8")
    result = CliRunner().invoke(main, ["validate", str(project)])
    assert result.exit_code == 1
    assert f"{TEMPLATE}:4:1 error RK607" in result.output
