"""Findings for programs."""

from __future__ import annotations

import json

from engine.cli.output import json as as_json
from engine.cli.output.report import Report, build, encodable
from engine.waivers import Waived
from tests.formats.support import conflict, finding

_KEYS = [
    "file", "line", "column", "end_line", "end_column", "code", "severity", "message", "mend", "context",
    "documentation", "related", "fix",
]  # fmt: skip


def test_a_finding_carries_its_range_its_page_its_other_end_and_its_mend() -> None:
    document = json.loads(as_json.render(build([conflict()], {"a.yaml": "", "b.yaml": ""}, "p/")))
    (told,) = document["findings"]
    assert list(told) == _KEYS
    assert (told["line"], told["column"], told["end_line"], told["end_column"]) == (2, 4, 2, 7)
    assert told["documentation"] == "https://rekindle.example/docs/rules/RK209"
    assert told["related"] == [
        {"file": "p/b.yaml", "line": 1, "column": 1, "end_line": 1, "end_column": 4, "message": "the first"}
    ]
    assert told["fix"] == {"line": 2, "column": 4, "end_line": 2, "end_column": 7, "text": "for"}


def test_a_waived_finding_stands_apart_with_its_reason() -> None:
    report = build([], {"a.yaml": ""}, "", waived=[Waived(finding(code="RK615"), "the lawyer wrote it")])
    document = json.loads(as_json.render(report))
    assert document["findings"] == []
    assert document["summary"] == {"files": 1, "errors": 0, "warnings": 0, "waived": 1}
    (told,) = document["waived"]
    assert list(told) == [*_KEYS, "reason"]
    assert (told["code"], told["reason"]) == ("RK615", "the lawyer wrote it")


def check(report: Report) -> None:
    """Whatever is told can be read back."""
    document = json.loads(as_json.render(report).encode())
    told = [(f["file"], f["message"], f["severity"]) for f in document["findings"]]
    assert told == [(encodable(f.file), f.message, f.severity) for f in report.findings]
    assert [w["reason"] for w in document["waived"]] == [w.reason for w in report.waived]
