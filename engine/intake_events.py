"""What a provider's event about a message comes to: where the touch stands then, and what is on record about its
person. Pure, and the same in whatever order and however often events come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from channels.events import EventKind, ProviderEvent
from engine.bound_channels import with_voice
from engine.flow import TOUCH, TouchMove, TouchState
from engine.law import BY_PHONE
from engine.people.normalise import email_key, keys_of
from engine.people.phones import phone_number
from engine.suppression import ALL

#: what an event proves of the message it is about; a reader proves that it was delivered
MOVES: dict[EventKind, TouchMove] = {
    EventKind.ACCEPTED: TouchMove.ACCEPT,
    EventKind.DEFERRED: TouchMove.ACCEPT,
    EventKind.DELIVERED: TouchMove.DELIVER,
    EventKind.OPENED: TouchMove.DELIVER,
    EventKind.CLICKED: TouchMove.DELIVER,
    EventKind.COMPLAINED: TouchMove.DELIVER,
    EventKind.UNSUBSCRIBED: TouchMove.DELIVER,
    EventKind.BOUNCED: TouchMove.BOUNCE,
    EventKind.DROPPED: TouchMove.BOUNCE,
}

#: events that may be a program's doing, and then count for nothing
BY_READERS = frozenset({EventKind.OPENED, EventKind.CLICKED, EventKind.UNSUBSCRIBED})

#: of these it shows only later whether a program did them
WATCHED = frozenset({EventKind.OPENED, EventKind.CLICKED})

#: where a touch stands of which nobody knew that it had left
UNSETTLED = frozenset(
    {TouchState.QUEUED, TouchState.DISPATCHING, TouchState.IN_DOUBT, TouchState.FAILED, TouchState.CANCELLED}
)


class Fact(NamedTuple):
    """An event to put on record; ``suffix`` tells several of one provider's event apart."""

    name: str
    suffix: str
    data: dict[str, Any]


def moved(state: TouchState, kind: EventKind) -> TouchState | None:
    """Where a touch stands after an event of that kind; None: where it stood, for it tells nothing new."""
    move = MOVES.get(kind)
    return TOUCH.get((state, move)) if move else None


def facts_of(event: ProviderEvent, channel: str) -> Iterator[Fact]:
    """What the event says about the person it went to."""
    told: dict[str, Any] = {"channel": channel}
    if event.ref:
        told["ref"] = event.ref
    match event.kind:
        case EventKind.DELIVERED:
            yield Fact("delivered", "", told)
        case EventKind.OPENED:
            yield Fact("opened", "", told)
        case EventKind.CLICKED:
            yield Fact("clicked", "", told | ({"url": event.url} if event.url else {}))
        case EventKind.UNSUBSCRIBED:
            yield Fact("unsubscribed", "", told)
        case EventKind.COMPLAINED:
            yield Fact("complained", "", told)
        case EventKind.BOUNCED | EventKind.DROPPED:
            hard = event.suppress == "hard_bounce"
            because = {"because": event.reason} if event.reason else {}
            soft = {"soft": True} if event.soft else {}
            yield Fact("bounced", "", told | {"address": event.to, "hard": hard} | soft | because)
            if event.suppress in _NO:
                yield Fact(_NO[event.suppress], ":no", told)


#: why a provider would not even try -> the event that the person's own no left behind
_NO = {"opt_out": "unsubscribed", "complaint": "complained"}


class Refused(NamedTuple):
    """What an event suppresses at the address it names, whoever has it. ``channels``: or ``all``."""

    channels: tuple[str, ...]
    reason: str


def refusal_of(event: ProviderEvent, channel: str) -> Refused | None:
    """The refusal that an event tells of: a person's own no binds what they mean by it, a bad address its channel."""
    if event.suppress is None or (event.machine and event.kind in BY_READERS):
        return None
    if event.suppress == "complaint":
        return Refused((ALL,), event.suppress)
    return Refused(with_voice([channel]) if event.suppress == "opt_out" else (channel,), event.suppress)


def at_address(channel: str, channels: Iterable[str]) -> Iterator[str]:
    """Those of ``channels`` that write to the address a message of ``channel`` came from, or went to."""
    mine = {ALL, *(BY_PHONE if channel in BY_PHONE else (channel,))}
    return (each for each in channels if each in mine)


def address_keys(channel: str, address: str) -> tuple[str, ...]:
    """The match keys of an address, the one that names people first; empty when it is none."""
    if channel == "email":
        key = email_key(address)
        return keys_of(key) if key else ()
    number = phone_number(address, None)
    return (number,) if number else ((address.strip(),) if address.strip() else ())
