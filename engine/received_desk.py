"""What came back, for people who wonder: by what, about whom, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from engine.clock import iso
from engine.errors import UnknownName
from engine.intake import WATCHED
from state.queries import notices, received

if TYPE_CHECKING:
    from engine.app import App

_INSTANTS = ("at", "received_at")


def listed(
    app: App, *, state: str | None = None, source: str | None = None, identity: int | None = None, limit: int
) -> dict[str, Any]:
    """What came in, the newest first, without its raw form; None does not narrow. ``more``: there are others beyond
    ``limit``."""
    with app.store.read() as conn:
        rows = received.listed(conn, state=state, source=source, identity=identity, limit=limit + 1)
    return {
        "format_version": 1,
        "now": iso(app.clock.now()),
        "received": [_shown(row) for row in rows[:limit]],
        "more": len(rows) > limit,
    }


def shown(app: App, number: int) -> dict[str, Any]:
    """One of them with its raw form. Raises UnknownName."""
    with app.store.read() as conn:
        row = received.shown(conn, number)
    if row is None:
        raise UnknownName(
            f"nothing of the number {number} came in", hint="'rekindle received list' shows what did"
        )
    return {"format_version": 1, "received": _shown({k: v for k, v in row.items() if k != "said"})}


def in_short(conn: Connection) -> dict[str, Any]:
    """How many wait for their touch or person, when something came in last, answers in doubt."""
    last = received.last_at(conn)
    return {
        "open": received.count_open(conn, WATCHED),
        "last": iso(last),
        "answers_in_doubt": notices.in_doubt(conn),
    }


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "machine": bool(row["machine"]), **{name: iso(row[name]) for name in _INSTANTS}}
