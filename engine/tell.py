"""Telling the store that something happened, by hand: about one person, or for everyone who waits for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine import reply_tasks
from engine.broadcast import Broadcast, broadcast
from engine.clock import iso
from engine.consequences import understood
from engine.errors import RekindleError
from engine.event_names import BUILT_IN
from engine.events import NewEvent, record_in
from engine.gates.notes import HOLDING
from engine.people.keys import fact_key
from engine.suggest import mend

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
    now = app.clock.now()
    with app.store.begin() as conn:
        count = record_in(conn, [event], app.listeners(), now, app.project.values)
        reply_tasks.open_for(conn, app.project, reply_tasks.unread([event] * count), now)
    return count


def tell_everyone(app: App, name: str, at: int | None, data: Mapping[str, Any], key: str | None) -> int:
    """Record an event for all people whose campaign waits for it; how many. Raises NotYet."""
    moment = _past(app, at)
    named = key or fact_key(name, "everyone", moment, sorted(data.items()))
    event = Broadcast(name=name, at=moment, source=BY_HAND, key=named, data=data)
    with app.store.read() as conn:
        campaigns = [*app.project.campaigns.values(), *app.versions.load_live(conn)]
    return broadcast(app.store, event, campaigns, app.clock)


def heard(app: App, name: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """What an event of that name and data means here: how a reply is read (``meaning``), what is suppressed, the note
    left and whether it ``holds``, the campaigns that can hear it, and where nothing does a ``hint``."""
    what = understood(name, data)
    with app.store.read() as conn:
        known = app.scope(conn).events  # those that conditions ask for are used too
    campaigns = sorted(app.listeners().get(name, ()))
    deaf = not campaigns and name not in known | BUILT_IN
    return {
        "meaning": what.meaning and what.meaning.value,
        "suppressed": list(what.suppresses),
        "bad_address": what.bad_address,
        "note": what.note,
        "holds": what.note in HOLDING,
        "heard_by": campaigns,
        "listens": not deaf,
        "hint": mend(name, known | BUILT_IN) if deaf else "",
    }


def _past(app: App, at: int | None) -> int:
    now = app.clock.now()
    if at is not None and at > now:
        raise NotYet(f"{iso(at)} lies ahead; it is {iso(now)}")
    return now if at is None else at
