"""Findings for a reader: the place, the line, a caret under what is wrong, the mend, and the other end of a conflict.

Columns are 1-based and count characters; the carets stand by the cells that a terminal gives each.
"""

from __future__ import annotations

import unicodedata

import click
from rich.cells import cell_len

from engine.cli.output.report import Report, place
from engine.diagnostics import Finding, Related, Severity

#: a tab is shown as so many blanks, in the line and above the carets alike
_TAB = "    "
#: what is shown of a long line, in characters on each side of the caret
_REACH = 80
#: so many carets show where; the words beside them are to be seen without a search
_MARKS = 32


def render(report: Report) -> str:
    """All findings, then the verdict. ``click.echo`` takes the colours off where there is no terminal."""
    blocks = [block(finding, report) + "\n" for finding in report.findings]
    verdict = click.style(report.summary, fg="red" if report.errors else "green", bold=True)
    return "\n".join([*blocks, verdict]) + "\n"


def block(finding: Finding, report: Report) -> str:
    """One finding with its lines, coloured."""
    colour = "red" if finding.severity is Severity.ERROR else "yellow"
    at, severity = click.style(printable(place(finding)), bold=True), click.style(finding.severity, fg=colour)
    rows = [f"{at} {severity} {finding.code} {printable(finding.message)}"]
    line = report.source_line(finding)
    if line is not None and line.strip():
        rows += _marked(finding, line, "^", colour, finding.mend)
    elif finding.mend:
        rows.append(f"      = {printable(finding.mend)}")
    for related in finding.related:
        rows += _other_end(finding, related, report.source_line(related))
    if finding.context:
        rows.append(click.style(f"      = in {printable(finding.context)}", dim=True))
    return "\n".join(rows)


def _other_end(finding: Finding, related: Related, line: str | None) -> list[str]:
    if line is None or not line.strip():
        return [f"      = {printable(related.message)}: {printable(place(related))}"]
    rows = _marked(related, line, "-", "cyan", related.message)
    if related.file != finding.file:
        return [f"    --> {printable(place(related))}", *rows]
    return rows[1:] if related.line == finding.line and len(line) <= 2 * _REACH else rows


def _marked(at: Finding | Related, line: str, mark: str, colour: str, words: str) -> list[str]:
    """A line with marks under a stretch of it, and words beside them."""
    start, end = at.column - 1, min(at.end_column - 1, max(len(line), at.column))
    end = min(end, start + _MARKS)
    left, right = 0, len(line)
    if len(line) > 2 * _REACH:
        left, right = max(0, start - _REACH), max(end, start + _REACH)
    before, marked, after = printable(line[left:start]), printable(line[start:end]), printable(line[end:right])
    marks = click.style(mark * max(cell_len(marked), 1), fg=colour)
    under = f"{' ' * cell_len(before)}{marks} {printable(words)}".rstrip()
    return [f"{at.line:>5} | {before}{marked}{after}".rstrip(), f"      | {under}"]


def printable(text: str) -> str:
    """The text with tabs as blanks and without what could move a terminal's cursor or turn its writing."""
    spaced = text.replace("\t", _TAB)
    return "".join(
        "\ufffd" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c for c in spaced
    )
