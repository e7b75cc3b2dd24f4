"""Findings for programs. ``format_version`` changes when a field changes its meaning or goes.

Lines and columns are 1-based; columns count characters (Unicode code points), and ``end_column`` is exclusive.
"""

from __future__ import annotations

from typing import Any

from engine.cli.output.report import Report, as_json
from engine.diagnostics import Finding, Fix, Related
from engine.documentation import rule_url

FORMAT_VERSION = 1


def render(report: Report) -> str:
    """One JSON document."""
    counts = {"files": len(report.files), "errors": report.errors, "warnings": report.warnings}
    return as_json(
        {
            "format_version": FORMAT_VERSION,
            "summary": {**counts, "waived": len(report.waived)},
            "findings": [_finding(finding) for finding in report.findings],
            "waived": [{**_finding(w.finding), "reason": w.reason} for w in report.waived],
        }
    )


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "file": finding.file,
        **_range(finding),
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "mend": finding.mend,
        "context": finding.context,
        "documentation": rule_url(finding.code),
        "related": [{"file": r.file, **_range(r), "message": r.message} for r in finding.related],
        "fix": {**_range(finding.fix), "text": finding.fix.text} if finding.fix else None,
    }


def _range(at: Finding | Related | Fix) -> dict[str, int]:
    """A stretch of one line."""
    return {"line": at.line, "column": at.column, "end_line": at.line, "end_column": at.end_column}
