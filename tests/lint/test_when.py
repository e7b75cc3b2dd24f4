"""When warnings are asked, as docs/linting.md says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.compile import load_files
from engine.diagnostics import Severity
from engine.rule_pages import read_page
from engine.rules import RULES
from tests.language.support import small

PAGE = (Path(__file__).parents[2] / "docs" / "linting.md").read_text(encoding="utf-8")
#: what the page says is asked although an error stands
AT_ONCE = set(re.findall(r"RK\d{3}", PAGE.split("- **At once**")[1].split("\n- **")[0]))
WARNINGS = [code for code, rule in RULES.items() if rule.severity is Severity.WARNING]


def _codes(code: str, folder: Path, **more: str) -> set[str]:
    """What is found in the bad example of a rule's page, with more files beside it."""
    files = small()
    for example in read_page(RULES[code]).bad:
        if example.language in ("yaml", "markdown"):
            files[example.file] = example.text
        else:
            (folder / example.file).parent.mkdir(parents=True, exist_ok=True)
            (folder / example.file).write_text(example.text, encoding="utf-8")
    return {finding.code for finding in load_files({**files, **more}, folder, lint=True).findings}


@pytest.mark.parametrize("code", WARNINGS)
def test_a_warning_waits_until_no_error_is_left_unless_it_is_asked_at_once(code: str, tmp_path: Path) -> None:
    assert code in _codes(code, tmp_path)
    wrong = {"other.yaml": "campaign: other\nowner: sales@acme.example\nobjectiv: A misspelt key.\n"}
    assert (code in _codes(code, tmp_path, **wrong)) == (code in AT_ONCE)


def test_a_bad_waiver_and_a_warning_raised_to_an_error_hold_nothing_back(tmp_path: Path) -> None:
    raised = small()["rekindle.yaml"] + "\nlint: {RK406: error}\n# rekindle: allow RK406\n"
    assert {"RK130", "RK406"} <= _codes("RK406", tmp_path, **{"rekindle.yaml": raised})
    assert {"RK130", "RK902"} <= _codes("RK902", tmp_path, **{"rekindle.yaml": raised})
