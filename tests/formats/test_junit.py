"""JUnit XML, read as a CI server reads it."""

from __future__ import annotations

from junitparser import Failure, JUnitXml, Skipped, TestCase, TestSuite

from engine.cli.output import junit
from engine.cli.output.report import Report, build
from engine.cli.output.xml import legal
from engine.diagnostics import Severity
from engine.waivers import Waived
from tests.formats.support import conflict, finding


def _suites(report: Report) -> list[tuple[str, list[TestCase]]]:
    document = JUnitXml.fromstring(junit.render(report).encode())
    found = [(str(suite.name), list(suite)) for suite in document if isinstance(suite, TestSuite)]
    assert document.tests == sum(len(cases) for _, cases in found)
    assert document.failures == len(report.findings)
    assert document.skipped == len(report.waived)
    return found


def test_each_file_is_a_suite_and_each_finding_a_failure() -> None:
    report = build(
        [conflict(), finding(line=9, severity=Severity.WARNING)],
        {"a.yaml": "x:\n - foo: 1", "b.yaml": "foo: 2", "c.yaml": ""},
        "p/",
        waived=[Waived(finding(file="b.yaml", code="RK615"), "the lawyer wrote it")],
    )
    suites = dict(_suites(report))
    assert list(suites) == ["p/a.yaml", "p/b.yaml", "p/c.yaml"]
    first, second = suites["p/a.yaml"]
    assert (first.name, first.classname) == ("RK209 duplicate name, line 2", "p/a.yaml")
    (failure,) = first.result
    assert isinstance(failure, Failure)
    assert (failure.type, failure.message) == ("error", "p/a.yaml:2:4: unknown key 'foo' (did you mean 'for'?)")
    assert "    2 |  - foo: 1\n      |    ^^^ did you mean 'for'?\n" in str(failure.text)
    assert [result.type for result in second.result] == ["warning"]
    (waived,) = suites["p/b.yaml"]
    assert isinstance(waived.result[0], Skipped)
    assert "the lawyer wrote it" in str(waived.result[0].message)
    assert [case.is_passed for case in suites["p/c.yaml"]] == [True]


def test_a_file_that_nobody_asked_about_is_not_said_to_be_sound() -> None:
    assert list(dict(_suites(build([], {"a.yaml": "", "b.yaml": ""}, "", asked=["a.yaml"])))) == ["a.yaml"]


def test_what_no_xml_can_hold_is_replaced() -> None:
    ((_, (case,)),) = _suites(build([finding(message="a\0b\ufffe<&>]]>")], {}, ""))
    assert str(case.result[0].message).startswith("a.yaml:2:4: a\ufffdb\ufffd<&>]]>")


def check(report: Report) -> None:
    """Whatever is told can be read back."""
    names = [*report.files, *(f.file for f in report.findings), *(w.finding.file for w in report.waived)]
    assert [name for name, _ in _suites(report)] == [legal(name) for name in dict.fromkeys(names)]
