"""Rows that the last import of a source refused, looked up by the source's own key."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.sources import REJECTS

if TYPE_CHECKING:
    from engine.app import App


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedRow:
    """A row that did not go in. ``row``: its number in the source; ``file``: where it is kept with its reason."""

    source: str
    row: str
    reason: str
    file: str

    @property
    def told(self) -> str:
        """What became of the row, in words."""
        return f"row {self.row} of {self.source} did not go in, because {self.reason} ({self.file})"


def rejected_row(app: App, key: str) -> RejectedRow | None:
    """The row of that key among those a people source's last import refused, or None. Reads the rejects files."""
    for source in app.project.sources:
        path = REJECTS / f"{source.id}.csv"
        found = _find(Path(app.project.root) / path, source.key, key) if source.kind == "people" else None
        if found is not None:
            return RejectedRow(
                source=source.id, row=found["row"], reason=found["reason"], file=path.as_posix()
            )
    return None


def _find(path: Path, column: str, key: str) -> dict[str, str] | None:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return next((row for row in csv.DictReader(file) if row.get(column) == key), None)
    except (OSError, csv.Error):  # no such file: nothing was refused
        return None
