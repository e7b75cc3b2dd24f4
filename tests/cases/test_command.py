"""``rekindle test``: what a reader, a program and a CI system get, and the exit code."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import click
import pytest
from click.testing import CliRunner, Result

from engine.cli import main
from tests.cases.support import CHURNED, FILES

ROOT = Path(__file__).parents[2]
SNAPSHOT = Path(__file__).parent / "side_by_side.out"

CASES = f"""\
tests: come_back
cases:
  - it: stops when they reply
    given:
      person: &ada {{{CHURNED}, first_name: Ada}}
    when: [{{at: 1d, event: replied, text: call me}}]
    expect:
      - {{at: 0d, step: hello, channel: email, variant: a, says: Hi Ada}}
      - {{at: 1d, exit: handed_over}}

  - it: differs in every way a story can
    given: {{person: *ada}}
    expect:
      - {{at: 0d, step: hello, channel: email, variant: a, subject: Your price, says: [Hi Ada, Hi Bo]}}
      - {{at: 4d, step: note, skipped: condition}}
      - {{at: 12d, step: text, channel: sms}}
      - {{at: 30d, step: it_is_here, channel: email}}
      - {{at: 38d, exit: won_back}}

  - it: expects too little
    given: {{person: *ada, touches: [{{channel: email, at: 6d ago}}, {{channel: email, at: 5d ago}}]}}
    when: [{{at: 2d, event: purchase}}]
    expect:
      - {{at: 2d, exit: won_back}}

  - it: is about somebody who cannot be
    given: {{person: {{phone: none}}}}
    expect: []

  - it: is about somebody who is not wanted
    given: {{person: {{status_at_last_touch: customer}}}}
    expect:
      - {{at: 0d, step: hello, channel: email}}
"""

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command in a folder that holds the project in ``acme``."""
    for name, text in {**FILES, "tests/come_back.yaml": CASES}.items():
        path = tmp_path / "acme" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def invoke(*words: str, options: tuple[str, ...] = ("--project", "acme")) -> Result:
        return CliRunner().invoke(main, [*options, "test", *words])

    return invoke


def test_a_reader_gets_both_stories_side_by_side(run: Run) -> None:
    told = re.sub(r"in \d+\.\d s", "in 0.0 s", click.unstyle(run().output))
    assert told == SNAPSHOT.read_text(encoding="utf-8")
    assert max(map(len, told.splitlines())) <= 100


def test_one_failure_is_enough_to_fail(run: Run) -> None:
    assert run().exit_code == 1
    passing = run("-k", "stops")
    assert passing.exit_code == 0
    assert passing.output.splitlines()[0] == "acme/tests/come_back.yaml ."


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
    assert "there are no tests" in refused.output


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


def test_a_program_gets_everything(run: Run) -> None:
    found = json.loads(run("--format", "json").stdout)
    assert found["format_version"] == 1
    assert {k: v for k, v in found["summary"].items() if k != "seconds"} == {"cases": 5, "failed": 4}
    differs = found["cases"][1]
    assert (differs["file"], differs["line"], differs["passed"]) == ("acme/tests/come_back.yaml", 11, False)
    first = differs["story"][0]
    assert (first["expected"], first["line"]) == ("0d  hello  email", 14)
    assert first["problems"] == ["the subject is 'Your price still stands'", "it does not say 'Hi Bo'"]
    assert first["happened"]["kind"] == "send"
    assert first["happened"]["text"].startswith("Hi Ada, you left us on January 1, 2026.")
    assert "phone" in found["cases"][3]["error"]
    assert "not enter" in found["cases"][4]["note"]


def test_a_ci_system_gets_junit(run: Run) -> None:
    root = ElementTree.fromstring(run("--format", "junit").stdout)
    assert (root.tag, root.get("tests"), root.get("failures"), root.get("errors")) == (
        "testsuites",
        "5",
        "3",
        "1",
    )
    [suite] = root
    assert suite.get("name") == "acme/tests/come_back.yaml"
    cases = {case.get("line"): case for case in suite}
    assert cases["3"].get("name") == "stops when they reply"
    assert list(cases["3"]) == []
    failure = cases["11"].find("failure")
    assert failure is not None
    assert failure.get("message") == "acme/tests/come_back.yaml:11: the subject is 'Your price still stands'"
    assert "  - 38d  exit: won_back\n  + 38d  exit: completed\n      the reason is completed" in (
        failure.text or ""
    )
    assert cases["26"].find("error") is not None


def test_junit_holds_only_what_xml_can(run: Run) -> None:
    text = CASES.replace("it: expects too little", 'it: "a bell \\x07, a <tag> & \\"quotes\\" \\uFFFE"')
    Path("acme/tests/come_back.yaml").write_text(text, encoding="utf-8")
    root = ElementTree.fromstring(run("--format", "junit").stdout)
    assert [case.get("name") for case in root.iter("testcase")][
        2
    ] == 'a bell \ufffd, a <tag> & "quotes" \ufffd'


def test_nothing_is_written_beside_the_project(run: Run, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    run()
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("project", ["campaigns", "engine/cli/starter"])
def test_what_is_shipped_passes_its_own_tests(project: str, tmp_path: Path) -> None:
    words = ["--project", str(ROOT / project)]
    if project.endswith("starter"):
        assert CliRunner().invoke(main, ["init", str(tmp_path / "acme")]).exit_code == 0
        words = ["--project", str(tmp_path / "acme")]
    result = CliRunner().invoke(main, [*words, "test"])
    assert result.exit_code == 0, result.output
    assert " failed" not in result.output
