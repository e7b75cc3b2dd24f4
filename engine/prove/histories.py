"""What a person may have been sent before: kinds of earlier touches, and what the engine is shown of each.

A cap asks two things of an earlier touch: is it of mine, and is it still in my window? So touches are told apart by
channel, campaign, round and state, and by their age on either side of each edge of each window.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations_with_replacement
from math import comb
from typing import NamedTuple

from sqlalchemy import Connection

from engine import law
from engine.cases.compare import elapsed
from engine.facts import TouchFact
from engine.flow import TouchState
from engine.gather import Scope, gather
from engine.model import CHANNELS, DAY, Campaign, Cap, Project
from state.queries import cases, record
from state.store import Store

#: a campaign that is none of the project's
ELSEWHERE = ""

#: histories of one cap that are all looked at; of more, those made of at most two kinds of touches
_EVERY = 10_000
#: caps with a larger limit than this are looked at with one kind of touch at a time
_MANY = 50

#: states of a touch that has left, or may have
_LEFT = (TouchState.DISPATCHING, TouchState.IN_DOUBT, TouchState.DELIVERED, TouchState.BOUNCED)


class Earlier(NamedTuple):
    """Earlier touches that no cap tells apart."""

    channel: str
    campaign: str
    cycle: int  # 1: the round at hand
    state: str
    age: int | None  # seconds since it counts; None: reserved, and may leave at any moment
    offer: str | None = None  # that it named

    @property
    def told(self) -> str:
        """``email sent 6d ago``, ``sms queued by churned``, ``email with ten_off sent by churned 1d ago``."""
        by = f" by {self.campaign}" if self.campaign else ""
        when = "" if self.age is None else f" {elapsed(self.age)} ago" if self.age else " just now"
        what = f"{self.channel} with {self.offer}" if self.offer else self.channel
        return f"{what} {self.state.replace('_', ' ')}{by}{when}"

    @property
    def is_plain(self) -> bool:
        """Can a test case give such a touch?"""
        return self.campaign == ELSEWHERE and self.state == TouchState.SENT and self.offer is None


class Binding(NamedTuple):
    """A cap as it binds one step: the project's, the campaign's or the law's."""

    cap: Cap
    channels: frozenset[str]  # on which touches count
    law: str | None = None

    def counts(self, kind: Earlier) -> bool:
        """Is a touch of the kind one of those that the cap limits, and in its window? Told here a second time, in
        other words than the gate's."""
        inside = kind.age is None or kind.age < self.cap.per
        return inside and kind.channel in self.channels and self.cap.campaign in (None, kind.campaign)


def bindings(project: Project, campaign: Campaign, channel: str, regions: tuple[str, ...]) -> list[Binding]:
    """Every cap that binds a touch of the campaign on the channel to somebody in the regions."""
    declared = [c for c in (*project.policy.caps, *campaign.caps) if c.channel in (None, channel)]
    found = [Binding(c, frozenset({c.channel} if c.channel else CHANNELS)) for c in declared]
    for frequency in law.frequencies(channel, regions):
        found.append(Binding(Cap(limit=frequency.limit, per=frequency.per), law.BY_PHONE, frequency.law))
    return found


def edges(project: Project) -> frozenset[int]:
    """The lengths of all windows that any cap of the project or the law looks back over."""
    declared = (c.per for campaign in project.campaigns.values() for c in campaign.caps)
    return frozenset({DAY, *declared, *(c.per for c in project.policy.caps)})


def that_count(project: Project, campaign: Campaign, binding: Binding) -> list[Earlier]:
    """The kinds of touches that fill the cap, the plainest first."""
    return [kind for kind in _kinds(project, campaign) if binding.counts(kind)]


def _kinds(project: Project, campaign: Campaign) -> Iterator[Earlier]:
    """Touches of the campaign and of others on every channel in use, at either side of every edge."""
    ages = sorted(
        {0, *(age for per in edges(project) for age in (per - 1, per))},
        key=lambda age: (age == 0, age % 60 != 0, age),
    )
    everybody = [s.channel for c in project.campaigns.values() for s in c.steps]
    for sender, channels in ((ELSEWHERE, everybody), (campaign.id, [s.channel for s in campaign.steps])):
        for channel in (c for c in CHANNELS if c in channels):
            yield from (Earlier(channel, sender, 1, TouchState.SENT.value, age) for age in ages)
            yield Earlier(channel, sender, 1, TouchState.QUEUED.value, None)


def every_kind(project: Project) -> Iterator[Earlier]:
    """The kinds of touches that count for any cap of any campaign."""
    regions = tuple(f"US-{state}" for state in law.US_STATES)
    for campaign in project.campaigns.values():
        for channel in dict.fromkeys(s.channel for s in campaign.steps if s.channel):
            for binding in bindings(project, campaign, channel, regions):
                for kind in that_count(project, campaign, binding):
                    yield kind
                    yield from rarer(kind)


def rarer(kind: Earlier) -> Iterator[Earlier]:
    """The same touch in every other state that counts, and in an earlier round."""
    yield kind._replace(cycle=2)
    if kind.age is not None:
        yield from (kind._replace(state=state.value) for state in _LEFT)


def is_complete(binding: Binding, several: Sequence[Earlier]) -> bool:
    """Are all histories that fill the cap looked at?"""
    limit = binding.cap.limit
    return limit <= _MANY and comb(len(several) + limit - 1, limit) <= _EVERY


def full(binding: Binding, several: Sequence[Earlier]) -> Iterator[tuple[Earlier, ...]]:
    """Histories that fill the cap to its limit."""
    limit = binding.cap.limit
    if is_complete(binding, several):
        yield from combinations_with_replacement(several, limit)
    else:
        yield from ((kind,) * limit for kind in several)
        if limit <= _MANY:
            pairs = ((a, b) for a in several for b in several if a != b)
            yield from (((a,) * (limit - 1) + (b,)) for a, b in pairs)
    yield from ((other,) * limit for kind in several for other in rarer(kind))


# ── what the engine is shown ──


def gathered(project: Project, every: Iterable[Earlier], now: int) -> Mapping[Earlier, TouchFact]:
    """What is loaded of a touch of each kind, by the function that loads facts for a decision. A kind is absent where
    a decision would not know of it."""
    listed = list(dict.fromkeys(every))
    store = Store.open("sqlite://")
    try:
        with store.begin() as conn:
            _put(conn, listed, now)
            scope = Scope.of(project, project.campaigns.values())
            people = gather(conn, scope, range(1, len(listed) + 1), now)
    finally:
        store.close()
    return {kind: touch for n, kind in enumerate(listed, 1) for touch in people[n].touches}


def _put(conn: Connection, listed: Sequence[Earlier], now: int) -> None:
    """Somebody for each kind, with one touch of it."""
    nothing = dict.fromkeys(("reason", "template", "variant", "worker", "provider_id", "finished_at"))
    rows = []
    for n, kind in enumerate(listed, 1):
        cases.put_person(conn, {"identity_id": n, "created_at": now, "updated_at": now, "attributes": {}})
        at = now - (kind.age or 0)
        moments = dict.fromkeys(("planned_at", "expires_at", "not_before", "decided_at"), at)
        own = {
            "identity_id": n,
            "campaign": kind.campaign,
            "cycle": kind.cycle,
            "step": "earlier",
            "ref": f"{n}",
        }
        named = {"offer": kind.offer, "offer_expires_at": at + DAY if kind.offer else None}
        counted = None if kind.age is None else at
        rows.append({**nothing, **own, **named, **moments, "state": kind.state, "channel": kind.channel, "priority": 50,
                     "counted_at": counted, "attempts": 1})  # fmt: skip
    record.put_touches(conn, rows)


def shown(history: Sequence[Earlier], loaded: Mapping[Earlier, TouchFact], now: int) -> list[TouchFact]:
    """The history as a decision at ``now`` would be given it."""
    return [
        loaded[kind]._replace(step=f"earlier_{n}", counted_at=None if kind.age is None else now - kind.age)
        for n, kind in enumerate(history)
        if kind in loaded
    ]
