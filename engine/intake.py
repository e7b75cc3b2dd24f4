"""Intake: what comes back is on record, raw and as it was read, and obeyed in the same transaction.

``received`` holds each item once, by the other side's own name for it, so a second delivery changes nothing. The
people it is about are locked as everybody locks them. What cannot be placed or judged yet stays open, and is taken up
again (``intake_again``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from sqlalchemy import Connection

from channels.events import EventKind, InboundMessage, ProviderEvent
from engine import intake_events as news
from engine.events import NewEvent, record_in
from engine.flow import TouchState
from engine.intake_replies import Replies
from engine.machines import is_scanner
from engine.soft_bounces import suppress_gone
from engine.suppression import suppress_addresses, told_by
from state.errors import StoreConflict
from state.ids import next_ids
from state.queries import doubts, notices, people, received, record

if TYPE_CHECKING:
    from engine.app import App

Item = ProviderEvent | InboundMessage

#: why an opening or a click is still open: whether a program did it shows when more has come in
WATCHED = "watched: a person, or a program?"
BY_MACHINE = "a machine's doing"
#: how often a call is taken that must give way to another one
_ATTEMPTS = 5


class Coming(NamedTuple):
    """An item on its way in. ``number``: its row's; ``at``: when it came in."""

    number: int
    item: Item
    at: int


class Row(NamedTuple):
    """A row of ``received``, in the order of its COLUMNS."""

    id: int
    source: str
    key: str
    kind: str
    channel: str
    ref: str | None
    provider_id: str | None
    identity_id: int | None
    at: int | None
    received_at: int
    machine: bool
    state: str
    reason: str | None
    said: str | None
    raw: str


def take(app: App, source: str, channel: str, items: Sequence[Item], now: int) -> Counter[str]:
    """Put on record what came back by ``channel``, and do what it calls for, in one transaction.

    ``source`` with an item's own id names it for ever. Returns how many were ``known`` already, and of the new ones
    how many were ``applied``, are ``open`` (to be placed or judged later) or ``ignored``. When it returns, whoever
    said no is suppressed.

    Several threads may be at it with one App on PostgreSQL: of the App it takes the store, keys, the project and
    ``listeners``, none of which changes under its hands. Of two that have the same item, one gives way and begins anew.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return _once(app, source, channel, items, now)
        except StoreConflict:
            continue
    return _once(app, source, channel, items, now)


def _once(app: App, source: str, channel: str, items: Sequence[Item], now: int) -> Counter[str]:
    with app.store.begin() as conn:
        return _take(conn, app, source, channel, items, now)


def _take(
    conn: Connection, app: App, source: str, channel: str, items: Sequence[Item], now: int
) -> Counter[str]:
    first = {item.id: item for item in reversed(items)}
    known = received.known_keys(conn, source, first.keys()) if first else set()
    fresh = [item for item in reversed(first.values()) if item.id not in known]
    tally = Counter(known=len(items) - len(fresh))
    if fresh:
        intake = Intake(conn, app, source, channel, now)
        numbers = next_ids(len(fresh))
        intake.read([Coming(n, item, now) for n, item in zip(numbers, fresh, strict=True)])
        if received.put(conn, intake.rows) < len(fresh):
            raise StoreConflict("the same came in by two calls at once")
        intake.act()
        tally.update(row.state for row in intake.rows)
    return +tally


class Intake:
    """A batch from one source. ``read`` locks, places and judges; ``act`` writes what follows.

    ``watch``: openings and clicks wait until more has come in.
    """

    def __init__(
        self, conn: Connection, app: App, source: str, channel: str, now: int, *, watch: bool = True
    ) -> None:
        self.conn, self.app, self.source, self.channel, self.now = conn, app, source, channel, now
        self.rows: list[Row] = []
        self._watch = watch
        self._events: list[NewEvent] = []
        #: (channel or all, reason, source, since when) -> addresses that are suppressed whoever has them
        self._addresses: dict[tuple[str, str, str, int], set[str]] = {}
        self._soft: dict[int, str] = {}
        self._touches: dict[str, dict[str, Any]] = {}
        self._moved: set[str] = set()
        self._settled: dict[str, EventKind] = {}
        self._notices: set[str] = set()
        self._alive: Mapping[int, int] = {}
        self._whose: Mapping[str, set[int]] = {}
        self._erased: set[str] = set()
        self._replies = Replies(conn, app, source, channel, now)

    # ── judging ──

    def read(self, coming: Sequence[Coming]) -> None:
        """Lock the people the items are about, and judge each item."""
        self._place([c.item for c in coming])
        for number, item, at in coming:
            if isinstance(item, InboundMessage):
                self._message(number, item, at)
            else:
                self._event(number, replace(item, machine=True) if is_scanner(item.agent) else item, at)

    def _place(self, items: Sequence[Item]) -> None:
        refs = {i.ref for i in items if isinstance(i, ProviderEvent) and i.ref}
        touches = received.touches(self.conn, refs)
        addresses = {key for i in items if (key := self._named(i, touches))}
        self._whose = received.by_address(self.conn, self.channel, addresses)
        ids = {t["identity_id"] for t in touches.values()} | {
            i for each in self._whose.values() for i in each
        }
        self._alive = people.lock_living(self.conn, ids)
        # read again under the lock: a merge may have moved them, an outcome may have been written
        postgres = self.conn.dialect.name == "postgresql"
        self._touches = received.touches(self.conn, refs) if postgres and touches else touches
        nobodys = addresses - self._whose.keys()
        self._erased = people.erased_addresses(self.conn, nobodys) if nobodys else set()
        strange = refs - touches.keys()
        self._notices = notices.told(self.conn, strange) if strange else set()

    def _named(self, item: Item, touches: Mapping[str, Any]) -> str | None:
        """The address by which an item's people are found: a sender's, or a refusal's whose touch we have not."""
        if isinstance(item, ProviderEvent):
            if item.ref in touches or news.refusal_of(item, self.channel) is None:
                return None
            return next(iter(news.address_keys(self.channel, item.to)), None)
        return next(iter(news.address_keys(self.channel, item.sender)), None)

    def _event(self, number: int, event: ProviderEvent, at: int) -> None:
        touch = self._touches.get(event.ref)
        owners = self._owners(event, touch)
        reason = self._move(touch, event) if touch else None
        self._refuse(event)
        machine = event.machine and event.kind in news.BY_READERS
        waits = self._watch and not machine and event.kind in news.WATCHED and bool(owners)
        for n, identity in enumerate(() if machine or waits else owners):
            self._facts(event, identity, f":{identity}" if n else "")
        owner = touch["identity_id"] if touch else next(iter(owners), None)
        state, why = ("open", WATCHED) if waits else self._state(event, touch, owners)
        reason = BY_MACHINE if machine and state == "applied" else why or reason
        self._put(number, event, at, state, reason, owner, machine)

    def _state(self, event: ProviderEvent, touch: Any, owners: Sequence[int]) -> tuple[str, str | None]:
        """Where the row of an event stands, and why if that is not plain."""
        if event.kind is EventKind.UNKNOWN:
            return "ignored", "of a kind nobody knows"
        if touch:
            return "applied", None
        if owners:
            return "applied", "no touch goes by its ref: placed by its address"
        if event.ref in self._notices:
            return "applied", "it is about an answer of ours, not about a touch"
        if news.refusal_of(event, self.channel):
            return "applied", "nobody has the address: it is suppressed"
        if event.ref:
            return "open", "no touch goes by its ref"
        return "ignored", "it names no touch, so the message was none of ours"

    def _owners(self, event: ProviderEvent, touch: Mapping[str, Any] | None) -> list[int]:
        """The living people an event is about."""
        if touch:
            return [self._alive[touch["identity_id"]]] if touch["identity_id"] in self._alive else []
        return self._people_at(self._named(event, {}))

    def _people_at(self, key: str | None) -> list[int]:
        return sorted({self._alive[i] for i in self._whose.get(key or "", ()) if i in self._alive})

    def _move(self, touch: dict[str, Any], event: ProviderEvent) -> str | None:
        """Move the touch on as far as the table allows; why it was not moved."""
        state = TouchState(touch["state"])
        after = news.moved(state, event.kind)
        if event.provider_id and not touch["provider_id"]:
            touch["provider_id"] = plain(event.provider_id)
            self._moved.add(touch["ref"])
        if after is None:
            return f"nothing new: the touch is {state}" if event.kind in news.MOVES else None
        if state in news.UNSETTLED:
            self._settled.setdefault(touch["ref"], event.kind)
            if touch["counted_at"] is None:  # it was thought not to count
                touch["counted_at"] = touch["finished_at"] or min(touch["not_before"], self.now)
            touch["finished_at"] = self.now
        touch["state"], touch["reason"] = after.value, None
        self._moved.add(touch["ref"])
        return None

    def _refuse(self, event: ProviderEvent) -> None:
        refusal = news.refusal_of(event, self.channel)
        if refusal:
            keys = news.address_keys(self.channel, event.to)
            for scope in news.at_address(self.channel, refusal.channels):
                no = (scope, refusal.reason, told_by(self.source), self.now)
                self._addresses.setdefault(no, set()).update(keys)

    def _facts(self, event: ProviderEvent, identity: int, whose: str) -> None:
        at = min(event.at if event.at is not None else self.now, self.now)
        if event.soft:
            self._soft[identity] = event.to
        for fact in news.facts_of(event, self.channel):
            key = f"{event.id}{fact.suffix}{whose}"
            self._events.append(
                NewEvent(
                    identity_id=identity, name=fact.name, at=at, source=self.source, key=key, data=fact.data
                )
            )

    def _message(self, number: int, message: InboundMessage, at: int) -> None:
        keys = news.address_keys(self.channel, message.sender)
        who = self._people_at(next(iter(keys), None))
        said = self._replies.read(message, at, keys, who)
        self._events += said.events
        for scope in news.at_address(self.channel, said.suppress):
            no = (scope, "opt_out", told_by(self.source, said.sender), at)
            self._addresses.setdefault(no, set()).update(keys)
        state, reason = said.state
        if self._erased.intersection(keys):
            state, reason, message = "ignored", "whoever had the address was erased", replace(message, raw="")
        self._put(number, message, at, state, reason, next(iter(who), None), machine=False)

    def _put(
        self,
        number: int,
        item: Item,
        at: int,
        state: str,
        reason: str | None,
        identity: int | None,
        machine: bool,
    ) -> None:
        forgotten = (
            identity is not None and identity not in self._alive
        )  # erased: what it says is kept no more
        row = Row(number, self.source, item.id, "inbound", self.channel, None, None, self._alive.get(identity or 0),
                  None, at, machine, state, reason, to_json(item) if state == "open" else None,
                  "" if forgotten else plain(item.raw))  # fmt: skip
        if isinstance(item, ProviderEvent):
            ref, provider_id = plain(item.ref) or None, plain(item.provider_id) or None
            row = row._replace(kind=item.kind.value, at=item.at, ref=ref, provider_id=provider_id)
        self.rows.append(row)

    # ── writing ──

    def act(self) -> None:
        """Write what the batch calls for."""
        self._replies.before()
        self._settle()
        for (scope, reason, source, at), keys in sorted(self._addresses.items()):
            suppress_addresses(self.conn, keys, scope, reason, at=at, source=source)
        if self._events:
            values, listeners = self.app.project.values, self.app.listeners()
            record_in(
                self.conn,
                self._events,
                listeners,
                self.now,
                values,
                {e.identity_id: e.identity_id for e in self._events},
            )
        suppress_gone(self.conn, self._soft, self.channel, self.source, self.now)
        if self._notices:
            notices.confirm(self.conn, self._notices)
        self._replies.after()

    def _settle(self) -> None:
        names = ("ref", "state", "reason", "provider_id", "counted_at", "finished_at")
        moved = (self._touches[ref] for ref in sorted(self._moved))
        received.move_touches(self.conn, [tuple(touch[name] for name in names) for touch in moved])
        record.put_ledger(self.conn, list(self._ledger()))
        for ref in self._settled:
            touch = self._touches[ref]
            if touch["identity_id"] in self._alive:
                doubts.put_reached(self.conn, touch["identity_id"], touch["channel"], touch["counted_at"])

    def _ledger(self) -> Iterator[dict[str, Any]]:
        """How it came to light that they have left."""
        names = ("identity_id", "campaign", "cycle", "step", "version")
        for ref, kind in self._settled.items():
            touch = self._touches[ref]
            told = {"channel": touch["channel"], "ref": ref, "attempt": touch["attempts"],
                    "provider_id": touch["provider_id"], "settled_by": self.source,
                    "because": f"word of it came: {kind.value}"}  # fmt: skip
            reasons = orjson.dumps([{k: v for k, v in told.items() if v}]).decode()
            kept = {name: touch[name] for name in names}
            yield {**kept, "at": self.now, "action": "sent", "rule": None, "reasons": reasons}


def to_json(item: Item) -> str:
    """What was read of an item, but for ``raw``."""
    kept = {f.name: getattr(item, f.name) for f in fields(item) if f.name != "raw"}
    return orjson.dumps({k: plain(v) if isinstance(v, str) else v for k, v in kept.items() if v}).decode()


def plain(text: str) -> str:
    """The other side's words as text that any database takes."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")
