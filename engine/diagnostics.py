"""A finding is a value; a format is a file (engine/cli/output)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters: an error fails the command."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """The other end of a conflict: where it is, and what stands there."""

    file: str
    line: int
    column: int
    end_column: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """A mend that needs no thought: what stands in a stretch of one line, and what should."""

    line: int
    column: int
    end_column: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One mistake, aimed at the key or value that is wrong. Lines and columns are 1-based; columns count
    characters; ``end_column`` is exclusive."""

    file: str  # relative to the project folder, or as given
    line: int
    column: int
    end_column: int
    code: str  # RK103
    message: str
    mend: str = ""  # what to do, e.g. "did you mean 'email'?"
    context: str = ""  # e.g. "step 'gap_closed' of campaign 'closed_lost'"
    severity: Severity = Severity.ERROR
    related: tuple[Related, ...] = ()
    fix: Fix | None = None  # in the same file; only where there is one safe way to mend it


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Findings as a reader meets them: by file, line, column; exact repeats once."""
    return sorted(set(findings), key=lambda f: (f.file, f.line, f.column, f.code, f.message))
