"""People on campaigns, for tests of what events do to them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert

from engine.clock import VirtualClock
from engine.events import NewEvent, record
from state.store import Store
from state.tables import Contact, Enrolment, Identifier, Person

NOW = 1_772_463_600  # 2026-03-02T15:00:00Z
LISTENERS = {"replied": {"lost"}, "refused": {"lost"}, "unsubscribed": {"lost"}, "feature_shipped": {"lost"}}


def put(store: Store, model: Any, **values: Any) -> None:
    with store.begin() as conn:
        conn.execute(insert(model.__table__).values(**values))


def person(store: Store, identity: int, **changes: Any) -> int:
    """A person with a mailbox and a phone, and the row they came from."""
    email, phone = f"p{identity}@acme.example", f"+1312555010{identity}"
    values = {"email": email, "email_key": email, "phone": phone, "attributes": {}, **changes}
    put(store, Person, identity_id=identity, created_at=1, updated_at=1, **values)
    put(store, Identifier, kind="email", value=values["email_key"], identity_id=identity)
    put(store, Contact, source="crm", source_key=f"C{identity}", identity_id=identity, email_key=values["email_key"],
        phone=values["phone"], row_hash="", first_seen_at=1, last_seen_at=1)  # fmt: skip
    return identity


def enrol(store: Store, identity: int, campaign: str = "lost", **changes: Any) -> None:
    values: dict[str, Any] = {
        "cycle": 1, "version": "v1", "exclusivity_group": "winback", "segment": "closed_lost", "track": "main",
        "state": "waiting", "step": "one", "entered_at": NOW - 100, "shift": 0, "due_at": NOW + 1_000,
    }  # fmt: skip
    put(store, Enrolment, identity_id=identity, campaign=campaign, **{**values, **changes})


def happens(
    store: Store, identity: int, name: str, *, key: str = "1", at: int = NOW, now: int = NOW, **data: Any
) -> int:
    event = NewEvent(identity_id=identity, name=name, at=at, source="test", key=key, data=data)
    return record(store, [event], VirtualClock(now), LISTENERS)
