"""``rekindle import``: what each source gave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import RenderableType

from engine.cli.output.look import BAD, number, plain, table
from engine.errors import ImportFailed
from engine.people.importer import ImportReport

_COUNTS = ("read", "created", "merged", "updated", "unchanged", "future")


def as_data(reports: Sequence[ImportReport], failures: Sequence[ImportFailed]) -> dict[str, Any]:
    """The reports, for a program."""
    rows = [{**asdict(r), "rejects": str(r.rejects) if r.rejects else None} for r in reports]
    return {"format_version": 1, "sources": rows, "failures": [f.message for f in failures]}


def render(reports: Sequence[ImportReport]) -> RenderableType:
    """A row a source; what was read is the sum of the columns after it."""
    body = table("source", *_COUNTS, "rejected", numbers=(*_COUNTS, "rejected"))
    for report in reports:
        counts = [number(getattr(report, name)) for name in _COUNTS]
        body.add_row(plain(report.source), *counts, number(report.rejected, BAD))
    return body
