"""What happened to one person beside the decisions: events, and tasks that humans closed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from engine.clock import iso
from state.queries import persons

_TASK = ("ref", "campaign", "cycle", "step", "kind", "owner", "state", "disposition", "comment")


def events_as_data(conn: Connection, identity_id: int) -> list[dict[str, Any]]:
    """Events of a person, oldest first; ``text`` is what they wrote, of replies only, ``step`` the one whose message it
    is about, ``because`` why that came back."""
    steps = {t["ref"]: t["step"] for t in persons.touches(conn, identity_id)}
    return [
        {
            "name": e["name"],
            "when": iso(e["at"]),
            "source": e["source"],
            "channel": e["data"].get("channel"),
            "text": e["data"].get("text") if e["name"] == "replied" else None,
            "step": steps.get(e["data"].get("ref")),
            "because": e["data"].get("because") if e["name"] == "bounced" else None,
        }
        for e in persons.events(conn, identity_id)
    ]


def tasks_as_data(conn: Connection, identity_id: int) -> list[dict[str, Any]]:
    """Tasks about a person by when they were opened; ``closed`` is None while one is open."""
    return [
        {**{k: t[k] for k in _TASK}, "opened": iso(t["created_at"]), "closed": iso(t["closed_at"])}
        for t in persons.tasks(conn, identity_id)
    ]
