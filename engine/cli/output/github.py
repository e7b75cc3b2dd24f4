"""Findings as workflow commands: GitHub Actions shows each beside its line in the pull request.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions says how they are written. Files are
relative to the repository's root. Columns are 1-based and count characters; ``endColumn`` is the last one marked,
because GitHub takes a missing one for the same as ``col``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from engine.cli.output.report import Report, encodable, place, sentence
from engine.cli.output.text import printable
from engine.diagnostics import Finding
from engine.documentation import rule_url
from engine.rules import RULES

#: in the text of a command; in a property also what ends one
_IN_TEXT = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_IN_PROPERTY = {**_IN_TEXT, ":": "%3A", ",": "%2C"}


def render(report: Report) -> str:
    """A command a finding, then the verdict for whoever reads the log."""
    return "".join(f"{line}\n" for line in (*map(_command, report.findings), report.summary))


def _command(finding: Finding) -> str:
    properties = {
        "file": finding.file,
        "line": str(finding.line),
        "col": str(finding.column),
        "endColumn": str(max(finding.end_column - 1, finding.column)),
        "title": f"{finding.code} {RULES[finding.code].title}",
    }
    return command(finding.severity, properties, _told(finding))


def command(name: str, properties: Mapping[str, str], lines: Iterable[str]) -> str:
    """A workflow command: ``error``, ``warning`` or ``notice``, with what it is about and the lines it says."""
    written = ",".join(f"{key}={_escaped(value, _IN_PROPERTY)}" for key, value in properties.items())
    text = _escaped("\n".join(lines), _IN_TEXT)
    return f"::{name} {written}::{text}"


def _told(finding: Finding) -> Iterator[str]:
    """The lines of an annotation. The place comes first because the log does not show the properties."""
    yield printable(f"{place(finding)}: {sentence(finding)}")
    yield from (printable(f"{related.message}: {place(related)}") for related in finding.related)
    if finding.context:
        yield printable(f"in {finding.context}")
    yield rule_url(finding.code)


def _escaped(text: str, signs: dict[str, str]) -> str:
    return "".join(signs.get(sign, sign) for sign in encodable(text))
