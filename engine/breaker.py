"""The breaker: a channel that keeps failing is left alone for a while, by all workers, and the rest goes on.

    closed     everything goes; failures in a row are counted
    open       nothing goes until its rest is over: so many failures in a row, or one that is ours to mend
    half_open  one message is tried, by one worker; the channel is closed again, or rests twice as long

It is a row in the store, and none while all is well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Connection

from channels.base import Accepted, Outcome, Rejected, Retry
from engine.logs import masked
from engine.model import HOUR
from state.queries import control

#: so many failures in a row, and it is the channel that is ill and not the messages
ILL_AFTER = 5
#: seconds an ill channel rests, doubled each time up to the longest
REST, LONGEST_REST = 60, HOUR
#: seconds after which a message that was to be tried is not waited for any more: its worker is gone
_PROBED_WITHIN = 900
#: so much of a provider's words is kept
_LONGEST_WORDS = 200

PREFIX = "breaker:"


class BreakerState(StrEnum):
    """What may go."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """How a channel bears up."""

    state: BreakerState = BreakerState.CLOSED
    failures: int = 0  # in a row
    since: int = 0  # the moment of the first of them
    until: int = 0  # open: of the next try; half open: after which another may be made
    rest: int = 0  # seconds of the latest rest
    error: str = ""  # the latest failure in the provider's words, without personal data
    ours: bool = False  # a person has to mend something here

    @classmethod
    def of(cls, value: dict[str, Any]) -> Breaker:
        """The breaker as the store has it."""
        return cls(**{**value, "state": BreakerState(value["state"])}) if value else cls()


class News(NamedTuple):
    """What the log should be told, once it is committed."""

    event: str
    told: dict[str, Any]


def admit(conn: Connection, channel: str, now: int) -> int | None:
    """How many messages may be tried: None for any number, 0 while it rests, 1 to see whether it is well again."""
    found = control.get(conn, PREFIX + channel)
    seen = Breaker.of(found[0]) if found else Breaker()
    if seen.state is BreakerState.CLOSED:
        return None
    if now < seen.until:
        return 0
    seen = Breaker.of(control.lock(conn, PREFIX + channel, {}, now))
    if seen.state is BreakerState.CLOSED:
        return None
    if now < seen.until:
        return 0  # another worker was first
    _put(conn, channel, replace(seen, state=BreakerState.HALF_OPEN, until=now + _PROBED_WITHIN), now)
    return 1


def untried(conn: Connection, channel: str, now: int) -> None:
    """There was no message to try after all: the next may."""
    seen = Breaker.of(control.lock(conn, PREFIX + channel, {}, now))
    if seen.state is BreakerState.HALF_OPEN:
        _put(conn, channel, replace(seen, state=BreakerState.OPEN, until=now), now)


def resting(conn: Connection) -> frozenset[str]:
    """The channels that are not simply well: open, or being tried."""
    return frozenset(c for c, breaker in every(conn).items() if breaker.state is not BreakerState.CLOSED)


def every(conn: Connection) -> dict[str, Breaker]:
    """By channel, those that have failed lately."""
    return {channel: Breaker.of(value) for channel, (value, _) in control.like(conn, PREFIX).items() if value}


def note(conn: Connection, tries: Iterable[tuple[str, Outcome, int]]) -> list[News]:
    """Take in what became of messages: (channel, outcome, moment), in the order in which it was known."""
    by_channel: dict[str, list[tuple[Outcome, int]]] = {}
    for channel, outcome, at in tries:
        by_channel.setdefault(channel, []).append((outcome, at))
    if not by_channel:
        return []
    known = control.like(conn, PREFIX)
    news: list[News] = []
    for channel in sorted(by_channel):
        if channel in known or not all(_is_well(outcome) for outcome, _ in by_channel[channel]):
            news += _note(conn, channel, by_channel[channel])
    return news


def _note(conn: Connection, channel: str, outcomes: Sequence[tuple[Outcome, int]]) -> list[News]:
    now = outcomes[-1][1]
    before = Breaker.of(control.lock(conn, PREFIX + channel, {}, now))
    after = before
    for outcome, at in outcomes:
        after = Breaker() if _is_well(outcome) else _failed(after, outcome, at)
    if after == Breaker():
        control.drop(conn, PREFIX + channel)
        opened = before.state is not BreakerState.CLOSED
        return [News("channel_well", {"channel": channel, "since": before.since})] if opened else []
    _put(conn, channel, after, now)
    if after.state is BreakerState.OPEN and after.until != before.until:
        told = {"channel": channel, "rests": after.rest, "because": after.error, "ours": after.ours}
        return [News("channel_ill", told)]
    return []


def _failed(seen: Breaker, outcome: Outcome, at: int) -> Breaker:
    """One failure more. What was still under way when it opened changes nothing but the count."""
    ours = isinstance(outcome, Retry) and outcome.ours
    words = str(masked(getattr(outcome, "reason", "")))[:_LONGEST_WORDS]
    seen = replace(
        seen, failures=seen.failures + 1, since=seen.since or at, error=words, ours=ours or seen.ours
    )
    ill = ours or seen.failures >= ILL_AFTER or seen.state is BreakerState.HALF_OPEN
    if not ill or seen.state is BreakerState.OPEN:
        return seen
    rest = min(LONGEST_REST, seen.rest * 2) if seen.rest else REST
    return replace(seen, state=BreakerState.OPEN, rest=rest, until=at + rest)


def _is_well(outcome: Outcome) -> bool:
    """Did the channel answer for the message, whatever it said?"""
    return isinstance(outcome, Accepted | Rejected)


def _put(conn: Connection, channel: str, breaker: Breaker, now: int) -> None:
    control.put(conn, PREFIX + channel, asdict(breaker), now)
