"""Findings for a reader: the place, the line, a caret under what is wrong, and the mend."""

from __future__ import annotations

import unicodedata

import click
from rich.cells import cell_len

from engine.cli.output.report import Report
from engine.diagnostics import Finding, Severity

#: a tab is shown as so many blanks, in the line and above the carets alike
_TAB = "    "
#: what is shown of a long line, in characters on each side of the caret
_REACH = 80


def render(report: Report) -> str:
    """All findings, then the verdict. ``click.echo`` takes the colours off where there is no terminal."""
    blocks = [_block(finding, report.source_line(finding)) for finding in report.findings]
    verdict = click.style(report.summary, fg="red" if report.errors else "green", bold=True)
    return "\n".join([*blocks, verdict]) + "\n"


def _block(finding: Finding, line: str | None) -> str:
    colour = "red" if finding.severity is Severity.ERROR else "yellow"
    place = click.style(f"{finding.file}:{finding.line}:{finding.column}", bold=True)
    head = (
        f"{place} {click.style(str(finding.severity), fg=colour)} {finding.code} {printable(finding.message)}"
    )
    rows = [head]
    if line is not None and line.strip():
        rows += _marked(finding, line, colour)
    elif finding.mend:
        rows.append(f"      = {printable(finding.mend)}")
    if finding.context:
        rows.append(click.style(f"      = in {printable(finding.context)}", dim=True))
    return "\n".join(rows) + "\n"


def _marked(finding: Finding, line: str, colour: str) -> list[str]:
    start, end = finding.column - 1, min(finding.end_column - 1, max(len(line), finding.column))
    left = max(0, start - _REACH) if len(line) > 2 * _REACH else 0
    right = max(end, start + _REACH) if len(line) > 2 * _REACH else len(line)
    before, marked, after = (
        printable(line[left:start]),
        printable(line[start:end]),
        printable(line[end:right]),
    )
    number = f"{finding.line:>5}"
    carets = click.style("^" * max(cell_len(marked), 1), fg=colour)
    mend = f" {printable(finding.mend)}" if finding.mend else ""
    return [f"{number} | {before}{marked}{after}".rstrip(), f"      | {' ' * cell_len(before)}{carets}{mend}"]


def printable(text: str) -> str:
    """The text with tabs as blanks and without what could move a terminal's cursor or turn its writing."""
    spaced = text.replace("\t", _TAB)
    return "".join(
        "\ufffd" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c for c in spaced
    )
