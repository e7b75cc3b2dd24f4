"""Outcomes of tasks out of a file: what somebody filled in goes in a batch a transaction; the rest is told why not.

Reading a file again changes nothing. A no counts in any case, also in a row that does not go in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from engine.clock import parse_instant
from engine.dispositions import DISPOSITIONS
from engine.errors import ImportFailed
from engine.people.csv_file import opened_csv
from engine.people.importer import Rejects, batches
from engine.sources import REJECTS
from engine.suggest import nearest
from engine.task_export import as_written
from engine.task_outcomes import Outcome, Result, settle
from state.errors import StoreConflict

if TYPE_CHECKING:
    from engine.app import App

#: columns that are read; any other is left alone, so that an export can be filled in and read back
COLUMNS = ("ref", "code", "at", "happened_at", "comment", "reason", "words")
#: column of the rejected rows that says why; "reason" is one of theirs
_WHY = "rejected because"
_NEEDED = ("ref", "code")
#: rows in one transaction
_BATCH = 500
_ATTEMPTS = 5
_NO_MOMENT = "'at' and 'happened_at' are moments: 2026-03-02 or 2026-03-02T15:00:00Z"
_CODES = {code.replace("_", " "): code for code in DISPOSITIONS}

#: (rows read so far, bytes read so far, bytes in all)
Progress = Callable[[int, int, int], None]


class _Row(NamedTuple):
    number: int
    cells: Sequence[str]
    outcome: Outcome | None
    fault: str = ""


class Noted(NamedTuple):
    """A refusal that stood in the words beside a code that is none."""

    row: int
    ref: str
    channels: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class OutcomeReport:
    """What became of the rows. ``empty``: rows without a code, whose tasks stay open."""

    read: int = 0
    closed: int = 0
    moved: int = 0
    unchanged: int = 0
    empty: int = 0
    rejected: int = 0
    by_code: Counter[str] = field(default_factory=Counter)
    noted: list[Noted] = field(default_factory=list)
    rejects: Path | None = None


def import_outcomes(app: App, path: Path, progress: Progress | None = None) -> OutcomeReport:
    """Read a CSV file with the columns ``ref`` and ``code``, and of ``COLUMNS`` what else it has.

    Raises ImportFailed for a file that is no such table; what was read before it broke off is in.
    """
    report = OutcomeReport()
    app.versions.refresh(app.store)  # what people are on listens too, not only what the files say now
    with opened_csv(path, str(path)) as table:
        header = [name.strip().lower() for name in table.header]
        _check(header, str(path))
        rejects = Rejects(Path(app.project.root) / REJECTS / "outcomes.csv", table.header, _WHY)
        try:
            for batch in batches(table.rows, _BATCH):
                _count(report, rejects, _taken(app, [_read(header, n, cells) for n, cells in batch]))
                if progress:
                    progress(report.read, table.raw.tell(), path.stat().st_size)
        finally:
            rejects.close()
    report.rejects = rejects.path if report.rejected else None
    return report


def _check(header: Sequence[str], name: str) -> None:
    missing = next((column for column in _NEEDED if column not in header), None)
    if missing is not None:
        near = nearest(missing, [column for column in header if column])
        hint = "'rekindle tasks export' writes a table that can be filled in"
        raise ImportFailed(f"{name} has no column '{missing}'", hint=f"Is it '{near}'?" if near else hint)


def _read(header: Sequence[str], number: int, cells: Sequence[str]) -> _Row:
    """A row as an outcome; one without a code says nothing of its task."""
    values = {
        name: as_written(cell.strip()) for name, cell in zip(header, cells, strict=False) if name in COLUMNS
    }
    if not values.get("code"):
        return _Row(number, cells, None)
    code = _CODES.get(values["code"].lower().replace("_", " ").replace("-", " "), values["code"])
    ref, comment, reason, words = (values.get(name) or None for name in ("ref", "comment", "reason", "words"))
    outcome = Outcome(ref=ref or "", code=code, comment=comment, reason=reason, words=words)
    try:
        at, happened = (parse_instant(v) if (v := values.get(n)) else None for n in ("at", "happened_at"))
    except ValueError:
        known = DISPOSITIONS.get(code)
        fault = "" if known and known.refuses else _NO_MOMENT  # whenever it was said: a no counts now
        return _Row(number, cells, outcome, fault)
    return _Row(number, cells, replace(outcome, at=at, happened=happened))


def _taken(app: App, rows: Sequence[_Row]) -> Iterator[tuple[_Row, Result | None]]:
    """Each row with what became of it; None for one that says nothing. One transaction."""
    # of a row that cannot be read the words still count: an empty code is no disposition, so nothing else does
    told = [replace(r.outcome, code="") if r.fault else r.outcome for r in rows if r.outcome]
    results = iter(_settled(app, told))
    return ((row, next(results) if row.outcome else None) for row in rows)


def _settled(app: App, outcomes: Sequence[Outcome]) -> list[Result]:
    """In one transaction; run again when the database made it give way to another."""
    for _ in range(_ATTEMPTS - 1):
        try:
            with app.store.begin() as conn:
                return settle(app, conn, outcomes, app.clock.now())
        except StoreConflict:
            continue
    with app.store.begin() as conn:
        return settle(app, conn, outcomes, app.clock.now())


def _count(report: OutcomeReport, rejects: Rejects, taken: Iterator[tuple[_Row, Result | None]]) -> None:
    refused = []
    for row, result in taken:
        report.read += 1
        if result is None:
            report.empty += 1
            continue
        if result.refused:
            report.noted.append(Noted(row.number, result.outcome.ref, result.refused))
        if row.fault or result.fault:
            report.rejected += 1
            refused.append((row.number, _why(row, result), row.cells))
        elif result.unchanged:
            report.unchanged += 1
        else:
            report.moved += result.moved
            report.closed += not result.moved
            report.by_code[result.outcome.code] += 1
    rejects.write(refused)


def _why(row: _Row, result: Result) -> str:
    fault = row.fault or str(result.fault)
    return f"{fault} (the refusal in it counts all the same)" if result.refused else fault
