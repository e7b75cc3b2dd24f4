"""``rekindle prove``: the starter's project with a fault in it, told in every format, and the test it writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from junitparser import JUnitXml
from rich.console import Console

from engine.cli import main
from engine.cli.init import project_files, write
from engine.cli.output import prove_json, prove_junit, prove_markdown, prove_text
from engine.cli.output.prove import ProofReport, write_cases
from engine.clock import SystemClock
from engine.compile import load_project
from engine.prove.proof import prove

_SECOND = "    email: come_back/second_start\n"
_FAULT = "    if: {status_at_last_touch: customer}\n"


def project(folder: Path, fault: str = "") -> Path:
    texts = project_files("acme", SystemClock())
    texts["come_back.yaml"] = texts["come_back.yaml"].replace(_SECOND, fault + _SECOND)
    write(folder, {k: v for k, v in texts.items() if not k.startswith("tests/")})
    return folder


def run(root: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--project", str(root), *arguments])


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return project(tmp_path_factory.mktemp("acme"), _FAULT)


@pytest.fixture(scope="module")
def report(root: Path) -> ProofReport:
    loaded = load_project(root)
    proof = prove(loaded, list(loaded.require().campaigns.values()), 60)
    return ProofReport(project="acme", proof=proof, prefix="campaigns/")


def text_of(report: ProofReport, *, verbose: bool = False) -> str:
    console = Console(width=100, color_system=None)
    with console.capture() as capture:
        console.print(prove_text.render(report, verbose=verbose))
    return capture.get()


def test_the_text_says_what_where_and_how_it_came_to_be(report: ProofReport) -> None:
    lines = [line.strip() for line in text_of(report).splitlines()]
    assert lines[2].startswith("✓  Can a cap be exceeded?")
    told = "✗ campaigns/come_back.yaml:21  'second_start' is never sent: its condition holds for nobody who"
    assert told in lines
    timeline = lines[lines.index("played by the engine, by the clock of America/Chicago") :]
    assert timeline[1] == "Mon 04 May 2026 10:00    enters come_back"
    assert (
        "Mon 18 May 2026 10:00  ✗ second_start skipped: condition (the step's 'if' does not hold)" in timeline
    )
    assert "- {at: 14d, step: second_start, channel: email}" in timeline
    assert report.summary.startswith("7 of 8 questions kept, 1 violated; ")
    assert text_of(report, verbose=True).count("\n") > len(lines)


def test_the_json_has_all_of_it(report: ProofReport) -> None:
    document = json.loads(prove_json.render(report))
    assert (document["format_version"], document["project"], document["campaigns"]) == (
        1,
        "acme",
        ["come_back"],
    )
    outcomes = {q["question"]: q["outcome"] for q in document["questions"]}
    assert outcomes["reach"] == "violated"
    [answer] = next(q["answers"] for q in document["questions"] if q["question"] == "reach")
    assert (answer["file"], answer["line"], answer["step"]) == (
        "campaigns/come_back.yaml",
        21,
        "second_start",
    )
    wrong = [told for told in answer["counterexample"]["timeline"] if told["wrong"]]
    assert [told["at"] for told in wrong] == ["2026-05-18T15:00:00Z"]
    assert answer["counterexample"]["test"].startswith("  - it: sends second_start\n")
    assert document["assumptions"]


def test_the_junit_fails_a_question(report: ProofReport) -> None:
    xml = JUnitXml.fromstring(prove_junit.render(report).encode())
    assert (xml.tests, xml.failures, xml.errors) == (8, 1, 0)
    failed = [case for suite in xml for case in suite if case.result and case.result[0].type != "system-out"]
    assert "Is every step reachable?" in {case.name for case in failed}


def test_the_markdown_leads_with_the_verdict(report: ProofReport) -> None:
    text = prove_markdown.render(report)
    assert text.startswith("❌ **7 of 8 questions kept, 1 violated; ")
    assert "| ❌ | Is every step reachable? | violated |" in text
    assert text.count("\n#### ") == 1
    assert "| Mon 18 May 2026 10:00 | ❌ second\\_start skipped: condition" in text


def test_the_test_it_writes_fails_until_the_fault_is_mended(report: ProofReport, tmp_path: Path) -> None:
    broken = project(tmp_path / "broken", _FAULT)
    [path] = write_cases(report, broken / "tests")
    assert path.name == "prove_come_back.yaml"
    failed = run(broken, "test")
    assert (failed.exit_code, "1 failed" in failed.output) == (1, True)
    mended = project(tmp_path / "mended")
    write_cases(report, mended / "tests")
    assert run(mended, "test").exit_code == 0


def test_the_command_fails_on_a_violation_and_writes_its_test(tmp_path: Path) -> None:
    root = project(tmp_path, _FAULT)
    found = run(root, "prove", "--format", "json", "--write-tests")
    assert found.exit_code == 1
    assert json.loads(found.stdout)["questions"][3]["outcome"] == "violated"
    written = root / "tests" / "prove_come_back.yaml"
    assert written.is_file()
    written.write_text(written.read_text(encoding="utf-8") + "# edited\n", encoding="utf-8")
    again = run(root, "prove", "--write-tests")
    assert (again.exit_code, "is there already" in again.output) == (1, True)
    assert written.read_text(encoding="utf-8").endswith("# edited\n")


def test_what_is_not_settled_fails_only_where_that_is_asked_for(tmp_path: Path) -> None:
    sound = project(tmp_path)
    hurried = ("prove", "--budget", "0", "--format", "junit")
    assert run(sound, *hurried).exit_code == 0
    strict = run(sound, *hurried, "--strict")
    assert strict.exit_code == 1
    assert JUnitXml.fromstring(strict.output.encode()).errors > 0


def test_an_unknown_campaign_is_told_with_the_known_ones(root: Path) -> None:
    failed = run(root, "prove", "--campaign", "come_bak")
    assert (failed.exit_code, "There are: come_back" in failed.output) == (1, True)
