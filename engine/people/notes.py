"""Relationship notes a human looks at and closes: an open one of some kinds holds all promotion."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from engine.clock import Clock, iso
from engine.errors import UnknownName
from engine.gates.notes import HOLDING
from state.queries import due, facts, people
from state.queries import notes as queries
from state.store import Store


def notes_as_data(conn: Connection, identity: int) -> dict[str, Any]:
    """Every note of a person, oldest first. ``holds``: while it is open nothing is sent to them."""
    return {
        "format_version": 1,
        "identity": identity,
        "notes": [
            {
                "kind": n["kind"],
                "opened_at": iso(n["opened_at"]),
                "closed_at": iso(n["closed_at"]),
                "source": n["source"],
                "text": n["text"],
                "holds": n["kind"] in HOLDING and n["closed_at"] is None,
            }
            for n in queries.of_person(conn, identity)
        ],
    }


def close_notes(store: Store, identity: int, kind: str, clock: Clock, comment: str | None = None) -> int:
    """Close a person's open notes of a kind and have their live enrolments looked at; how many were open.

    Raises UnknownName when there is none, or no such person.
    """
    now = clock.now()
    with store.begin() as conn:
        alive = people.lock_living(conn, [identity])
        if identity not in alive:
            raise UnknownName(f"there is no person {identity}", hint="Look for them by e-mail address")
        person = alive[identity]
        closed = queries.close(conn, person, kind, comment, now)
        if not closed:
            raise UnknownName(f"person {person} has no open note of kind '{kind}'", hint=_which(conn, person))
        campaigns = {e["campaign"] for e in facts.enrolments_of(conn, [person]) if e["state"] != "ended"}
        if campaigns:
            due.nudge(conn, [person], now, campaigns)
    return closed


def _which(conn: Connection, identity: int) -> str:
    kinds = sorted({n["kind"] for n in queries.of_person(conn, identity) if n["closed_at"] is None})
    return f"Open are: {', '.join(kinds)}" if kinds else "None of their notes is open"
