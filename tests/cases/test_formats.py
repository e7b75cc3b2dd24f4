"""``rekindle test`` for programs: JSON, JUnit by a real reader, GitHub's workflow commands, a comment in Markdown."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from junitparser import Error, Failure, JUnitXml
from markdown_it import MarkdownIt

from engine.cli.output import cases_markdown
from engine.cli.output.cases import CaseReport
from engine.cli.output.markdown import LONGEST
from tests.cases.conftest import CASES, Run
from tests.cases.support import CHURNED, play_one

FILE = "acme/tests/come_back.yaml"


def test_a_program_gets_everything(run: Run) -> None:
    found = json.loads(run("--format", "json").stdout)
    assert found["format_version"] == 1
    assert "coverage" not in found
    assert {k: v for k, v in found["summary"].items() if k != "seconds"} == {"cases": 5, "failed": 4}
    differs = found["cases"][1]
    assert (differs["file"], differs["line"], differs["column"], differs["passed"]) == (FILE, 11, 5, False)
    first = differs["story"][0]
    assert (first["expected"], first["line"], first["column"]) == ("0d  hello  email", 14, 9)
    assert first["problems"] == ["the subject is 'Your price still stands'", "it does not say 'Hi Bo'"]
    assert first["happened"]["kind"] == "send"
    assert first["happened"]["text"].startswith("Hi Ada, you left us on January 1, 2026.")
    assert found["cases"][0]["story"][1]["happened"]["task"] == "call_back"
    assert "phone" in found["cases"][3]["error"]
    assert "not enter" in found["cases"][4]["note"]


def test_a_program_gets_the_coverage_item_by_item(run: Run) -> None:
    coverage = json.loads(run("--format", "json", "--fail-under", "90", "-k", "stops").stdout)["coverage"]
    assert (coverage["percent"], coverage["covered"], coverage["of"]) == (11.4, 4, 35)
    assert (coverage["fail_under"], coverage["enough"], coverage["cases"]) == (90, False, {"run": 1, "of": 5})
    campaign = coverage["campaigns"][0]
    assert (campaign["campaign"], campaign["file"]) == ("come_back", "acme/come_back.yaml")
    assert campaign["parts"]["steps"] == {"percent": 25.0, "covered": 1, "of": 4}
    assert campaign["parts"]["triggers"] == {"percent": 0.0, "covered": 0, "of": 1}
    items = {(item["kind"], item["name"]): item for item in campaign["items"]}
    sent = {"kind": "step", "name": "hello for fresh", "line": 13, "column": 5, "times": 1, "instead": ""}
    assert items["step", "hello for fresh"] == sent
    assert items["exit", "handed_over on replied"]["times"] == 1
    assert items["trigger", "shipped"]["times"] == 0


def junit(run: Run, tmp_path: Path, *words: str) -> JUnitXml:
    file = tmp_path / "tests.xml"
    file.write_text(run("--format", "junit", *words).stdout, encoding="utf-8")
    return JUnitXml.fromfile(str(file))


def test_a_ci_system_gets_junit(run: Run, tmp_path: Path) -> None:
    report = junit(run, tmp_path)
    assert (report.tests, report.failures, report.errors) == (5, 3, 1)
    [suite] = report
    assert (suite.name, list(suite.properties())) == (FILE, [])
    cases = {case.name: case for case in suite}
    assert cases["stops when they reply"].is_passed
    assert {case.classname for case in suite} == {"come_back"}
    [failure] = cases["differs in every way a story can"].result
    assert isinstance(failure, Failure)
    assert failure.message == f"{FILE}:14:9: 0d  hello  email: the subject is 'Your price still stands'"
    assert "  - 38d  exit: won_back\n  + 38d  exit: completed\n      the reason is completed" in failure.text
    [error] = cases["is about somebody who cannot be"].result
    assert isinstance(error, Error)
    assert "phone" in error.message


def test_junit_carries_the_coverage(run: Run, tmp_path: Path) -> None:
    suite, gate = junit(run, tmp_path, "--fail-under", "90", "-k", "stops")
    properties = [(p.name, p.value) for p in suite.properties()]
    assert properties[0] == ("coverage.percent", "22.2")
    assert ("coverage.missing", "acme/come_back.yaml:25:5 trigger shipped") in properties
    assert (gate.name, gate.tests, gate.failures) == ("coverage", 1, 1)
    [case] = gate
    assert case.name == "covers at least 90 %"
    [failure] = case.result
    assert failure.message == "coverage 11.4 % (4 of 35), less than the 90 % asked for"
    assert "acme/welcome.yaml:8:5 step check_in" in failure.text
    report = junit(run, tmp_path, "--fail-under", "5", "-k", "stops")
    assert (report.tests, report.failures) == (2, 0)
    assert all(case.is_passed for suite in report for case in suite)


def test_junit_holds_only_what_xml_can(run: Run, tmp_path: Path) -> None:
    text = CASES.replace("it: expects too little", 'it: "a bell \\x07, a <tag> & \\"quotes\\" \\uFFFE"')
    Path("acme/tests/come_back.yaml").write_text(text, encoding="utf-8")
    [suite] = junit(run, tmp_path)
    assert [case.name for case in suite][2] == 'a bell \ufffd, a <tag> & "quotes" \ufffd'


#: a command as GitHub documents it
_COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")


def commands(output: str) -> list[tuple[str, dict[str, str], str]]:
    """(level, properties, text) of every workflow command, read as a runner reads them."""

    def unescaped(text: str) -> str:
        for code, sign in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
            text = text.replace(code, sign)
        return text

    found = [match for line in output.splitlines() if (match := _COMMAND.fullmatch(line))]
    return [
        (
            level,
            {k: unescaped(v) for k, _, v in (p.partition("=") for p in properties.split(","))},
            unescaped(text),
        )
        for level, properties, text in (match.groups() for match in found)
    ]


def test_github_shows_a_failure_at_the_first_line_that_differs(run: Run) -> None:
    result = run("--format", "github")
    assert result.exit_code == 1
    told = commands(result.output)
    assert len(told) == 4
    assert [level for level, _, _ in told] == ["error"] * 4
    assert [int(at["line"]) for _, at, _ in told] == [14, 20, 26, 33]
    _, at, text = told[0]
    title = "come_back: differs in every way a story can"
    assert at == {"file": FILE, "line": "14", "col": "9", "title": title}
    first, *story = text.split("\n")
    assert first == f"{FILE}:14:9: 0d  hello  email: the subject is 'Your price still stands'"
    assert "  + 8d  text  skipped: consent" in story
    assert "not enter" in told[3][2]
    assert result.output.splitlines()[-1].startswith("4 failed, 1 passed in ")


def test_github_shows_what_is_not_covered_beside_it(run: Run) -> None:
    enough = commands(run("--format", "github", "--coverage", "-k", "stops").output)
    assert {level for level, _, _ in enough} == {"notice"}
    by_line = {(at["file"], at["line"]): text for _, at, text in enough}
    assert len(by_line) == len(enough)
    assert by_line["acme/look_first.yaml", "7"].split("\n")[1:] == [
        "  step look",
        "  branch look, approved",
        "  branch look, rejected",
        "  branch look, nobody answers",
    ]
    short = commands(run("--format", "github", "--fail-under", "99", "-k", "stops").output)
    assert [level for level, _, _ in short] == ["warning"] * len(enough) + ["error"]
    assert short[-1][2] == "coverage 11.4 % (4 of 35), less than the 99 % asked for"


def test_github_is_chosen_by_itself_in_its_own_jobs(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert len(commands(run().output)) == 4
    assert commands(run("--format", "text").output) == []


def tables(markdown: str) -> list[list[list[str]]]:
    """Every table, by row and cell, as a reader of Markdown sees it."""
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
    found: list[list[list[str]]] = []
    for token in tokens:
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type == "inline" and token.level == 4 and token.children is not None:
            found[-1][-1].append("".join(t.content for t in token.children))
    return found


def test_markdown_tells_the_verdict_first_then_both_stories(run: Run) -> None:
    told = run("--format", "markdown").output
    assert told.startswith("❌ **4 failed, 1 passed in ")
    differs = tables(told)[0]
    assert differs[0] == ["line", "expected", "happened"]
    happened = "0d  hello  email<br>❌ the subject is 'Your price still stands'<br>❌ it does not say 'Hi Bo'"
    assert [" ".join(cell.split()) for cell in differs[1]] == [
        "14",
        "0d hello email",
        " ".join(happened.split()),
    ]
    assert f"`{FILE}:14:9`" in told
    passing = run("--format", "markdown", "-k", "stops").output
    assert re.fullmatch(r"✅ \*\*1 passed in \d+\.\d s\*\*\n", passing)


def test_markdown_has_the_coverage(run: Run) -> None:
    told = run("--format", "markdown", "--coverage", "-k", "stops").output
    [figures] = tables(told)
    assert figures[0] == ["campaign", "steps", "branches", "cohorts", "triggers", "exits", "all"]
    assert figures[1] == ["acme/come_back.yaml", "1/4", "1/4", "1/3", "0/1", "1/6", "22.2 %"]
    assert figures[-1][0] == "together"
    assert "<summary>31 never happened</summary>" in told
    assert "- `acme/come_back.yaml:25:5` trigger shipped\n" in told


def test_words_of_a_case_stay_words_in_markdown(run: Run) -> None:
    text = CASES.replace("it: expects too little", "it: 'a | b <img src=x> [l](u) @somebody `x` **y**'")
    Path("acme/tests/come_back.yaml").write_text(text, encoding="utf-8")
    told = run("--format", "markdown").output
    rendered = MarkdownIt("commonmark").enable("table").render(told)
    assert "a | b &lt;img src=x&gt; [l](u) @\u200bsomebody `x` **y**" in rendered


def test_a_comment_that_would_be_too_long_is_cut_and_says_so() -> None:
    failed = play_one(f"given: {{person: {{{CHURNED}}}}}\nexpect: []")
    report = CaseReport(results=(failed,) * 1_000, seconds=1)
    told = cases_markdown.render(report)
    assert LONGEST * 0.9 < len(told.encode()) <= LONGEST
    assert told.startswith("❌ **1000 failed, 0 passed in 1.0 s**")
    assert told.rstrip().endswith("Run `rekindle test` to see everything._")
    whole = cases_markdown.render(CaseReport(results=(failed,) * 10, seconds=1))
    assert "Cut here" not in whole
    assert len(tables(whole)) == 10
