"""Telling the store that something happened, by hand: about one person, or for everyone who waits for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.broadcast import Broadcast, broadcast
from engine.clock import iso
from engine.errors import RekindleError
from engine.events import NewEvent, record
from engine.people.keys import fact_key

if TYPE_CHECKING:
    from engine.app import App

#: the source of events recorded by hand
BY_HAND = "cli"


class NotYet(RekindleError):
    """An event cannot be recorded before it happens."""

    hint = "Record it when it has happened, or put it in an event source: that keeps it until then"


def tell_one(
    app: App, identity: int, name: str, at: int | None, data: Mapping[str, Any], key: str | None
) -> int:
    """Record an event of one person; 0 when it was on record already. Raises NotYet."""
    moment = _past(app, at)
    named = key or fact_key(name, identity, moment, sorted(data.items()))
    event = NewEvent(identity_id=identity, name=name, at=moment, source=BY_HAND, key=named, data=data)
    app.versions.refresh(app.store)  # what people are on listens too, not only what the files say now
    return record(app.store, [event], app.clock, app.listeners())


def tell_everyone(app: App, name: str, at: int | None, data: Mapping[str, Any], key: str | None) -> int:
    """Record an event for all people whose campaign waits for it; how many. Raises NotYet."""
    moment = _past(app, at)
    named = key or fact_key(name, "everyone", moment, sorted(data.items()))
    event = Broadcast(name=name, at=moment, source=BY_HAND, key=named, data=data)
    with app.store.read() as conn:
        campaigns = [*app.project.campaigns.values(), *app.versions.load_live(conn)]
    return broadcast(app.store, event, campaigns, app.clock)


def _past(app: App, at: int | None) -> int:
    now = app.clock.now()
    if at is not None and at > now:
        raise NotYet(f"{iso(at)} lies ahead; it is {iso(now)}")
    return now if at is None else at
