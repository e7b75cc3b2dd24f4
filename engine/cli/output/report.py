"""Findings and what is needed to show them; each format is a module over this."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from engine.diagnostics import Finding, Severity


@dataclass(frozen=True, slots=True)
class Report:
    """Findings with file names as the reader can open them, and the files' texts under those names."""

    findings: tuple[Finding, ...]
    texts: Mapping[str, str]
    #: how many files were looked at
    files: int

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return sum(f.severity is Severity.ERROR for f in self.findings)

    @property
    def warnings(self) -> int:
        """How many findings are warnings."""
        return len(self.findings) - self.errors

    def source_line(self, finding: Finding) -> str | None:
        """The line a finding is about, or None when there is none to show."""
        lines = re.split(r"\r\n|\r|\n", self.texts.get(finding.file, "").removeprefix("\ufeff"))
        return lines[finding.line - 1] if finding.line <= len(lines) and finding.file in self.texts else None

    @property
    def summary(self) -> str:
        """The verdict in a line."""
        if not self.findings:
            return f"{_count(self.files, 'file')}, nothing to mend"
        counts = [_count(n, word) for n, word in ((self.errors, "error"), (self.warnings, "warning")) if n]
        return f"{' and '.join(counts)} in {_count(len({f.file for f in self.findings}), 'file')}"


def build(findings: list[Finding], texts: Mapping[str, str], prefix: str) -> Report:
    """A report of one project. ``prefix`` goes before each relative file name, '' or ending in '/'."""
    named = tuple(replace(f, file=prefix + f.file) for f in findings)
    return Report(named, {prefix + file: text for file, text in texts.items()}, len(texts))


def merge(reports: list[Report]) -> Report:
    """Several projects in one."""
    findings = tuple(f for report in reports for f in report.findings)
    texts = {file: text for report in reports for file, text in report.texts.items()}
    return Report(findings, texts, sum(report.files for report in reports))


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
