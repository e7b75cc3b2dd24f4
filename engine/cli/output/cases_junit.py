"""Results of test cases as JUnit XML, which every CI system shows: a suite a file."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from xml.etree import ElementTree

from engine.cases.runner import CaseResult
from engine.cli.output.cases import CaseReport, first_problem, place, plain
from engine.cli.output.coverage import CoverageReport, declared_at, never, share
from engine.cli.output.xml import legal


def render(report: CaseReport) -> str:
    """The document."""
    root = ElementTree.Element("testsuites", {"name": "rekindle", **_counts(report.results)})
    for file, results in groupby(report.results, key=lambda result: result.file):
        listed = list(results)
        suite = ElementTree.SubElement(root, "testsuite", {"name": legal(file), **_counts(listed)})
        if report.coverage:
            _properties(suite, listed[0], report.coverage)
        for result in listed:
            _case(suite, result)
    if report.coverage and report.coverage.fail_under is not None:
        _gate(root, report.coverage)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _counts(results: Sequence[CaseResult]) -> dict[str, str]:
    return {
        "tests": str(len(results)),
        "failures": str(sum(not r.passed and not r.error for r in results)),
        "errors": str(sum(bool(r.error) for r in results)),
        "time": f"{sum(r.seconds for r in results):.3f}",
    }


def _case(suite: ElementTree.Element, result: CaseResult) -> None:
    line = str(result.case.source.line)
    case = ElementTree.SubElement(
        suite,
        "testcase",
        classname=result.campaign,
        name=legal(result.case.it),
        file=legal(result.file),
        line=line,
        time=f"{result.seconds:.3f}",
    )
    if result.error:
        ElementTree.SubElement(case, "error", message=legal(result.error))
    elif not result.passed:
        message = f"{place(result)}: {first_problem(result)}"
        failure = ElementTree.SubElement(case, "failure", message=legal(message))
        lines = [*([result.note] if result.note else []), *(plain(pair) for pair in result.pairs)]
        failure.text = legal("\n".join(["", *lines, ""]))


def _properties(suite: ElementTree.Element, result: CaseResult, report: CoverageReport) -> None:
    """What the cases of a file cover of their campaign."""
    properties = ElementTree.SubElement(suite, "properties")
    for campaign in report.campaigns:
        if campaign.campaign == result.campaign and result.file.startswith(campaign.file.rpartition("/")[0]):
            values = [("coverage.percent", f"{share(*campaign.count()):g}")]
            values += [
                ("coverage.missing", f"{declared_at(campaign, c)} {never(c)}") for c in campaign.missing
            ]
            for name, value in values:
                ElementTree.SubElement(properties, "property", name=name, value=legal(value))


def _gate(root: ElementTree.Element, report: CoverageReport) -> None:
    """The coverage that is asked for, as a test of its own: so it is seen where only tests are shown."""
    failures = "0" if report.enough else "1"
    counts = {"tests": "1", "failures": failures, "errors": "0", "time": "0"}
    suite = ElementTree.SubElement(root, "testsuite", {"name": "coverage", **counts})
    name = f"covers at least {report.fail_under:g} %"
    case = ElementTree.SubElement(suite, "testcase", classname="coverage", name=name, time="0")
    root.set("tests", str(int(root.get("tests", "0")) + 1))
    if not report.enough:
        root.set("failures", str(int(root.get("failures", "0")) + 1))
        failure = ElementTree.SubElement(case, "failure", message=report.summary)
        lines = [
            f"{declared_at(campaign, covered)} {never(covered)}" for campaign, covered in report.missing()
        ]
        failure.text = legal("\n".join(["", *lines, ""]))
