"""The two formats that are lines: text for a reader, concise for grep and editors."""

from __future__ import annotations

import re
import unicodedata

import click

from engine.cli.output import concise, text
from engine.cli.output.report import Report, build
from engine.diagnostics import Related
from engine.waivers import Waived
from tests.formats.support import conflict, finding


def _rows(report: Report) -> list[str]:
    return click.unstyle(text.render(report)).splitlines()


def test_the_other_end_of_a_conflict_is_shown_with_its_own_line() -> None:
    report = build([conflict()], {"a.yaml": "x:\n - foo: 1", "b.yaml": "foo: 2"}, "p/")
    assert _rows(report) == [
        "p/a.yaml:2:4 error RK209 unknown key 'foo'",
        "    2 |  - foo: 1",
        "      |    ^^^ did you mean 'for'?",
        "    --> p/b.yaml:1:1",
        "    1 | foo: 2",
        "      | --- the first",
        "      = in step 's'",
        "",
        "1 error in 1 file",
    ]


def test_two_ends_on_one_line_share_it() -> None:
    other = Related(file="a.yaml", line=1, column=2, end_column=3, message="the other")
    report = build([finding(line=1, context="", related=(other,))], {"a.yaml": "{a: foo: 1}"}, "")
    assert _rows(report)[1:4] == [
        "    1 | {a: foo: 1}",
        "      |    ^^^ did you mean 'for'?",
        "      |  - the other",
    ]


def test_an_other_end_that_cannot_be_shown_is_named() -> None:
    shown = _rows(build([conflict()], {"a.yaml": "x:\n - foo: 1"}, ""))
    assert shown[3] == "      = the first: b.yaml:1:1"


def test_marks_stand_right_at_both_ends_under_wide_characters_and_tabs() -> None:
    other = Related(file="a.yaml", line=2, column=4, end_column=6, message="the first")
    report = build(
        [finding(line=1, column=3, end_column=5, mend="", context="", related=(other,))],
        {"a.yaml": "日\t語語: 1\r\n😀: e\u0301t: 2"},
        "",
    )
    assert _rows(report)[1:5] == [
        "    1 | 日    語語: 1",
        "      |       ^^^^",
        "    2 | 😀: e\u0301t: 2",
        "      |     - the first",
    ]


def test_the_verdict_counts_what_is_waived() -> None:
    waived = [Waived(finding(code="RK615"), "the lawyer wrote it")]
    assert build([], {"a": "", "b": ""}, "", waived=waived).summary == "2 files, nothing to mend; 1 finding waived"
    assert build([finding()], {}, "", waived=waived * 2).summary == "1 error in 1 file; 2 findings waived"


def test_a_long_value_is_cut_as_a_long_line_is() -> None:
    rows = _rows(build([finding(line=1, column=1, end_column=9_001)], {"a.yaml": "x" * 9_000}, ""))
    assert all(len(row) < 200 for row in rows)


def test_concise_names_the_other_end_on_the_same_line() -> None:
    assert concise.render(build([conflict()], {}, "p/")) == (
        "p/a.yaml:2:4: error RK209 unknown key 'foo' (did you mean 'for'?) [the first: p/b.yaml:1:1]\n"
    )


def check(report: Report) -> None:
    """Concise is a line a finding, and nothing in a file can move the reader's cursor."""
    lines = concise.render(report).encode().decode().split("\n")
    assert lines.pop() == ""
    assert [re.search(r":\d+:\d+: (?:error|warning) (RK\d{3}) ", line)[1] for line in lines] == [  # type: ignore[index]
        finding.code for finding in report.findings
    ]
    shown = click.unstyle(text.render(report)).replace("\n", "") + concise.render(report).replace("\n", "")
    assert {unicodedata.category(sign) for sign in shown}.isdisjoint({"Cc", "Cf", "Cs", "Zl", "Zp"})
