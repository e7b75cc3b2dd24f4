"""Declared rates, held by all workers together, and the slow beginning of a sender that nobody knows yet.

In no stretch as long as a rate names (any second, any day: the stretch rolls) do more messages leave than it allows.
So a worker draws its share from the bucket in the store before it takes messages, and says when each of them left. A
share that nobody has accounted for counts as if it left at the last moment at which it may: a worker that dies costs
its share, never the promise.

All times are milliseconds. The clock is the database's where workers share one, so that it does not matter how far the
clocks of two machines are apart. A bucket's own time does not run back, unless it is so far ahead that the clock must
have been wrong: what it holds of the future then counts as if it left now.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from engine.model import DAY, ChannelDef, Rate
from state.queries import control

if TYPE_CHECKING:
    from engine.app import App

#: a share must have left within so many milliseconds (engine.delivery.LEAVES_WITHIN)
_LEAVES = 60_000
#: what has left is remembered in so many slots a stretch, each counted as if it all left at the slot's end
_SLOTS = 60
#: a worker waits until a tenth of what the rate allows is free: not a transaction for every message
_WORTH = 10
#: on a virtual clock time goes by in strides of a minute; a finer rate is held by the minute
_STRIDE = 60

_numbers = count()


@dataclass(slots=True, kw_only=True)
class Share:
    """What a worker may send of a channel now. ``free_in``: milliseconds until more is free, where it is nothing."""

    key: str
    name: str
    count: int
    at: int
    free_in: int | None = None
    #: milliseconds by which the bucket was ahead, where the clock must have been wrong
    ahead: int = 0
    #: the worker's own time at which it was drawn, in seconds; None on a virtual clock
    began: float | None = None
    #: the moments at which its messages left
    left: list[int] = field(default_factory=list)
    bucket: Bucket | None = None

    def keep(self, conn: Connection, count: int) -> None:
        """Take ``count`` of it, in the transaction that drew it."""
        if self.bucket is not None and count:
            self.bucket.take(self.name, self.at, count)
            control.put(conn, self.key, self.bucket.to_json(), self.at // 1000)
        self.bucket = None

    def note(self, moment: float, count: int) -> None:
        """By ``moment`` (in seconds, as ``began``) so many of its messages have left."""
        at = self.at if self.began is None else self.at + math.ceil((moment - self.began) * 1000)
        self.left += [at] * (count - len(self.left))


@dataclass(slots=True, kw_only=True)
class Bucket:
    """What has left lately, as the store keeps it."""

    at: int = 0
    #: when the first message left: a warm-up counts from here
    since: int | None = None
    #: seconds of a stretch -> end of a slot -> messages in it
    left: dict[int, dict[int, int]] = field(default_factory=dict)
    #: share that is on its way -> (latest moment, messages)
    open: dict[str, tuple[int, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Bucket:
        left = {
            int(per): {int(end): n for end, n in slots.items()}
            for per, slots in value.get("left", {}).items()
        }
        shares = {name: (until, n) for name, (until, n) in value.get("open", {}).items()}
        return cls(at=value.get("at", 0), since=value.get("since"), left=left, open=shares)

    def to_json(self) -> dict[str, Any]:
        left = {str(per): {str(end): n for end, n in slots.items()} for per, slots in self.left.items()}
        return {"at": self.at, "since": self.since, "left": left, "open": self.open}

    def move_to(self, at: int, stretches: Iterable[int]) -> int:
        """Go on to a moment, never back, and forget what is past every stretch. Returns the bucket's own moment."""
        self.at = max(self.at, at)
        longest = self.left.get(DAY, {})
        self.left = {
            per: {end: n for end, n in self.left.get(per, longest).items() if end + per * 1000 > self.at}
            for per in sorted({*stretches, DAY})
        }
        self.open = {name: share for name, share in self.open.items() if share[0] + DAY * 1000 > self.at}
        return self.at

    def come_back(self, at: int, bound: int) -> int:
        """Where the bucket is more than ``bound`` ahead of a moment, take what it holds of the future as if it left at
        that moment. Returns by how much it was ahead, or 0."""
        ahead = self.at - at
        if ahead <= bound:
            return 0
        for per, slots in self.left.items():
            clamped: Counter[int] = Counter()
            for end, n in slots.items():
                clamped[min(end, at)] += n
            self.left[per] = dict(clamped)
        self.open = {name: (min(until, at + _LEAVES), n) for name, (until, n) in self.open.items()}
        self.since = None if self.since is None else min(self.since, at)
        self.at = at
        return ahead

    def used(self, per: int) -> int:
        """How many count in the stretch that ends now."""
        return sum(n for _, n in self._within(per))

    def free_at(self, rate: Rate, wanted: int) -> int:
        """The moment at which ``wanted`` more may leave, if nobody else takes any."""
        excess = self.used(rate.per) + wanted - rate.limit
        moment = self.at
        for end, n in sorted(self._within(rate.per)):
            if excess <= 0:
                break
            excess, moment = excess - n, end + rate.per * 1000
        return moment

    def _within(self, per: int) -> Iterator[tuple[int, int]]:
        yield from ((end, n) for end, n in self.left[per].items())
        yield from (share for share in self.open.values() if share[0] + per * 1000 > self.at)

    def take(self, name: str, at: int, count: int) -> None:
        self.open[name] = (at + _LEAVES, count)
        self.since = at if self.since is None else self.since

    def close(self, name: str, drawn: int, moments: Iterable[int]) -> None:
        """A share ``drawn`` at a moment is accounted for: it left at these moments, and no more of it will."""
        if self.open.pop(name, None) is None:
            return
        ahead = max(0, drawn - self.at)  # drawn while the clock was wrong
        for moment in (each - ahead for each in moments):
            for per, slots in self.left.items():
                width = max(1, per * 1000 // _SLOTS)
                end = -(-moment // width) * width
                slots[end] = slots.get(end, 0) + 1


def draw(
    conn: Connection, channel: ChannelDef | None, now: int, wanted: int, worker: str, *, coarse: bool
) -> Share:
    """What of ``wanted`` the channel's rates allow at ``now`` (milliseconds). The bucket stays locked until the
    transaction ends, in which ``keep`` takes what is used. ``coarse``: the clock is a virtual one."""
    name = f"{worker}/{next(_numbers)}"
    if channel is None or not channel.rates:
        return Share(key="", name=name, count=wanted, at=now)
    key = key_of(channel)
    bucket = Bucket.of(control.lock(conn, key, {}, now // 1000))
    ahead = bucket.come_back(now, max(_LEAVES, min(rate.per for rate in channel.rates) * 1000))
    if ahead:  # on record at once: what counts as if it left now must not do so for ever
        control.put(conn, key, bucket.to_json(), now // 1000)
    rates = allowed(channel, bucket.since, max(now, bucket.at), coarse=coarse)
    at = bucket.move_to(now, {rate.per for rate in rates})
    free = min(wanted, *(rate.limit - bucket.used(rate.per) for rate in rates))
    worth = min(wanted, *(max(1, rate.limit // _WORTH) for rate in rates))
    if free < worth:
        ready = max(bucket.free_at(rate, worth) for rate in rates)
        return Share(key=key, name=name, count=0, at=at, free_in=max(1, ready - at), ahead=ahead)
    return Share(key=key, name=name, count=free, at=at, bucket=bucket, ahead=ahead)


def draw_one(app: App, conn: Connection, channel: str, sender: str) -> Share:
    """A share of one message for what is no touch, taken; its ``count`` is 0 where none may leave now. ``sender``: a
    name that no other process draws by."""
    declared = app.environment.channels.get(channel)
    began = app.monotonic() if app.real_time else None
    at = app.milliseconds(conn, app.clock.now())
    share = draw(conn, declared, at, 1, sender, coarse=not app.real_time)
    share.began = began
    share.keep(conn, share.count)
    return share


def close_one(app: App, share: Share, *, left: bool) -> None:
    """Say that it has left by now, or that it never will. In a transaction of its own: nobody who holds what it was
    for waits for the bucket."""
    if not share.key or not share.count:
        return
    if left:
        share.note(app.monotonic(), 1)
    with app.store.begin() as conn:
        close(conn, [share])


def close(conn: Connection, shares: Sequence[Share]) -> None:
    """Say when the messages of these shares left."""
    for share in sorted(shares, key=lambda share: share.key):
        if not share.key:
            continue
        bucket = Bucket.of(control.lock(conn, share.key, {}, share.at // 1000))
        bucket.close(share.name, share.at, share.left)
        control.put(conn, share.key, bucket.to_json(), bucket.at // 1000)


def allowed(channel: ChannelDef, since: int | None, at: int, *, coarse: bool = False) -> list[Rate]:
    """The rates that hold at a moment: those declared, and the step of the warm-up while it lasts."""
    step = ramp(channel, since, at)
    rates = [*channel.rates, *([step] if step else [])]
    return [_held_by_the_minute(rate) for rate in rates] if coarse else rates


def ramp(channel: ChannelDef, since: int | None, at: int) -> Rate | None:
    """The rate of the warm-up's present step; None where it is over, or none is declared."""
    warm_up = channel.warm_up
    if warm_up is None:
        return None
    start, per = warm_up.start
    doublings = 0 if since is None else max(0, at - since) // (warm_up.double_every * 1000)
    limit: int = start << min(doublings, 40)
    done = any(limit * rate.per >= rate.limit * per for rate in channel.rates)
    return None if done else Rate(limit, per)


def key_of(channel: ChannelDef) -> str:
    """The control row of a channel's bucket; channels of a group have one together."""
    return f"rate:@{channel.rate_group}" if channel.rate_group else f"rate:{channel.channel}"


def _held_by_the_minute(rate: Rate) -> Rate:
    return rate if rate.per >= _STRIDE else Rate(rate.limit * _STRIDE // rate.per, _STRIDE)
