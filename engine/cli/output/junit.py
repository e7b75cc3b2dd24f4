"""Findings as JUnit XML, which every CI system shows: a suite a file, a failure a finding.

A file without findings is one case that passed; a waived finding is a case skipped, with its reason. Columns are
1-based and count characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

import click

from engine.cli.output.report import Report, place, sentence
from engine.cli.output.text import block, printable
from engine.cli.output.xml import legal
from engine.diagnostics import Finding
from engine.rules import RULES
from engine.waivers import Waived


def render(report: Report) -> str:
    """The document."""
    cases: dict[str, list[ElementTree.Element]] = {file: [] for file in report.files}
    for finding in report.findings:
        cases.setdefault(finding.file, []).append(_failed(finding, report))
    for waived in report.waived:
        cases.setdefault(waived.finding.file, []).append(_skipped(waived))
    root = ElementTree.Element("testsuites", name="rekindle validate")
    root.extend(_suite(file, found or [_passed(file)]) for file, found in cases.items())
    for counted in ("tests", "failures", "errors", "skipped"):
        root.set(counted, str(sum(int(suite.get(counted, 0)) for suite in root)))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _suite(file: str, cases: Sequence[ElementTree.Element]) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", name=legal(file), tests=str(len(cases)))
    for counted, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(counted, str(sum(case.find(kind) is not None for case in cases)))
    suite.extend(cases)
    return suite


def _passed(file: str) -> ElementTree.Element:
    return ElementTree.Element("testcase", classname=legal(file), name="nothing to mend", file=legal(file))


def _failed(finding: Finding, report: Report) -> ElementTree.Element:
    case = _case(finding)
    failure = ElementTree.SubElement(case, "failure", type=finding.severity)
    failure.set("message", legal(f"{place(finding)}: {sentence(finding)}"))
    failure.text = legal(f"\n{click.unstyle(block(finding, report))}\n")
    return case


def _skipped(waived: Waived) -> ElementTree.Element:
    case = _case(waived.finding)
    reason = f"{printable(sentence(waived.finding))}; waived: {printable(waived.reason)}"
    ElementTree.SubElement(case, "skipped", message=legal(reason))
    return case


def _case(finding: Finding) -> ElementTree.Element:
    title = f"{finding.code} {RULES[finding.code].title}, line {finding.line}"
    file = legal(finding.file)
    return ElementTree.Element("testcase", classname=file, name=title, file=file, line=str(finding.line))
