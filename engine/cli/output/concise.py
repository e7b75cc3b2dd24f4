"""Findings one a line, for grep and for editors. Columns are 1-based and count characters."""

from __future__ import annotations

from engine.cli.output.report import Report, place, sentence
from engine.cli.output.text import printable
from engine.diagnostics import Finding


def render(report: Report) -> str:
    """``file:line:column: severity code message (mend)``, and the other end of a conflict in square brackets;
    nothing when there is nothing."""
    return "".join(printable(_line(finding)) + "\n" for finding in report.findings)


def _line(finding: Finding) -> str:
    others = "".join(f" [{related.message}: {place(related)}]" for related in finding.related)
    return f"{place(finding)}: {finding.severity} {finding.code} {sentence(finding)}{others}"
