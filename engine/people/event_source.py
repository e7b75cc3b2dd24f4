"""Reading an event source: each row once, those of the future left for a later run, unknown people set aside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection

from engine.broadcast import Broadcast, broadcast
from engine.clock import Clock
from engine.errors import ImportFailed
from engine.events import Listeners, NewEvent, record_in
from engine.feedback import Values
from engine.model import Campaign, Project, SourceDef
from engine.people.batch import BatchResult
from engine.people.importer import Batch, ImportReport, Progress, Run, batches
from engine.people.mapping import positions
from engine.people.normalise import email_key
from engine.people.tables import opened
from engine.people.values import BadValue, instant
from state.queries import events, people
from state.store import Store

_UNKNOWN = "nobody on record has this e-mail address or source key"


class _Row(NamedTuple):
    number: int
    cells: Sequence[str]
    key: str
    name: str
    at: int
    person: str  # empty: a broadcast
    data: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventReader:
    """The declared columns of an event source, found in its header."""

    source: SourceDef
    at: Mapping[str, int]
    width: int

    @classmethod
    def of(cls, source: SourceDef, header: Sequence[str], table: str) -> EventReader:
        """Raises ImportFailed naming every declared column that ``header`` of ``table`` does not have."""
        if not source.event_name or not source.event_at:
            raise ImportFailed(
                f"{source.source}: an event source needs 'name' and 'at'", hint="Name their columns"
            )
        wanted = [source.key, source.event_name, source.event_at, *source.event_data.values()]
        wanted += [source.event_person] if source.event_person else []
        return cls(source=source, at=positions(wanted, header, table, str(source.source)), width=len(header))

    def key(self, cells: Sequence[str]) -> str:
        """The cell that names the event for ever."""
        index = self.at[self.source.key]
        return cells[index].strip() if index < len(cells) else ""

    def read(self, number: int, cells: Sequence[str]) -> _Row:
        """The row's meaning. Raises BadValue."""
        if len(cells) != self.width:
            raise BadValue(f"{len(cells)} cells under {self.width} column names")
        source = self.source
        key, name = self.key(cells), self._cell(source.event_name, cells)
        if not key or not name:
            raise BadValue(f"'{source.key if not key else source.event_name}' is empty")
        try:
            at = instant(self._cell(source.event_at, cells), source.date_format)
        except BadValue as error:
            raise BadValue(f"'{source.event_at}' {error}") from None
        data = {k: value for k, column in source.event_data.items() if (value := self._cell(column, cells))}
        if "\x00" in "".join(cells):
            raise BadValue("a cell holds a NUL character")
        return _Row(number, cells, key, name, at, self._cell(source.event_person, cells), data)

    def _cell(self, column: str | None, cells: Sequence[str]) -> str:
        return cells[self.at[column]].strip() if column else ""


def import_events(
    store: Store,
    project: Project,
    source: SourceDef,
    clock: Clock,
    listeners: Listeners,
    *,
    campaigns: Iterable[Campaign] | None = None,
    progress: Progress | None = None,
    rejects_dir: Path,
) -> ImportReport:
    """Record the events of one source; rows without a person are broadcasts to ``campaigns`` (default: the
    project's). In the report ``created`` are events recorded and ``future`` those not due yet.

    Raises ImportFailed like ``import_source``.
    """
    audience = list(project.campaigns.values() if campaigns is None else campaigns)
    with opened(source, Path(project.root)) as table:
        reader = EventReader.of(source, table.header, table.name)
        with Run(store, source, clock, rejects_dir, table.header) as run:
            for batch in batches(table.rows):
                result, future, unaddressed = _take(
                    store, reader, batch, listeners, project.values, clock.now()
                )
                for row in unaddressed:
                    broadcast(store, _broadcast_of(row, source), audience, clock)
                run.leave(future)
                run.add(result)
                if progress:
                    progress(run.total.read, table.position(), table.size)
    return run.report()


def _take(
    store: Store, reader: EventReader, batch: Batch, listeners: Listeners, values: Values, now: int
) -> tuple[BatchResult, list[int], list[_Row]]:
    """Record the addressed rows of a batch; (what became of it, moments of the future, broadcasts to make)."""
    result = BatchResult(read=len(batch))
    with store.begin() as conn:
        rows = _new_rows(conn, reader, batch, result)
        due = [row for row in rows if row.at <= now]
        addressed = [row for row in due if row.person]
        whose = _people(conn, {row.person for row in addressed})
        result.rejected += [(r.number, _UNKNOWN, r.cells) for r in addressed if r.person not in whose]
        known = [row for row in addressed if row.person in whose]
        new = [_event_of(row, reader.source, whose[row.person]) for row in known]
        record_in(conn, new, listeners, now, values)
    unaddressed = [row for row in due if not row.person]
    result.created += len(known) + len(unaddressed)
    return result, [row.at for row in rows if row.at > now], unaddressed


def _new_rows(conn: Connection, reader: EventReader, batch: Batch, result: BatchResult) -> list[_Row]:
    seen = events.known_keys(conn, reader.source.id, {reader.key(cells) for _, cells in batch})
    rows: list[_Row] = []
    for number, cells in batch:
        if reader.key(cells) in seen:
            result.unchanged += 1
            continue
        try:
            rows.append(reader.read(number, cells))
            seen.add(rows[-1].key)
        except BadValue as error:
            result.rejected.append((number, str(error), cells))
    return rows


def _people(conn: Connection, named: set[str]) -> dict[str, int]:
    """Whom an e-mail address or a source key names; merged people as who they are now."""
    keys = {name: key for name in named if "@" in name and (key := email_key(name))}
    by_email = people.identities_of(conn, "email", set(keys.values()))
    found = {name: by_email[key] for name, key in keys.items() if key in by_email}
    found |= people.by_source_key(conn, named - found.keys())
    alive = people.living(conn, set(found.values()))
    return {name: alive[identity] for name, identity in found.items() if identity in alive}


def _event_of(row: _Row, source: SourceDef, identity: int) -> NewEvent:
    return NewEvent(
        identity_id=identity, name=row.name, at=row.at, source=source.id, key=row.key, data=row.data
    )


def _broadcast_of(row: _Row, source: SourceDef) -> Broadcast:
    return Broadcast(name=row.name, at=row.at, source=source.id, key=row.key, data=row.data)
