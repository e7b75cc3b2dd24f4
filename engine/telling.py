"""Events that another system tells of: a call is one transaction, and each event has its answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from sqlalchemy import Connection

from engine import reply_tasks
from engine.broadcast import Broadcast, broadcast
from engine.consequences import understood
from engine.event_names import BUILT_IN, OURS, REFUSALS
from engine.events import NewEvent, record_in
from engine.intake import Row
from engine.suppression import ALL, reached_on, suppress_addresses
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
SEVERAL = "several people go by that"
#: what a no says that is not about exactly one person; it is obeyed all the same
BOUND = "nobody has the address: it is suppressed"
FOR_EACH = "several people go by that: it holds for each of them"

Result = dict[str, Any]
Who = tuple[str, str]


class _Place(NamedTuple):
    """Whom an event is about. ``because``: why it is nobody, or how it is not about one; ``binds``: it is a no that
    suppresses the address it names."""

    whom: tuple[int, ...] = ()
    because: str | None = None
    binds: bool = False

    @property
    def open(self) -> bool:
        """It is to be placed yet."""
        return not self.whom and not self.binds


def tell(app: App, caller: str, items: Sequence[Any], now: int) -> list[Result]:
    """Put on record what ``caller`` tells, and do what it calls for; what became of each, in order.

    ``status``: recorded, known, unplaced (nobody or several people go by that; it is kept and tried again) or refused,
    with ``because``. ``heard``: some campaign, condition or rule listens for it. A no is never unplaced: it binds
    everybody who goes by what it names, and the address.
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
        places = _record(conn, app, source, fresh, now)
        listening = {*app.listeners(), *app.scope(conn).events, *BUILT_IN}
    everyone = [told for told in fresh if told.who is None]
    for told in everyone:
        tell_everyone(app, source, told)
    new, results = {told.id for told in fresh}, []
    for one in read:
        results.append(_result(one, new, places, listening))
        new.discard(one.id or "")
    return results


def _result(told: Told | Refused, new: set[str], places: Mapping[str, _Place], listening: set[str]) -> Result:
    if isinstance(told, Refused):
        return {"id": told.id, "status": "refused", "because": told.because}
    if told.id not in new:
        return {"id": told.id, "status": "known"}
    place, heard = places[told.id], {"heard": told.name in listening}
    because = {"because": place.because} if place.because and told.who else {}
    status = "unplaced" if place.open and told.who else "recorded"
    return {"id": told.id, "status": status} | because | heard


def _record(conn: Connection, app: App, source: str, fresh: Sequence[Told], now: int) -> dict[str, _Place]:
    """Write rows and events; id -> where each belongs."""
    living = _living(conn, fresh)
    placed = [(told, _place(told, living)) for told in fresh]
    received.put(
        conn,
        [
            _row(n, source, told, place, now)
            for n, (told, place) in zip(next_ids(len(fresh)), placed, strict=True)
        ],
    )
    _obey(conn, app, source, placed, now)
    return {told.id: place for told, place in placed}


def _obey(conn: Connection, app: App, source: str, placed: Sequence[tuple[Told, _Place]], now: int) -> None:
    for told, place in placed:
        if place.binds:
            what = understood(told.name, _data(told))
            at = min(told.at, now)
            for channel in what.suppresses:
                keys = _reached(told, channel)
                suppress_addresses(conn, keys, channel, what.reason, at=at, source=f"event:{source}")
    events = [
        NewEvent(identity_id=identity, name=told.name, at=told.at, source=source,
                 key=f"{told.id}:{identity}" if n else told.id, data=_data(told))
        for told, place in placed for n, identity in enumerate(place.whom)
    ]  # fmt: skip
    if events:
        record_in(conn, events, app.listeners(), now, app.project.values)
        reply_tasks.open_for(conn, app.project, reply_tasks.unread(events), now)


def _row(number: int, source: str, told: Told, place: _Place, now: int) -> Row:
    said = orjson.dumps(told._asdict()).decode()
    return Row(number, source, told.id, told.name, "", None, None, next(iter(place.whom), None), told.at, now, False,
               "open" if place.open else "applied", place.because, said if place.open else None, said)  # fmt: skip


def _living(conn: Connection, fresh: Sequence[Told]) -> dict[Who, list[int]]:
    """Who goes by each name now; the people are locked."""
    wanted: dict[str, set[str]] = {}
    for told in fresh:
        if told.who:
            wanted.setdefault(told.who[0], set()).add(told.who[1])
    found: dict[Who, set[int]] = {}
    for kind, channel in (("email", "email"), ("phone", "sms")):
        for key, ids in received.by_address(conn, channel, wanted.get(kind, ())).items():
            found[kind, key] = ids
    for key, ids in people.holders_of(conn, wanted.get("id", ())).items():
        found["id", key] = ids
    alive = people.lock_living(conn, {i for ids in found.values() for i in ids})
    return {who: sorted({alive[i] for i in ids if i in alive}) for who, ids in found.items()}


def _place(told: Told, living: Mapping[Who, Sequence[int]]) -> _Place:
    """Where an event belongs. What several go by means nobody, unless it is a no, which means all of them."""
    if told.who is None:
        return _Place(because=FOR_EVERYONE)
    whom = tuple(living.get(told.who, ()))
    if len(whom) == 1:
        return _Place(whom)
    what = understood(told.name, _data(told))
    binds = any(_reached(told, channel) for channel in what.suppresses)
    if whom:
        refuses = told.name in REFUSALS or bool(what.suppresses)
        return _Place(whom, FOR_EACH, binds) if refuses else _Place(because=SEVERAL)
    return _Place(because=BOUND, binds=True) if binds else _Place(because=NOBODY)


def _reached(told: Told, channel: str) -> tuple[str, ...]:
    """The match keys of the address that an event names, where that channel writes to it."""
    kind, key = told.who or ("", "")
    return reached_on(channel, key if kind == "email" else None, key if kind == "phone" else None)


def _data(told: Told) -> Mapping[str, Any]:
    """What is told, and where a no names a number and no channel, that it means every one."""
    by_phone = told.who is not None and told.who[0] == "phone"
    if by_phone and told.name in ("unsubscribed", "channel_declined") and not told.data.get("channel"):
        return {**told.data, "channel": ALL}
    return told.data


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
        living = _living(conn, list(waiting.values()))
        placed = [(number, told, _place(told, living)) for number, told in waiting.items() if told.who]
        found = [(number, told, place) for number, told, place in placed if not place.open]
        received.close(
            conn,
            [
                (n, next(iter(place.whom), None), False, "applied", place.because, None)
                for n, _, place in found
            ],
        )
        _obey(conn, app, source, [(told, place) for _, told, place in found], now)
    return Counter(applied=len(found))


def _told(said: str) -> Told:
    data = orjson.loads(said)
    return Told(**{**data, "who": tuple(data["who"]) if data["who"] else None})
