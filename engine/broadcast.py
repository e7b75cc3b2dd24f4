"""An event without a person: it is for everyone a running campaign keeps waiting for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from engine.clock import Clock
from engine.events import NewEvent, record_in, write_events
from engine.facts import Facts
from engine.model import Campaign
from state.queries import events, facts, people
from state.store import Store

#: people told in one transaction
_CHUNK = 5_000

#: pairs of (event data key, person field) that must be equal; no pairs: everyone
_Matching = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast:
    """Something that happened to the product or the company. (source, key) names it for ever."""

    name: str
    at: int
    source: str
    key: str
    data: Mapping[str, Any] = field(default_factory=dict)


def broadcast(store: Store, event: Broadcast, campaigns: Iterable[Campaign], clock: Clock) -> int:
    """Record the event for all people with a live enrolment that a trigger or a park of ``campaigns`` ties to
    it; how many. Where a trigger declares ``match``, only for those whose fields are equal.

    Done in chunks; one that breaks off is taken up again by the next call. Once done it stays done: who
    enrols later has missed it.
    """
    wanted = _hearing(event.name, campaigns)
    with store.read() as conn:
        if events.known_keys(conn, event.source, [event.key]):
            return 0
    told, last = 0, 0
    while True:
        with store.begin() as conn:
            ids = events.on_campaigns(conn, list(wanted), last, _CHUNK)
            if not ids:
                break
            told += _tell(conn, event, ids, wanted, clock.now())
            last = ids[-1]
    with store.begin() as conn:
        write_events(conn, [_for(event, events.NOBODY, event.key)], clock.now())
    return told


def _hearing(name: str, campaigns: Iterable[Campaign]) -> dict[str, list[_Matching]]:
    """Campaign -> what a person must match; any one of them will do. Versions of a campaign add up."""
    wanted: dict[str, list[_Matching]] = {}
    for campaign in campaigns:
        matching = [t.matching for t in campaign.triggers if t.event == name]
        if not any(matching) and any(c.park_until == name for c in campaign.cohorts):
            matching.append(())
        if matching:
            wanted.setdefault(campaign.id, []).extend(matching)
    return wanted


def _tell(
    conn: Connection, event: Broadcast, ids: Sequence[int], wanted: Mapping[str, list[_Matching]], now: int
) -> int:
    alive = set(people.lock_living(conn, ids).values())
    live = events.live_in(conn, alive, list(wanted))
    known = {p["identity_id"]: Facts(p["identity_id"], p) for p in facts.people(conn, alive)}
    heard = sorted(
        {i for i, campaign in live if i in known and _matches(known[i], wanted[campaign], event.data)}
    )
    return record_in(
        conn, [_for(event, i, f"{event.key}:{i}") for i in heard], {event.name: list(wanted)}, now
    )


def _matches(person: Facts, wanted: Sequence[_Matching], data: Mapping[str, Any]) -> bool:
    return any(
        all(data.get(key) is not None and data.get(key) == person.value(name) for key, name in pairs)
        for pairs in wanted
    )


def _for(event: Broadcast, identity: int, key: str) -> NewEvent:
    return NewEvent(
        identity_id=identity, name=event.name, at=event.at, source=event.source, key=key, data=event.data
    )
