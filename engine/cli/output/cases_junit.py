"""Results of test cases as JUnit XML, which every CI system shows: a suite a file."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from xml.etree import ElementTree

from engine.cases.runner import CaseResult
from engine.cli.output.cases import CaseReport, plain
from engine.cli.output.xml import legal


def render(report: CaseReport) -> str:
    """The document."""
    root = ElementTree.Element("testsuites", {"name": "rekindle", **_counts(report.results)})
    for file, results in groupby(report.results, key=lambda result: result.file):
        listed = list(results)
        suite = ElementTree.SubElement(root, "testsuite", {"name": legal(file), **_counts(listed)})
        for result in listed:
            _case(suite, result)
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
        first = next(problem for pair in result.pairs for problem in pair.problems)
        failure = ElementTree.SubElement(case, "failure", message=legal(f"{result.file}:{line}: {first}"))
        lines = [*([result.note] if result.note else []), *(plain(pair) for pair in result.pairs)]
        failure.text = legal("\n".join(["", *lines, ""]))
