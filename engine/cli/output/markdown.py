"""Findings as a comment on a pull request: the verdict in numbers, then each file with what is wrong in it.

Everything that comes from a file is written so that it stays words: it opens no code, link, table, HTML or mention.
Columns are 1-based and count characters.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from engine.cli.output.report import Report, counted
from engine.cli.output.text import printable
from engine.diagnostics import Finding, Severity
from engine.documentation import rule_url
from engine.waivers import Waived

#: bytes; GitHub takes no longer comment
LONGEST = 65_535
#: more findings than this are folded, file by file
_OPEN = 20

_SIGNS = {Severity.ERROR: "❌", Severity.WARNING: "⚠️"}
#: what can begin markup or a link inside a line
_MARKUP = re.compile(r"([\\`*_\[\]<>&~$|]|:(?=//)|(?<=www)\.)", re.IGNORECASE)
#: begins the name of a person, or the number of an issue
_MENTION = re.compile(r"([@#])(?=\w)")
_FOLD_ENDS = "</details>"


def render(report: Report) -> str:
    """The comment; one that would be too long is cut at the end of a finding, and says so."""
    lines = [_verdict(report), ""]
    cut = f"\n_Cut here: a comment holds {LONGEST:,} bytes. Run `rekindle validate` to see everything._\n"
    left = LONGEST - len(f"\n{_FOLD_ENDS}\n{cut}".encode()) - sum(_size(line) for line in lines)
    folded = False
    for line in _body(report):
        left -= _size(line)
        if left < 0:
            lines += ["", _FOLD_ENDS] if folded else []
            return "\n".join([*lines, cut])
        folded = line.startswith("<details>") or (folded and line != _FOLD_ENDS)
        lines.append(line)
    return "\n".join(lines).rstrip() + "\n"


def _size(line: str) -> int:
    return len(line.encode()) + 1


def _verdict(report: Report) -> str:
    waived = f"; {counted(len(report.waived), 'finding')} waived" if report.waived else ""
    if not report.findings:
        return f"✅ **Nothing to mend** in {counted(len(report.files), 'file')}{waived}."
    sign = _SIGNS[Severity.ERROR if report.errors else Severity.WARNING]
    wrong, files = len({f.file for f in report.findings}), counted(len(report.files), "file")
    return f"{sign} **{report.counts}** in {wrong} of {files}{waived}."


def _body(report: Report) -> Iterator[str]:
    fold = len(report.findings) > _OPEN
    for file, group in groupby(report.findings, key=lambda finding: finding.file):
        findings = list(group)
        yield from _section(file, findings, fold=fold)
    if report.waived:
        yield from _folded(f"{counted(len(report.waived), 'finding')} waived", map(_waived, report.waived))
    if report.findings:
        yield "`rekindle validate` shows each with its line, `rekindle rule CODE` tells more of a rule."


def _section(file: str, findings: list[Finding], *, fold: bool) -> Iterator[str]:
    if fold:
        of = Report(tuple(findings), {}, ())
        summary = f"<code>{html.escape(printable(file))}</code>: {of.counts}"
        yield from _folded(summary, map(_item, findings))
    else:
        yield from (f"#### {code(file)}", "", *map(_item, findings), "")


def _folded(summary: str, items: Iterable[str]) -> Iterator[str]:
    yield from (f"<details><summary>{summary}</summary>", "", *items, "", _FOLD_ENDS, "")


def _item(finding: Finding) -> str:
    mend = f": {words(finding.mend)}" if finding.mend else ""
    others = "".join(
        f"; {words(other.message)}: {_where(other.file, other.line, finding.file)}"
        for other in finding.related
    )
    context = f" ({words(finding.context)})" if finding.context else ""
    said = f"**{words(finding.message)}**{mend}{others}{context}"
    return f"- {_SIGNS[finding.severity]} line {finding.line}: {said} · {_rule(finding.code)}"


def _waived(waived: Waived) -> str:
    found = waived.finding
    where = _where(found.file, found.line, "")
    return f"- {where}: {words(found.message)}, because {words(waived.reason)} · {_rule(found.code)}"


def _where(file: str, line: int, here: str) -> str:
    return f"line {line}" if file == here else f"{code(file)} line {line}"


def _rule(number: str) -> str:
    return f"[{number}]({rule_url(number)})"


def words(text: str) -> str:
    """Text that stays text: every sign that Markdown could read is escaped, and no name in it is called."""
    plain = " ".join(printable(text).split()) or "-"
    return _MARKUP.sub(r"\\\1", _MENTION.sub("\\1\u200b", plain))


def code(text: str) -> str:
    """A span of code that ends where it should, whatever back-ticks are in it."""
    plain = printable(text)
    fence = "`" * (max((len(run) for run in re.findall("`+", plain)), default=0) + 1)
    blank = " " if plain[:1] in "` " or plain[-1:] in "` " else ""
    return f"{fence}{blank}{plain}{blank}{fence}"
