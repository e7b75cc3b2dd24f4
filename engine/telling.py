"""Events that another system tells of: a call is one transaction, and each event has its answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import Connection

from engine import reply_tasks
from engine.broadcast import Broadcast, broadcast
from engine.event_names import BUILT_IN, OURS
from engine.events import NewEvent, record_in
from engine.intake import Row
from engine.told_events import Refused, Told, judged
from state.ids import next_ids
from state.queries import people, received

if TYPE_CHECKING:
    from engine.app import App

#: what begins the source of such an event
PREFIX = "events:"
#: why an event is still open
FOR_EVERYONE = "for everyone who waits: being told"
NOBODY = "nobody goes by that"

Result = dict[str, Any]


def tell(app: App, caller: str, items: Sequence[Any], now: int) -> list[Result]:
    """Put on record what ``caller`` tells, and do what it calls for; what became of each, in order.

    ``status``: recorded, known, unplaced (nobody goes by that; it is kept and tried again) or refused, with
    ``because``. ``heard``: some campaign, condition or rule listens for it.
    """
    listed = app.project.events
    names = None if listed is None else listed | OURS
    country = app.project.default_country
    read = [judged(item, now, names, country) for item in items]
    source = f"{PREFIX}{caller}"
    with app.store.begin() as conn:
        first = {told.id: told for told in reversed(read) if isinstance(told, Told)}
        known = received.known_keys(conn, source, first.keys()) if first else set()
        fresh = [told for told in reversed(first.values()) if told.id not in known]
        open_ = _record(conn, app, source, fresh, now)
        listening = {*app.listeners(), *app.scope(conn).events, *BUILT_IN}
    everyone = [told for told in fresh if told.who is None]
    for told in everyone:
        tell_everyone(app, source, told)
    new, results = {told.id for told in fresh}, []
    for one in read:
        results.append(_result(one, new, open_, listening))
        new.discard(one.id or "")
    return results


def _result(told: Told | Refused, new: set[str], open_: Mapping[str, str], listening: set[str]) -> Result:
    if isinstance(told, Refused):
        return {"id": told.id, "status": "refused", "because": told.because}
    if told.id not in new:
        return {"id": told.id, "status": "known"}
    heard = {"heard": told.name in listening}
    if open_.get(told.id) == NOBODY:
        return {"id": told.id, "status": "unplaced", "because": NOBODY} | heard
    return {"id": told.id, "status": "recorded"} | heard


def _record(conn: Connection, app: App, source: str, fresh: Sequence[Told], now: int) -> dict[str, str]:
    """Write rows and events; id -> why of those that stay open."""
    whose = _placed(conn, fresh)
    rows, open_ = [], dict[str, str]()
    for number, told in zip(next_ids(len(fresh)), fresh, strict=True):
        identity = whose.get(told.who) if told.who else None
        reason = None if identity is not None else FOR_EVERYONE if told.who is None else NOBODY
        if reason:
            open_[told.id] = reason
        rows.append(_row(number, source, told, identity, reason, now))
    received.put(conn, rows)
    found = [(told, whose[told.who]) for told in fresh if told.who in whose]
    _events(conn, app, source, found, now)
    return open_


def _events(conn: Connection, app: App, source: str, found: Sequence[tuple[Told, int]], now: int) -> None:
    events = [
        NewEvent(identity_id=i, name=t.name, at=t.at, source=source, key=t.id, data=t.data) for t, i in found
    ]
    if events:
        record_in(conn, events, app.listeners(), now, app.project.values)
        reply_tasks.open_for(conn, app.project, reply_tasks.unread(events), now)


def _row(number: int, source: str, told: Told, identity: int | None, reason: str | None, now: int) -> Row:
    said = orjson.dumps(told._asdict()).decode()
    return Row(number, source, told.id, told.name, "", None, None, identity, told.at, now, False,
               "open" if reason else "applied", reason, said if reason else None, said)  # fmt: skip


def _placed(conn: Connection, fresh: Sequence[Told]) -> dict[tuple[str, str] | None, int]:
    """Who each name means now; the people are locked. A name that several go by means nobody."""
    wanted: dict[str, set[str]] = {}
    for told in fresh:
        if told.who:
            wanted.setdefault(told.who[0], set()).add(told.who[1])
    found: dict[tuple[str, str], set[int]] = {}
    for kind, channel in (("email", "email"), ("phone", "sms")):
        for key, ids in received.by_address(conn, channel, wanted.get(kind, ())).items():
            found[kind, key] = ids
    found |= {("id", key): {i} for key, i in people.by_source_key(conn, wanted.get("id", ())).items()}
    alive = people.lock_living(conn, {i for ids in found.values() for i in ids})
    living = {who: {alive[i] for i in ids if i in alive} for who, ids in found.items()}
    return {who: next(iter(ids)) for who, ids in living.items() if len(ids) == 1}


def tell_everyone(app: App, source: str, told: Told) -> None:
    """Tell all whose campaign waits for it. One that breaks off is taken up again by the job."""
    event = Broadcast(name=told.name, at=told.at, source=source, key=told.id, data=told.data)
    with app.store.read() as conn:
        campaigns = [*app.project.campaigns.values(), *app.versions.load_live(conn)]
    broadcast(app.store, event, campaigns, app.clock)
    with app.store.begin() as conn:
        received.close_told(conn, source, told.id)


def place_again(app: App, source: str, rows: Sequence[Mapping[str, Any]], now: int) -> Counter[str]:
    """Look again for whom open events of a caller are about."""
    by_id = {row["id"]: _told(row["said"]) for row in rows if row["said"]}
    for told in by_id.values():
        if told.who is None:
            tell_everyone(app, source, told)
    with app.store.begin() as conn:
        waiting = {row["id"]: _told(row["said"]) for row in received.still_open(conn, list(by_id))}
        whose = _placed(conn, list(waiting.values()))
        found = [(number, told, whose[told.who]) for number, told in waiting.items() if told.who in whose]
        received.close(
            conn, [(number, identity, False, "applied", None, None) for number, _, identity in found]
        )
        _events(conn, app, source, [(told, identity) for _, told, identity in found], now)
    return Counter(applied=len(found))


def _told(said: str) -> Told:
    data = orjson.loads(said)
    return Told(**{**data, "who": tuple(data["who"]) if data["who"] else None})
