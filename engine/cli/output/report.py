"""Findings and what is needed to show them; each format is a module over this."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from engine.diagnostics import Finding, Related, Severity

if TYPE_CHECKING:
    from engine.waivers import Waived

_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Report:
    """Findings with file names as the reader can open them, and the files' texts under those names."""

    findings: tuple[Finding, ...]
    texts: Mapping[str, str]
    #: the files that were asked about, by the same names
    files: tuple[str, ...]
    waived: tuple[Waived, ...] = ()

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return sum(f.severity is Severity.ERROR for f in self.findings)

    @property
    def warnings(self) -> int:
        """How many findings are warnings."""
        return len(self.findings) - self.errors

    def source_line(self, place: Finding | Related) -> str | None:
        """The line a finding, or the other end of it, is about; None when there is none to show."""
        lines = _lines(self.texts[place.file]) if place.file in self.texts else ()
        return lines[place.line - 1] if place.line <= len(lines) else None

    @property
    def summary(self) -> str:
        """The verdict in a line."""
        waived = f"; {counted(len(self.waived), 'finding')} waived" if self.waived else ""
        if not self.findings:
            return f"{counted(len(self.files), 'file')}, nothing to mend{waived}"
        return f"{self.counts} in {counted(len({f.file for f in self.findings}), 'file')}{waived}"

    @property
    def counts(self) -> str:
        """``2 errors and 1 warning``; empty where there is neither."""
        kinds = ((self.errors, "error"), (self.warnings, "warning"))
        return " and ".join(counted(number, word) for number, word in kinds if number)


def build(
    findings: Iterable[Finding],
    texts: Mapping[str, str],
    prefix: str,
    *,
    asked: Iterable[str] | None = None,
    waived: Iterable[Waived] = (),
) -> Report:
    """A report of one project. ``prefix`` goes before each relative file name, '' or ending in '/'; ``asked``: the
    files that were asked about, None for all of them."""
    return Report(
        tuple(_named(f, prefix) for f in findings),
        {prefix + file: text for file, text in texts.items()},
        tuple(prefix + file for file in (texts if asked is None else asked)),
        tuple(replace(w, finding=_named(w.finding, prefix)) for w in waived),
    )


def merge(reports: Sequence[Report]) -> Report:
    """Several projects in one."""
    return Report(
        tuple(f for report in reports for f in report.findings),
        {file: text for report in reports for file, text in report.texts.items()},
        tuple(file for report in reports for file in report.files),
        tuple(w for report in reports for w in report.waived),
    )


def sentence(finding: Finding) -> str:
    """What is wrong, and the mend in brackets."""
    return f"{finding.message} ({finding.mend})" if finding.mend else finding.message


def place(at: Finding | Related) -> str:
    """``winback.yaml:7:12``."""
    return f"{at.file}:{at.line}:{at.column}"


def counted(number: int, word: str) -> str:
    """``1 file``, ``2 files``."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def encodable(text: str) -> str:
    """The text with a sign in the place of what no encoding can hold: bytes of a name that is not UTF-8."""
    return _SURROGATE.sub("\ufffd", text)


def as_json(document: Any) -> str:
    """A JSON document for reading, whatever its strings hold."""
    return encodable(json.dumps(document, indent=2, ensure_ascii=False)) + "\n"


def _named(finding: Finding, prefix: str) -> Finding:
    related = tuple(replace(r, file=prefix + r.file) for r in finding.related)
    return replace(finding, file=prefix + finding.file, related=related)


@lru_cache(maxsize=64)
def _lines(text: str) -> tuple[str, ...]:
    return tuple(re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff")))
