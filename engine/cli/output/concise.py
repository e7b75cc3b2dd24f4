"""Findings one a line, for grep and for editors."""

from __future__ import annotations

from engine.cli.output.report import Report
from engine.cli.output.text import printable


def render(report: Report) -> str:
    """``file:line:column: severity code message (mend)``; nothing when there is nothing."""
    lines = []
    for f in report.findings:
        mend = f" ({f.mend})" if f.mend else ""
        lines.append(
            printable(f"{f.file}:{f.line}:{f.column}: {f.severity} {f.code} {f.message}{mend}") + "\n"
        )
    return "".join(lines)
