"""``rekindle test``: what runs, what a reader gets, and the exit code."""

from __future__ import annotations

import json
import re
from collections import Counter
from io import StringIO
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from rich.console import Console

from engine.cases.coverage import cover
from engine.cli import main
from engine.cli.output import cases_text, coverage_text
from engine.cli.output.cases import first_problem, place, plain
from engine.cli.output.coverage import CoverageReport
from tests.cases.conftest import Run
from tests.cases.support import CHURNED, load, play_one

ROOT = Path(__file__).parents[2]
SNAPSHOT = Path(__file__).parent / "side_by_side.out"
COVERAGE = Path(__file__).parent / "coverage.out"


def test_a_reader_gets_both_stories_side_by_side(run: Run) -> None:
    told = re.sub(r"in \d+\.\d s", "in 0.0 s", click.unstyle(run().output))
    assert told == SNAPSHOT.read_text(encoding="utf-8")
    assert max(map(len, told.splitlines())) <= 100


def test_what_happened_is_told_in_the_unit_and_the_words_that_were_expected() -> None:
    result = play_one(
        f"given: {{person: {{{CHURNED}}}}}\nwhen: [{{at: 26h, event: replied}}]\n"
        "expect: [{at: 0d, step: hello, channel: email}, {at: 26h, exit: handed_over, task: visit}]"
    )
    assert plain(result.pairs[-1]).splitlines() == [
        "  - 26h  exit: handed_over, task visit",
        "  + 26h  exit: handed_over, task call_back",
        "      the task is 'call_back'",
    ]


@pytest.mark.parametrize("width", [40, 59, 60, 80, 100, 200])
def test_both_stories_are_there_in_any_width(width: int) -> None:
    result = play_one(
        f"given: {{person: {{{CHURNED}}}}}\n"
        "expect: [{at: 0d, step: hello, channel: email, says: Gizmo}, {at: 3d, step: note, skipped: condition}]"
    )
    console = Console(width=width, file=StringIO(), color_system=None)
    with console.capture() as capture:
        console.print(cases_text.render(result))
    shown = capture.get()
    assert max(map(len, shown.splitlines())) <= width
    told = " ".join(shown.replace("✗", "").split())
    for words in ("tests/come_back.yaml:5:14 failed", "hello", "skipped:", "linkedin", "38d", "Gizmo"):
        assert words in told, words


def test_a_line_nobody_expects_belongs_behind_the_one_before_it() -> None:
    send, exit_ = "{at: 0d, step: hello, channel: email}", "{at: 1d, exit: handed_over}"
    replied = f"given: {{person: {{{CHURNED}}}}}\nwhen: [{{at: 1d, event: replied}}]"
    [first, last, none, whole] = (
        play_one(f"{replied}\nexpect:\n{lines}")
        for lines in (f"  - {exit_}", f"  - {send}", "  []", f"  - {send}\n  - {exit_}")
    )
    assert place(first) == "tests/come_back.yaml:3:5"
    assert place(last) == "tests/come_back.yaml:7:9"
    assert place(none) == "tests/come_back.yaml:3:5"
    assert (place(whole), first_problem(whole)) == ("tests/come_back.yaml:3:5", "")
    assert first_problem(last) == "1d  exit: handed_over: nobody expects this"


def test_one_failure_is_enough_to_fail(run: Run) -> None:
    assert run().exit_code == 1
    passing = run("-k", "stops")
    assert passing.exit_code == 0
    assert passing.output.splitlines()[0] == "acme/tests/come_back.yaml ."


@pytest.mark.parametrize("words", ["and", "and and", "stops and", "or stops", "not", "stops and not"])
def test_words_that_are_not_whole_choose_nothing(run: Run, words: str) -> None:
    refused = run("-k", words)
    assert refused.exit_code == 2
    assert "is not whole" in refused.output


def test_words_choose_cases(run: Run) -> None:
    def chosen(words: str) -> list[str]:
        found = json.loads(run("--format", "json", "-k", words).stdout)["cases"]
        return [case["it"].split()[-1] for case in found]

    assert chosen("STOPS") == ["reply"]
    assert chosen("somebody and not wanted") == ["be"]
    assert chosen("reply or too little") == ["reply", "little"]
    assert chosen("not is about") == ["reply", "can", "little"]
    assert chosen("come_back: stops") == ["reply"]


def test_the_first_failure_may_be_the_last_case(run: Run) -> None:
    assert len(json.loads(run("--format", "json", "-x").stdout)["cases"]) == 2
    assert "1 failed, 1 passed" in run("-x").output


def test_paths_choose_cases(run: Run) -> None:
    for path in ("acme", "acme/tests", "acme/tests/come_back.yaml", "acme/come_back.yaml"):
        assert "4 failed, 1 passed" in run(path, options=()).output, path
    refused = run("acme/welcome.yaml", options=())
    assert refused.exit_code == 1
    assert "the campaign 'welcome' has no tests" in refused.output


def test_verbose_names_every_case_and_quiet_none(run: Run) -> None:
    verbose = run("-k", "stops or little", options=("-v", "--project", "acme")).output
    assert "ok   come_back: stops when they reply" in verbose
    assert "FAIL come_back: expects too little" in verbose
    quiet = run("-k", "stops", options=("-q", "--project", "acme")).output
    assert re.fullmatch(r"1 passed in \d+\.\d s\n", quiet)


def test_no_tests_is_a_failure_that_says_so(run: Run) -> None:
    nobody = run("-k", "no such words")
    assert nobody.exit_code == 1
    assert "no case in acme is named like 'no such words'" in nobody.output
    Path("acme/tests/come_back.yaml").unlink()
    nothing = run()
    assert nothing.exit_code == 1
    assert "there are no tests in acme" in nothing.output


def test_a_project_with_an_error_is_not_tested(run: Run) -> None:
    Path("acme/segments.yaml").write_text("segments: 3\n", encoding="utf-8")
    refused = run()
    assert refused.exit_code == 1
    assert "acme/segments.yaml:1" in refused.output or "segments.yaml:1" in refused.output
    assert "rekindle validate" in refused.output


def test_coverage_is_shown_where_it_is_asked_for(run: Run) -> None:
    told = re.sub(r"in \d+\.\d s", "in 0.0 s", click.unstyle(run("--coverage", "-k", "not is about").output))
    assert told[told.index("Coverage") :] == COVERAGE.read_text(encoding="utf-8")
    assert "Coverage" not in run("-k", "stops").output
    quiet = run("--coverage", "-k", "stops", options=("-q", "--project", "acme")).output
    assert re.fullmatch(r"1 passed in \d+\.\d s, coverage 11\.4 % \(4 of 35\)\n", quiet)


@pytest.mark.parametrize("width", [40, 60, 80])
def test_coverage_fits_any_width(width: int) -> None:
    result = play_one(f"given: {{person: {{{CHURNED}}}}}\nexpect: []")
    campaigns = load("  - {it: x, expect: []}").require().campaigns.values()
    report = CoverageReport(campaigns=tuple(cover(campaigns, Counter(result.marks))), cases=(1, 1))
    console = Console(width=width, file=StringIO(), color_system=None)
    with console.capture() as capture:
        console.print(coverage_text.render(report))
    lines = capture.get().splitlines()
    assert max(map(len, lines)) <= width
    assert any(re.search(r"^  come_back .*% *$", line.rstrip()) for line in lines)
    assert ("branches" in capture.get()) is (width > 60)


def test_too_little_coverage_fails(run: Run) -> None:
    enough = run("-k", "stops", "--fail-under", "11.4")
    assert enough.exit_code == 0
    assert "coverage 11.4 % (4 of 35)" in enough.output
    short = run("-k", "stops", "--fail-under", "11.5")
    assert short.exit_code == 1
    assert "coverage 11.4 % (4 of 35), less than the 11.5 % asked for" in short.output
    for wrong in ("101", "-1", "all"):
        assert run("--fail-under", wrong).exit_code == 2


def test_coverage_of_a_subset_says_so(run: Run) -> None:
    assert "of 1 of 5 cases: the others may cover more" in run("--coverage", "-k", "stops").output
    assert "of 2 of 5 cases" in run("--coverage", "-x").output
    assert "the others" not in run("--coverage").output


def test_only_campaigns_that_are_asked_for_are_covered(run: Run) -> None:
    def campaigns(*paths: str) -> list[str]:
        told = json.loads(run(*paths, "--coverage", "--format", "json", options=()).stdout)
        return [campaign["file"] for campaign in told["coverage"]["campaigns"]]

    assert campaigns("acme") == ["acme/come_back.yaml", "acme/look_first.yaml", "acme/welcome.yaml"]
    assert (
        campaigns("acme/tests/come_back.yaml") == campaigns("acme/come_back.yaml") == ["acme/come_back.yaml"]
    )


def test_the_slowest_cases_are_named_where_they_are_asked_for(run: Run) -> None:
    told = run("--durations", "2").output
    assert len(re.findall(r"^  \d+ ms +come_back: ", told, re.MULTILINE)) == 2
    assert "Slowest" not in run("--durations", "0").output


def test_nothing_is_written_beside_the_project(run: Run, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    run()
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("project", ["campaigns", "engine/cli/starter"])
def test_what_is_shipped_passes_its_own_tests_and_they_cover_all_of_it(project: str, tmp_path: Path) -> None:
    words = ["--project", str(ROOT / project)]
    if project.endswith("starter"):
        assert CliRunner().invoke(main, ["init", str(tmp_path / "acme")]).exit_code == 0
        words = ["--project", str(tmp_path / "acme")]
    result = CliRunner().invoke(main, [*words, "test", "--fail-under", "100"])
    assert result.exit_code == 0, result.output
    assert " failed" not in result.output
    assert "coverage 100 %" in result.output


def test_a_campaign_is_meant_by_its_name_too(run: Run) -> None:
    names = json.loads(run("come_back", "--format", "json").stdout)["cases"]
    assert len(names) == len(json.loads(run("--format", "json").stdout)["cases"])
    unknown = run("come_bakc")
    assert unknown.exit_code == 2
    assert "'come_bakc' is neither a path nor a campaign of the project" in unknown.output


def test_a_path_that_stands_for_no_tests_is_an_error(run: Run) -> None:
    deep = Path("acme/tests/deep/come_back.yaml")
    deep.parent.mkdir()
    deep.write_text(Path("acme/tests/come_back.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    result = run(str(deep))
    assert result.exit_code == 1
    assert f"no file of tests is read at {deep}" in result.output
    assert "not in folders below" in result.output
    assert run("acme/rekindle.yaml").exit_code == 1
    assert run("acme/tests").exit_code == run().exit_code
