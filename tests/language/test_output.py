"""Findings as text, concise lines and JSON."""

from __future__ import annotations

import json

import click
import pytest

from engine.cli.output import concise, report, text
from engine.cli.output import json as as_json
from engine.diagnostics import Finding, Severity


def _finding(column: int = 4, end: int = 7, **changes: object) -> Finding:
    values: dict[str, object] = {
        "file": "a.yaml", "line": 1, "column": column, "end_column": end, "code": "RK110",
        "message": "unknown key", "mend": "did you mean 'b'?", "context": "step 's'",
    }  # fmt: skip
    return Finding(**(values | changes))  # type: ignore[arg-type]


def _rows(line: str, finding: Finding) -> list[str]:
    shown = click.unstyle(text.render(report.build([finding], {"a.yaml": line}, "p/")))
    return shown.splitlines()


def test_a_finding_is_shown_with_its_line_caret_mend_and_context() -> None:
    assert _rows("xx foo: 1", _finding()) == [
        "p/a.yaml:1:4 error RK110 unknown key",
        "    1 | xx foo: 1",
        "      |    ^^^ did you mean 'b'?",
        "      = in step 's'",
        "",
        "1 error in 1 file",
    ]


@pytest.mark.parametrize(
    ("line", "column", "end", "shown", "carets"),
    [
        ("日本 foo: 1", 4, 7, "日本 foo: 1", "     ^^^"),
        ("x: 日本", 4, 6, "x: 日本", "   ^^^^"),
        ("\tfoo: 1", 2, 5, "    foo: 1", "    ^^^"),
        ("e\u0301t\u00e9 foo", 6, 9, "e\u0301t\u00e9 foo", "    ^^^"),
        ("foo", 4, 5, "foo", "   ^"),
    ],
)
def test_carets_stand_right_under_wide_characters_and_tabs(
    line: str, column: int, end: int, shown: str, carets: str
) -> None:
    rows = _rows(line, _finding(column, end, mend=""))
    assert rows[1:3] == [f"    1 | {shown}", f"      | {carets}"]


def test_a_line_cannot_move_the_readers_cursor() -> None:
    rows = _rows("a\x1b[2J\u202eb: 1", _finding(1, 2))
    assert rows[1] == "    1 | a\ufffd[2J\ufffdb: 1"


def test_a_long_line_is_cut_around_its_caret() -> None:
    rows = _rows("x" * 5_000 + "foo" + "y" * 5_000, _finding(5_001, 5_004))
    assert len(rows[1]) < 250
    assert rows[1][rows[2].index("^") :].startswith("foo")


def test_a_file_that_is_not_there_still_has_its_mend() -> None:
    shown = click.unstyle(text.render(report.build([_finding(context="")], {}, "")))
    assert shown.splitlines()[1] == "      = did you mean 'b'?"


def test_the_verdict_counts_errors_and_warnings_apart() -> None:
    findings = [_finding(), _finding(line=2), _finding(file="b.yaml", severity=Severity.WARNING)]
    assert report.build(findings, {}, "").summary == "2 errors and 1 warning in 2 files"
    assert report.build([], {"a": "", "b": ""}, "").summary == "2 files, nothing to mend"


def test_concise_is_one_line_a_finding() -> None:
    shown = concise.render(report.build([_finding(message="a\nb")], {}, "p/"))
    assert shown == "p/a.yaml:1:4: error RK110 a\ufffdb (did you mean 'b'?)\n"


def test_json_carries_everything_and_its_version() -> None:
    document = json.loads(as_json.render(report.build([_finding()], {"a.yaml": ""}, "p/")))
    assert document["format_version"] == 1
    assert document["summary"] == {"files": 1, "errors": 1, "warnings": 0, "waived": 0}
    assert document["findings"][0]["file"] == "p/a.yaml"
    assert document["findings"][0]["severity"] == "error"
    assert document["findings"][0]["end_column"] == 7
