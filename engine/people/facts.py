"""What rows say besides the person's fields: consents, refusals and notes, each recorded once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from engine.people.keys import fact_key
from engine.people.mapping import ImportedRow, RowNote
from engine.suppression import ALL, Refusal, suppress_all
from state.ids import next_ids
from state.queries import people
from state.queries.bulk import BulkInsert, BulkUpdate

_CONSENT = BulkInsert(
    "consent",
    ("identity_id", "id", "channel", "type", "at", "recorded_at", "source", "proof_uri", "key"),
)
_NOTE = BulkInsert(
    "note",
    ("identity_id", "id", "kind", "opened_at", "source", "key"),
    "ON CONFLICT (key) DO UPDATE SET closed_at = NULL",  # the source says it is open again
)
_CLOSE = BulkUpdate("note", ("identity_id", "id"), ("closed_at",))

Placed = Sequence[tuple[ImportedRow, int]]


class _Standing(NamedTuple):
    """A note this source opened and has not closed."""

    identity_id: int
    id: int
    key: str
    opened_at: int


def write_facts(conn: Connection, source: str, rows: Placed, now: int) -> None:
    """Record what ``rows``, each with its identity, say. Contacts and people are written before."""
    _write_consents(conn, source, rows, now)
    suppress_all(conn, [r for row, identity in rows for r in _refusals(source, row, identity, now)], now)
    _write_notes(conn, source, [pair for pair in rows if pair[0].notes], now)


def _write_consents(conn: Connection, source: str, rows: Placed, now: int) -> None:
    found = [(identity, row.key, consent) for row, identity in rows for consent in row.consents]
    numbers = next_ids(len(found))
    _CONSENT(
        conn,
        [
            (identity, number, c.channel, c.type, now if c.at is None else c.at, now, source, c.proof,
             fact_key(source, key, c.channel, c.type, c.at))
            for number, (identity, key, c) in zip(numbers, found, strict=True)
        ],
    )  # fmt: skip


def _refusals(source: str, row: ImportedRow, identity: int, now: int) -> Iterable[Refusal]:
    def refusal(channel: str, reason: str, since: int | None) -> Refusal:
        at = now if since is None else min(since, now)
        return Refusal(identity_id=identity, channel=channel, reason=reason, at=at, source=source)

    for channel, since in row.opted_out:
        yield refusal(channel, "do_not_contact" if channel == ALL else "opt_out", since)
    for consent in row.consents:
        if consent.type == "revoked":
            yield refusal(consent.channel, "opt_out", consent.at)
    for word in row.values.get("do_not_contact_scope", "none").split():
        if word != "none":
            yield refusal(ALL if word in ("all", "marketing") else word, "do_not_contact", None)


def _write_notes(conn: Connection, source: str, rows: Placed, now: int) -> None:
    """A row has at most one open note of a kind; an empty cell closes it, another date replaces it."""
    if not rows:
        return
    standing: dict[str, list[_Standing]] = {}
    for found in people.open_notes(conn, source, {identity for _, identity in rows}):
        one = _Standing(*found)
        standing.setdefault(one.key.partition(":")[0], []).append(one)
    opened: dict[str, tuple[int, RowNote, int]] = {}
    closed: dict[tuple[int, int], int] = {}
    for row, identity in rows:
        for note in row.notes:
            name = fact_key(source, row.key, note.kind)
            now_open = standing.get(name, [])
            if note.open and not _stands(note, now_open):
                at = now if note.opened_at is None else note.opened_at
                opened[f"{name}:{at}"] = (identity, note, at)
            for old in now_open:
                if not note.open or note.opened_at not in (None, old.opened_at):
                    closed[old.identity_id, old.id] = now
    _CLOSE(conn, [(*key, at) for key, at in closed.items()])
    numbered = zip(opened.items(), next_ids(len(opened)), strict=True)
    _NOTE(conn, [(identity, n, note.kind, at, source, key) for (key, (identity, note, at)), n in numbered])


def _stands(note: RowNote, now_open: Sequence[_Standing]) -> bool:
    return any(note.opened_at in (None, old.opened_at) for old in now_open)
