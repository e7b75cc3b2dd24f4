"""One batch of a people source, taken in as one transaction: a handful of statements, however many rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Connection

from engine.people.facts import write_facts
from engine.people.identity import IDENTIFYING, ROW, Resolution, resolve
from engine.people.mapping import ImportedRow, RowReader, RowRejected
from engine.people.merge import merge, wider
from engine.people.normalise import keys_of
from engine.suppression import reached_on, suppress_addresses
from state.queries import facts, people
from state.queries.bulk import BulkInsert, BulkUpdate
from state.queries.outbox import lock_people

_CONTACT_KEY = ("source", "source_key")
_CONTACT_VALUES = ("identity_id", "email_key", "phone", "company_domain", "row_hash", "last_seen_at")
_NEW_CONTACT = BulkInsert("contact", (*_CONTACT_KEY, *_CONTACT_VALUES, "first_seen_at"), "")
_CONTACT = BulkUpdate("contact", _CONTACT_KEY, _CONTACT_VALUES)
_IDENTIFIER = BulkInsert("identifier", ("kind", "value", "identity_id"), "")

_ERASED = "this person was erased and is not taken in again"
_BUSY = "joins two people, one of whom is being written to right now; import again"


@dataclass(slots=True)
class BatchResult:
    """What became of a batch. ``rejected`` holds (row number, reason, cells); ``unlisted`` counts, by field, cells with
    a value that is not in the field's list."""

    read: int = 0
    created: int = 0
    merged: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: list[tuple[int, str, Sequence[str]]] = field(default_factory=list)
    unlisted: Counter[str] = field(default_factory=Counter)


class PeopleWriter:
    """Takes batches of one source in."""

    def __init__(self, source: str, reader: RowReader) -> None:
        self._source, self._reader = source, reader
        columns = ("identity_id", "created_at", "updated_at", "attributes", *reader.columns)
        self._insert = BulkInsert("person", columns, "")
        self._update = BulkUpdate("person", ("identity_id",), columns[2:])

    def take(self, conn: Connection, batch: Sequence[tuple[int, list[str]]], now: int) -> BatchResult:
        """Write the rows of ``batch``, (row number, cells) each, in the caller's transaction."""
        people.lock_imports(conn)
        result = BatchResult(read=len(batch), unlisted=self._reader.unlisted(cells for _, cells in batch))
        keys = [self._reader.key(cells) for _, cells in batch]
        known = people.contacts(conn, self._source, set(keys))
        seen = {key: digest for key, (_, digest) in known.items()}
        rows = self._changed(conn, zip(keys, batch, strict=True), seen, result, now)
        owners = {key: identity for key, (identity, _) in known.items()}
        taken, found = self._resolve(conn, self._not_erased(conn, rows, owners, result), owners, result)
        merge(conn, found.merges, now)
        self._write_people(conn, taken, found, now)
        self._write_contacts(conn, taken, found, owners, now)
        write_facts(conn, self._source, list(zip(taken, found.identities, strict=True)), now)
        _count(taken, found, owners, result)
        return result

    def _changed(
        self,
        conn: Connection,
        batch: Iterable[tuple[str, tuple[int, list[str]]]],
        seen: dict[str, str],
        result: BatchResult,
        now: int,
    ) -> list[tuple[ImportedRow, list[str]]]:
        """The rows that say something new, each with its cells. What is against contact holds in any case."""
        rows: list[tuple[ImportedRow, list[str]]] = []
        for key, (number, cells) in batch:
            digest = self._reader.digest(cells)
            if seen.get(key) == digest:
                result.unchanged += 1
                continue
            try:
                rows.append((self._reader.read(number, key, digest, cells), cells))
                seen[key] = digest
            except RowRejected as refused:
                result.rejected.append((number, str(refused), cells))
                for channel in refused.channels:
                    addresses = reached_on(channel, refused.email, refused.phone)
                    reason = "do_not_contact" if channel == "all" else "opt_out"
                    suppress_addresses(conn, addresses, channel, reason, at=now, source=self._source)
        return rows

    def _not_erased(
        self,
        conn: Connection,
        rows: Iterable[tuple[ImportedRow, list[str]]],
        owners: dict[str, int],
        result: BatchResult,
    ) -> list[tuple[ImportedRow, list[str]]]:
        """Without the rows of people who asked to be forgotten: by address, or by the row they came from."""
        rows = list(rows)
        addresses = {a for row, _ in rows for a in _tombstones(row)}
        gone = people.erased_addresses(conn, addresses)
        gone_ids = people.erased_identities(conn, set(owners.values())) if owners else set[int]()
        if not gone and not gone_ids:
            return rows
        kept = []
        for row, cells in rows:
            if owners.get(row.key) in gone_ids or not gone.isdisjoint(_tombstones(row)):
                result.rejected.append((row.number, _ERASED, cells))
            else:
                kept.append((row, cells))
        return kept

    def _resolve(
        self,
        conn: Connection,
        rows: list[tuple[ImportedRow, list[str]]],
        owners: dict[str, int],
        result: BatchResult,
    ) -> tuple[list[ImportedRow], Resolution]:
        """Who each row is, all who were there before locked. Rows that would join people while one of them is
        being written to are put off; rows of somebody who was erased while we waited are rejected."""
        found = self._identities(conn, [row for row, _ in rows], owners)
        blocked = _blocked(conn, found)
        if blocked:
            late = {i: blocked[who] for i, who in enumerate(found.identities) if who in blocked}
            result.rejected += [(rows[i][0].number, why, rows[i][1]) for i, why in sorted(late.items())]
            rows = [pair for i, pair in enumerate(rows) if i not in late]
            # fewer rows name fewer people: whoever they come to now is locked already
            found = self._identities(conn, [row for row, _ in rows], owners)
        return [row for row, _ in rows], found

    def _identities(self, conn: Connection, rows: list[ImportedRow], owners: dict[str, int]) -> Resolution:
        known = {
            (kind, value): identity
            for kind in IDENTIFYING
            for value, identity in people.identities_of(
                conn, kind, {name[1] for row in rows for name in row.identifiers if name[0] == kind}
            ).items()
        }
        claims = [(owners.get(row.key), row.identifiers) for row in rows]
        unknown = sum(own is None and known.keys().isdisjoint(names) for own, names in claims)
        return resolve(claims, known, iter(people.fresh_identities(conn, unknown)))

    def _write_people(self, conn: Connection, rows: list[ImportedRow], found: Resolution, now: int) -> None:
        ids = {identity for identity in found.identities if identity not in found.created}
        before = {p["identity_id"]: p for p in facts.people(conn, ids)} if ids else {}
        after: dict[int, dict[str, Any]] = {}
        for row, identity in zip(rows, found.identities, strict=True):
            person = after.get(identity) or before.get(identity)
            after[identity] = _with(person, row) if person else {**row.values, "attributes": row.attributes}
        self._insert(conn, [self._row(i, p, now) for i, p in after.items() if i not in before])
        changed = [self._row(i, p, now) for i, p in after.items() if i in before and p != before[i]]
        self._update(conn, [(row[0], *row[2:]) for row in changed])

    def _row(self, identity: int, person: dict[str, Any], now: int) -> tuple[Any, ...]:
        attributes = orjson.dumps(person["attributes"]).decode() if person["attributes"] else "{}"
        return (identity, now, now, attributes, *map(person.get, self._reader.columns))

    def _write_contacts(
        self,
        conn: Connection,
        rows: list[ImportedRow],
        found: Resolution,
        owners: dict[str, int],
        now: int,
    ) -> None:
        contacts = {
            row.key: (self._source, row.key, identity, row.email, row.phone, row.domain, row.digest, now)
            for row, identity in zip(rows, found.identities, strict=True)
        }
        _NEW_CONTACT(conn, [(*c, now) for key, c in contacts.items() if key not in owners])
        if owners:
            _CONTACT(conn, [c for key, c in contacts.items() if key in owners])
        # sorted, because neighbours in the index are neighbours on disk
        names = [(*name, identity) for name, identity in found.claimed.items() if name[0] != ROW]
        _IDENTIFIER(conn, sorted(names))


def _blocked(conn: Connection, found: Resolution) -> dict[int, str]:
    """Lock everyone the batch is about, in one go, and only then ask: identities whose rows must wait, and why."""
    joined = {identity for pair in found.merges for identity in pair}
    before = joined.union(found.identities) - found.created
    if not before:
        return {}
    lock_people(conn, before)
    busy = people.being_written_to(conn, joined) if joined else set[int]()
    blocked = {pair[0]: _BUSY for pair in found.merges if not busy.isdisjoint(pair)}
    gone = people.erased_identities(conn, before)
    blocked |= {pair[0]: _ERASED for pair in found.merges if not gone.isdisjoint(pair)}
    return blocked | dict.fromkeys(gone, _ERASED)


def _with(person: dict[str, Any], row: ImportedRow) -> dict[str, Any]:
    """What the row states replaces what was known; what it leaves empty stays. No scope is ever narrowed."""
    joined = {**person, **row.values, "attributes": {**person["attributes"], **row.attributes}}
    scope = wider(person.get("do_not_contact_scope"), row.values.get("do_not_contact_scope"))
    return joined if scope is None else {**joined, "do_not_contact_scope": scope}


def _tombstones(row: ImportedRow) -> tuple[str, ...]:
    """The addresses by which the row's person may have been erased; a phone may be shared, so it counts only
    for want of a mailbox."""
    if row.email:
        return keys_of(row.email)
    return (row.phone,) if row.phone else ()


def _count(rows: list[ImportedRow], found: Resolution, owners: dict[str, int], result: BatchResult) -> None:
    new, seen = set(found.created), set(owners)
    for row, identity in zip(rows, found.identities, strict=True):
        if row.key in seen:
            result.updated += 1
        elif identity in new:
            new.discard(identity)
            result.created += 1
        else:
            result.merged += 1
        seen.add(row.key)
