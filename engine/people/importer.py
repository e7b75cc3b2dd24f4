"""Reading a people source into the store: streamed, in batches, idempotent, and accounted for to the row."""

from __future__ import annotations

import csv
import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from sqlalchemy import insert, update

from engine.clock import Clock
from engine.errors import ConfigurationError
from engine.model import Project, SourceDef
from engine.people.batch import BatchResult, PeopleWriter
from engine.people.mapping import RowReader
from engine.people.tables import opened
from engine.private_files import private
from state.errors import StoreConflict
from state.store import Store
from state.tables import ImportRun

#: rows in one transaction: large enough that statements cost little, small enough that others get their turn
BATCH = 4_000
_ATTEMPTS = 5

#: rows with their numbers
Batch = list[tuple[int, list[str]]]

#: (rows read so far, bytes read so far, bytes in all or 0 when unknown)
Progress = Callable[[int, int, int], None]

_RUN: Any = ImportRun.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What one import did. ``read`` is the sum of what follows it.

    ``created``: rows that made a new person (events: events recorded); ``merged``: rows that joined a person
    who was there; ``future``: events dated after now, left for a later run.
    """

    source: str
    kind: str  # people | events
    read: int
    rejected: int
    created: int
    merged: int
    updated: int
    unchanged: int
    future: int
    #: the earliest moment of what was left for later, or None
    next_at: int | None = None
    #: the file with the rejected rows and why; None when there were none
    rejects: Path | None = None
    #: field -> cells that hold what is not in the field's list, so that no condition can name it
    unlisted: Mapping[str, int] = field(default_factory=dict)


def import_source(
    store: Store,
    project: Project,
    source: SourceDef,
    clock: Clock,
    *,
    progress: Progress | None = None,
    rejects_dir: Path,
) -> ImportReport:
    """Take in the people of one source; a row that did not change since last time costs almost nothing.

    Raises ImportFailed (naming file, column and nearest name) before anything is written when the mapping
    does not fit, and ImportFailed in the middle of a source that breaks off: what came before is in.
    """
    with opened(source, Path(project.root)) as table:
        reader = RowReader(source, project, table.header, table.name)
        writer = PeopleWriter(source.id, reader)
        with collector_held(), Run(store, source, clock, rejects_dir, table.header) as run:
            for batch in batches(table.rows):
                run.add(_written(store, writer, batch, clock.now()))
                gc.collect(0)
                if progress:
                    progress(run.total.read, table.position(), table.size)
    return run.report()


@contextmanager
def collector_held() -> Iterator[None]:
    """Hold the cycle collector off while rows are worked on.

    Rows hold no cycles, but there are so many of them that it would walk everything in memory over and over:
    a third of an import's time. What little there is to find is collected between batches.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _written(store: Store, writer: PeopleWriter, batch: Batch, now: int) -> BatchResult:
    """One transaction; run again when the database made it give way to another."""
    for _ in range(_ATTEMPTS - 1):
        try:
            with store.begin() as conn:
                return writer.take(conn, batch, now)
        except StoreConflict:
            continue
    with store.begin() as conn:
        return writer.take(conn, batch, now)


def batches(rows: Iterable[tuple[int, list[str]]], size: int = BATCH) -> Iterator[Batch]:
    """The rows in lists of at most ``size``."""
    batch: Batch = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


class Run:
    """One run of an import: its row in ``import_run``, its totals and its rejects file."""

    def __init__(
        self, store: Store, source: SourceDef, clock: Clock, rejects_dir: Path, header: Sequence[str]
    ) -> None:
        self._store, self._source, self._clock = store, source, clock
        self._started = clock.now()
        self._rejects = Rejects(rejects_dir / f"{source.id}.csv", header)
        self.total = BatchResult()
        self.future = 0
        self.next_at: int | None = None
        self._rejected = 0

    def __enter__(self) -> Self:
        with self._store.begin() as conn:
            values = {"source": self._source.id, "kind": self._source.kind, "started_at": self._started}
            self._id = conn.scalar(insert(_RUN).values(**values, **self._counts()).returning(_RUN.c.id))
        return self

    def add(self, batch: BatchResult) -> None:
        """Account for a committed batch."""
        for name in ("read", "created", "merged", "updated", "unchanged"):
            setattr(self.total, name, getattr(self.total, name) + getattr(batch, name))
        self._rejected += len(batch.rejected)
        self._rejects.write(batch.rejected)
        self.total.unlisted += batch.unlisted

    def leave(self, moments: Sequence[int]) -> None:
        """Account for rows of the future, which a later reading takes in."""
        self.future += len(moments)
        self.next_at = min((*moments, *(() if self.next_at is None else (self.next_at,))), default=None)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rejects.close()
        with self._store.begin() as conn:
            finished = None if error else self._clock.now()
            done = update(_RUN).where(_RUN.c.id == self._id).values(**self._counts(), finished_at=finished)
            conn.execute(done)

    def _counts(self) -> dict[str, int]:
        t = self.total
        return {
            "read": t.read,
            "rejected": self._rejected,
            "created": t.created,
            "merged": t.merged,
            "updated": t.updated,
            "unchanged": t.unchanged,
            "future": self.future,
        }

    def report(self) -> ImportReport:
        """The totals."""
        path = self._rejects.path if self._rejected else None
        source = self._source
        return ImportReport(
            source=source.id, kind=source.kind, rejects=path, next_at=self.next_at,
            unlisted=dict(self.total.unlisted), **self._counts(),
        )  # fmt: skip


class Rejects:
    """The file of rows that did not go in: row number, reason, and the row as it was. Made when needed; what
    the last run refused is this run's to judge, so its file goes."""

    def __init__(self, path: Path, header: Sequence[str], why: str = "reason") -> None:
        """``why``: the column that says it. Raises ConfigurationError when an earlier file cannot be removed."""
        self.path = path
        self._why = why
        self._header = header
        self._file: IO[str] | None = None
        with self._typed_errors():
            path.unlink(missing_ok=True)

    def write(self, rejected: Sequence[tuple[int, str, Sequence[str]]]) -> None:
        """Append rows. Raises ConfigurationError when the file cannot be written."""
        if not rejected:
            return
        with self._typed_errors():
            if self._file is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._file = open(self.path, "w", encoding="utf-8", newline="", opener=private)  # noqa: SIM115
                csv.writer(self._file).writerow(["row", self._why, *self._header])
            csv.writer(self._file).writerows([number, reason, *cells] for number, reason, cells in rejected)
            self._file.flush()

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._file is not None:
            self._file.close()

    @contextmanager
    def _typed_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ConfigurationError(
                f"cannot write rejected rows to {self.path}: {error.strerror}",
                hint="Make the folder writable; the other rows are in",
            ) from error
