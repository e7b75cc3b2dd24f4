"""One person in a store of their own: what a campaign's test case puts in, and reads back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection
from sqlmodel import SQLModel

from state import tables
from state.ids import next_ids
from state.queries.common import Row, fetch, fetch_dicts, insert_sql, write

assert tables.Person.metadata is SQLModel.metadata  # the tables are declared by importing them

_CONSENT = insert_sql(
    "consent", ("identity_id", "id", "channel", "type", "at", "recorded_at", "source", "proof_uri", "key")
)
_NOTE = insert_sql("note", ("identity_id", "id", "kind", "opened_at", "closed_at", "source", "key"))

_TOUCH = insert_sql(
    "touch",
    ("identity_id", "campaign", "cycle", "step", "ref", "state", "channel", "priority", "planned_at",
     "expires_at", "not_before", "decided_at", "counted_at", "attempts", "finished_at"),
)  # fmt: skip


def clear(conn: Connection) -> None:
    """Empty every table but the campaigns' versions."""
    for table in SQLModel.metadata.sorted_tables:
        if table.name != "campaign_version":
            write(conn, f"DELETE FROM {table.name}", [{}])


def put_person(conn: Connection, row: Mapping[str, Any]) -> None:
    """A new person; ``attributes`` is a mapping, columns that are not named are missing."""
    write(conn, insert_sql("person", tuple(row)), [_as_stored(row)])


def change_person(conn: Connection, identity_id: int, row: Mapping[str, Any]) -> None:
    """New values of some columns of a person."""
    columns = ", ".join(f"{name} = :{name}" for name in row)
    sql = f"UPDATE person SET {columns} WHERE identity_id = :identity_id"
    write(conn, sql, [{**_as_stored(row), "identity_id": identity_id}])


def _as_stored(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: orjson.dumps(v).decode() if isinstance(v, Mapping) else v for k, v in row.items()}


def put_consents(conn: Connection, rows: Iterable[Row]) -> None:
    """Grants and revocations: identity_id, channel, type, at, recorded_at, source, proof_uri."""
    write(conn, _CONSENT, _numbered(rows))


def put_notes(conn: Connection, rows: Iterable[Row]) -> None:
    """Notes: identity_id, kind, opened_at, closed_at, source."""
    write(conn, _NOTE, _numbered(rows))


def _numbered(rows: Iterable[Row]) -> list[dict[str, Any]]:
    listed = list(rows)
    numbers = next_ids(len(listed))
    return [
        {**row, "id": number, "key": f"case:{number}"} for row, number in zip(listed, numbers, strict=True)
    ]


def put_earlier_touches(conn: Connection, identity_id: int, touches: Sequence[tuple[str, int]]) -> None:
    """Touches of nobody's campaign that were sent: (channel, at)."""
    rows = []
    for number, (channel, at) in enumerate(touches, start=1):
        step = f"touch_{number}"
        moments = dict.fromkeys(
            ("planned_at", "expires_at", "not_before", "decided_at", "counted_at", "finished_at"), at
        )
        key = {"identity_id": identity_id, "campaign": "", "cycle": 1, "step": step, "ref": f"case:{step}"}
        rows.append({**key, **moments, "state": "sent", "channel": channel, "priority": 50, "attempts": 1})
    write(conn, _TOUCH, rows)


def touches(conn: Connection) -> list[dict[str, Any]]:
    """Every campaign's touches, each with its rendered message or None as ``payload``."""
    sql = """
    SELECT t.*, m.payload FROM touch t LEFT JOIN message m
      ON m.identity_id = t.identity_id AND m.campaign = t.campaign AND m.cycle = t.cycle AND m.step = t.step
    WHERE t.campaign <> ''
    """
    return fetch_dicts(conn, sql)


def decisions(conn: Connection) -> Sequence[Any]:
    """The ledger, oldest first: (campaign, cycle, step, at, action, rule, reasons)."""
    sql = "SELECT campaign, cycle, step, at, action, rule, reasons FROM decision ORDER BY at, id"
    return fetch(conn, sql)


def rounds(conn: Connection) -> list[dict[str, Any]]:
    """Every round of every campaign, in the order in which they were entered."""
    return fetch_dicts(conn, "SELECT * FROM enrolment ORDER BY entered_at, campaign, cycle")


def exit_tasks(conn: Connection) -> Sequence[Any]:
    """(campaign, cycle, kind) of the tasks that ended rounds left to somebody."""
    return fetch(conn, "SELECT campaign, cycle, kind FROM task WHERE step = 'exit'")


def open_task(conn: Connection, step: str | None) -> str | None:
    """The ref of the open task of a step, or of the newest open one; None when there is none."""
    sql = """
    SELECT ref FROM task WHERE state = 'open' AND (CAST(:step AS TEXT) IS NULL OR step = :step)
    ORDER BY created_at DESC, step LIMIT 1
    """
    rows = fetch(conn, sql, step=step)
    return rows[0][0] if rows else None
