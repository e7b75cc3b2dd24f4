"""Events come in: recorded once, acted on at once, and the enrolments that listen are looked at next.

All of it in one transaction, with the people's rows locked: a decision about a person either sees the event
or is made before it, and then the nudge makes sure that another one follows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
from sqlalchemy import Connection

from engine.clock import Clock
from engine.consequences import REPLY_REFUSED, Happened, act_on, as_read
from engine.feedback import FEEDBACK, Values, keep, said
from state.ids import next_ids
from state.queries import due, events, people
from state.queries.bulk import BulkInsert
from state.store import Store

_EVENT = BulkInsert("event", ("identity_id", "id", "name", "at", "received_at", "source", "key", "data"))

#: no field has a list of what it can hold
ANYTHING: Values = {}

#: event name -> campaigns that it can move before they are due
Listeners = Mapping[str, Collection[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """Something that happened to a person. (source, key) names it for ever; ``at`` is UTC epoch seconds. ``sender``:
    whose word it is, where that is vouched for (``engine.opt_in``)."""

    identity_id: int
    name: str
    at: int
    source: str
    key: str
    data: Mapping[str, Any] = field(default_factory=dict)
    sender: str = ""


def record(
    store: Store, new: Sequence[NewEvent], clock: Clock, listeners: Listeners, values: Values = ANYTHING
) -> int:
    """Record events in a transaction of their own; how many were not on record before."""
    with store.begin() as conn:
        return record_in(conn, new, listeners, clock.now(), values)


def record_in(
    conn: Connection, new: Sequence[NewEvent], listeners: Listeners, now: int, values: Values = ANYTHING,
    alive: Mapping[int, int] | None = None,
) -> int:  # fmt: skip
    """Record events in the caller's transaction; how many were not on record before.

    An event of an identity that was merged goes to the one it became; one of an erased or unknown identity
    is dropped. Refusals, complaints and hard bounces suppress here and now, and feedback is kept on the person.
    ``values``: what fields can hold (``Project.values``), by which reasons are judged. ``alive``: who everybody is now,
    where the caller has locked them.
    """
    if alive is None:
        alive = people.lock_living(conn, {e.identity_id for e in new})
    first = {(e.source, e.key): e for e in reversed(new) if e.identity_id in alive}
    unknown = _unknown(conn, [replace(e, identity_id=alive[e.identity_id]) for e in reversed(first.values())])
    unknown = [replace(e, name=as_read(e.name, e.data)) for e in unknown]
    write_events(conn, unknown, now)
    refused = act_on(
        conn, [Happened(e.identity_id, e.name, e.at, e.source, e.key, e.data, e.sender) for e in unknown], now
    )
    heard = [said(e.identity_id, e.at, e.data) for e in unknown if e.name == FEEDBACK]
    keep(conn, [s for s in heard if s], values, now)
    told = [_refusal_of(e) for e in unknown if (e.source, e.key) in refused]
    write_events(conn, told, now)
    _nudge(conn, [*unknown, *told], listeners, now)
    return len(unknown)


def _unknown(conn: Connection, new: Sequence[NewEvent]) -> list[NewEvent]:
    keys: dict[str, set[str]] = defaultdict(set)
    for event in new:
        keys[event.source].add(event.key)
    known = {source: events.known_keys(conn, source, wanted) for source, wanted in keys.items()}
    return [e for e in new if e.key not in known[e.source]]


def write_events(conn: Connection, new: Sequence[NewEvent], now: int) -> None:
    """Put events on record, and nothing else."""
    rows = [
        (e.identity_id, number, e.name, e.at, now, e.source, e.key, orjson.dumps(dict(e.data)).decode())
        for e, number in zip(new, next_ids(len(new)), strict=True)
    ]
    _EVENT(conn, rows)


def _refusal_of(event: NewEvent) -> NewEvent:
    """The event that says what a reply meant, so that flow and measures need not read it again."""
    channel = event.data.get("channel")
    return replace(
        event,
        name=REPLY_REFUSED,
        source="inbound",
        key=f"{event.source}:{event.key}",
        data={"channel": channel} if channel else {},
    )


def _nudge(conn: Connection, new: Sequence[NewEvent], listeners: Listeners, now: int) -> None:
    whom: dict[str, set[int]] = defaultdict(set)
    for event in new:
        whom[event.name].add(event.identity_id)
    for name, ids in whom.items():
        if listening := listeners.get(name):
            due.nudge(conn, ids, now, listening)
