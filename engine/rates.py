"""Declared rates, held by all workers together: a bucket a channel, in the store."""

from __future__ import annotations

import math

from sqlalchemy import Connection

from engine.model import ChannelDef
from state.queries import control


def draw(conn: Connection, channel: ChannelDef | None, now: int, want: int) -> int:
    """How many of ``want`` the channel's declared rate allows now, taken out of its bucket at once.

    The bucket is a row in the store, locked while it is drawn from. It holds what a minute brings, or one
    window's worth if that is longer.
    """
    if channel is None or channel.rate is None:
        return want
    limit, per = channel.rate
    size = max(limit, math.ceil(limit * 60 / per))
    bucket = control.lock(conn, _key(channel), {"tokens": size, "at": now}, now)
    # another worker's clock may be ahead of ours: the bucket's own never runs back
    at = max(now, bucket["at"])
    tokens = min(float(size), bucket["tokens"] + (at - bucket["at"]) * limit / per)
    taken = min(want, int(tokens))
    control.put(conn, _key(channel), {"tokens": tokens - taken, "at": at}, now)
    return taken


def give_back(conn: Connection, channel: ChannelDef | None, now: int, unused: int) -> None:
    """Put back what was drawn and not needed, in the transaction that drew it."""
    if channel is None or channel.rate is None or unused <= 0:
        return
    bucket = control.lock(conn, _key(channel), {"tokens": 0, "at": now}, now)
    control.put(conn, _key(channel), {**bucket, "tokens": bucket["tokens"] + unused}, now)


def _key(channel: ChannelDef) -> str:
    return f"rate:{channel.channel}"
