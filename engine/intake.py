"""Intake: what comes back is on record, raw and as it was read, and obeyed in the same transaction.

``received`` holds each item once, by the other side's own name for it, so a second delivery changes nothing. The
people it is about are locked as everybody locks them. What cannot be placed yet stays open, and is tried again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import Connection

from channels.events import EventKind, InboundMessage, ProviderEvent
from engine import intake_events as news
from engine.events import NewEvent, record_in
from engine.flow import TouchState
from engine.intake_replies import Replies
from engine.suppression import suppress_addresses
from state.ids import next_ids
from state.queries import doubts, people, received, record

if TYPE_CHECKING:
    from engine.app import App

Item = ProviderEvent | InboundMessage


def take(app: App, source: str, channel: str, items: Sequence[Item], now: int) -> Counter[str]:
    """Put on record what came back by ``channel``, and do what it calls for, in one transaction.

    ``source`` with an item's own id names it for ever. Returns how many were ``known`` already, and of the new ones
    how many were ``applied``, are ``open`` (to be placed later) or ``ignored``. When it returns, whoever said no is
    suppressed.
    """
    with app.store.begin() as conn:
        return take_in(conn, app, source, channel, items, now)


def take_in(
    conn: Connection, app: App, source: str, channel: str, items: Sequence[Item], now: int
) -> Counter[str]:
    """The same in the caller's transaction, which holds no locks of people yet."""
    first = {item.id: item for item in reversed(items)}
    known = received.known_keys(conn, source, first.keys()) if first else set()
    fresh = [item for item in reversed(first.values()) if item.id not in known]
    tally = Counter(known=len(items) - len(fresh))
    if fresh:
        intake = Intake(conn, app, source, channel, now)
        intake.read(fresh)
        received.put(conn, intake.rows)
        intake.act()
        tally.update(row[_STATE] for row in intake.rows)
    return +tally


_STATE = received.COLUMNS.index("state")


class Intake:
    """A batch from one source. ``read`` locks, places and judges; ``act`` writes what follows."""

    def __init__(self, conn: Connection, app: App, source: str, channel: str, now: int) -> None:
        self.conn, self.app, self.source, self.channel, self.now = conn, app, source, channel, now
        #: rows of ``received``, in the order of its COLUMNS
        self.rows: list[tuple[Any, ...]] = []
        self._events: list[NewEvent] = []
        self._addresses: dict[tuple[str, str], set[str]] = {}
        self._touches: dict[str, dict[str, Any]] = {}
        self._settled: dict[str, EventKind] = {}
        self._moved: set[str] = set()
        self._alive: Mapping[int, int] = {}
        self._whose: Mapping[str, set[int]] = {}
        self._replies = Replies(conn, app, source, channel, now)

    # ── judging ──

    def read(self, items: Sequence[Item]) -> None:
        """Lock the people the items are about, and judge each item."""
        self._place(items)
        for number, item in zip(next_ids(len(items)), items, strict=True):
            if isinstance(item, InboundMessage):
                self._message(number, item)
            else:
                self._event(number, item)

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

    def _named(self, item: Item, touches: Mapping[str, Any]) -> str | None:
        """The address by which an item's person is to be found: a sender's, or a refusal's whose touch we have not."""
        if isinstance(item, ProviderEvent):
            if item.ref in touches or news.refusal_of(item, self.channel) is None:
                return None
            return next(iter(news.address_keys(self.channel, item.to)), None)
        return next(iter(news.address_keys(self.channel, item.sender)), None)

    def _event(self, number: int, event: ProviderEvent) -> None:
        touch = self._touches.get(event.ref)
        owners = self._owners(event, touch)
        refusal = news.refusal_of(event, self.channel)
        if refusal:
            keys = news.address_keys(self.channel, event.to)
            self._addresses.setdefault(refusal, set()).update(keys)
        reason = self._move(touch, event) if touch else None
        machine = event.machine and event.kind in news.BY_READERS
        for n, identity in enumerate(owners if not machine else ()):
            self._facts(event, identity, f":{identity}" if n else "")
        if event.kind is EventKind.UNKNOWN:
            state, reason = "ignored", "of a kind nobody knows"
        elif touch or owners or refusal:
            state = "applied"
            reason = "a machine's doing" if machine else reason or _for_want_of(touch, owners)
        elif event.ref:
            state, reason = "open", "no touch goes by its ref"
        else:
            state, reason = "ignored", "it names no touch, so the message was none of ours"
        self._put(
            number, event, state, reason, touch["identity_id"] if touch else next(iter(owners), None), machine
        )

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
            touch["provider_id"] = event.provider_id
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

    def _facts(self, event: ProviderEvent, identity: int, whose: str) -> None:
        at = min(event.at if event.at is not None else self.now, self.now)
        for fact in news.facts_of(event, self.channel):
            key = f"{event.id}{fact.suffix}{whose}"
            self._events.append(
                NewEvent(
                    identity_id=identity, name=fact.name, at=at, source=self.source, key=key, data=fact.data
                )
            )

    def _message(self, number: int, message: InboundMessage) -> None:
        keys = news.address_keys(self.channel, message.sender)
        who = self._people_at(next(iter(keys), None))
        said = self._replies.read(message, keys, who)
        self._events += said.events
        if said.suppress:
            self._addresses.setdefault((said.suppress, "opt_out"), set()).update(keys)
        state, reason = said.state
        self._put(number, message, state, reason, next(iter(who), None))

    def _put(
        self,
        number: int,
        item: Item,
        state: str,
        reason: str | None,
        identity: int | None,
        machine: bool = False,
    ) -> None:
        event = item if isinstance(item, ProviderEvent) else None
        kind = event.kind.value if event else "inbound"
        at = event.at if event else None
        forgotten = (
            identity is not None and identity not in self._alive
        )  # erased: what it says is kept no more
        raw = "" if forgotten else plain(item.raw)
        ref, provider_id = (
            (plain(event.ref) or None, plain(event.provider_id) or None) if event else (None, None)
        )
        said = to_json(item) if state == "open" else None
        owner = self._alive.get(identity) if identity is not None else None
        self.rows.append((number, self.source, item.id, kind, self.channel, ref, provider_id, owner, at, self.now,
                          machine, state, reason, said, raw))  # fmt: skip

    # ── writing ──

    def act(self) -> None:
        """Write what the batch calls for."""
        moved = [self._touches[ref] for ref in sorted(self._moved)]
        names = ("ref", "state", "reason", "provider_id", "counted_at", "finished_at")
        received.move_touches(self.conn, [tuple(t.get(name) for name in names) for t in moved])
        record.put_ledger(
            self.conn, [self._ledger(self._touches[r], kind) for r, kind in self._settled.items()]
        )
        for ref in self._settled:
            touch = self._touches[ref]
            doubts.put_reached(self.conn, touch["identity_id"], touch["channel"], touch["counted_at"])
        for (scope, reason), keys in self._addresses.items():
            suppress_addresses(self.conn, keys, scope, reason, at=self.now, source=f"event:{self.source}")
        if self._events:
            record_in(self.conn, self._events, self.app.listeners(), self.now, self.app.project.values)
        self._replies.act()

    def _ledger(self, touch: Mapping[str, Any], kind: EventKind) -> dict[str, Any]:
        """How it came to light that it has left."""
        told = {"channel": touch["channel"], "ref": touch["ref"], "attempt": touch["attempts"],
                "provider_id": touch["provider_id"], "settled_by": self.source,
                "because": f"the provider told that it was {kind.value}"}  # fmt: skip
        names = ("identity_id", "campaign", "cycle", "step", "version")
        reasons = orjson.dumps([{k: v for k, v in told.items() if v}]).decode()
        kept = {name: touch[name] for name in names}
        return {**kept, "at": self.now, "action": "sent", "rule": None, "reasons": reasons}


def _for_want_of(touch: Any, owners: Sequence[int]) -> str | None:
    """How an event was placed that names no touch of ours."""
    if touch:
        return None
    return (
        "no touch goes by its ref: placed by its address"
        if owners
        else "nobody has the address: it is suppressed"
    )


def to_json(item: Item) -> str:
    """What was read of an item, but for ``raw``."""
    kept = {f.name: getattr(item, f.name) for f in fields(item) if f.name != "raw"}
    return orjson.dumps({k: plain(v) if isinstance(v, str) else v for k, v in kept.items() if v}).decode()


def plain(text: str) -> str:
    """The other side's words as text that any database takes."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")
