"""Dispatch: the outbox is claimed channel by channel, judged once more, and handed over with its receipt.

The receipt is committed before the channel is called (``claim``); ``delivery`` does the call, ``outcomes`` commits what
became of it, and ``doubts`` finds receipts that never got an outcome. How many may go is for the channel's rate and
breaker to say.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from channels.base import Accepted, Adapter, Rejected
from engine import breaker, rates
from engine.claim import claim
from engine.delivery import deliver
from state.queries import outbox

if TYPE_CHECKING:
    from engine.app import App

#: how many receipts are open at a time: a crash leaves at most so many in doubt. An adapter that can look up
#: what it accepted settles its doubts by itself, so it may have more.
BATCH_WITH_LOOKUP = 500
BATCH_WITHOUT = 25
#: of a channel that is used by several threads, so many a thread
_A_THREAD = 4

#: seconds between two looks whether the process was told to stop, while it waits for a rate
_LOOK_UP = 0.2


def dispatch(app: App, now: int) -> Counter[str]:
    """Send what may leave at ``now``, channel by channel. Returns how many of each outcome.

    A channel that fails does not keep the others from sending, nor does one whose rate is used up: it has its turn
    again when more may leave, at most ``app.patience`` seconds later. Works for at most ``app.turn_seconds``.
    """
    tally: Counter[str] = Counter()
    over = app.monotonic() + app.turn_seconds
    with app.store.read() as conn:
        campaigns = app.running(conn)
        channels = outbox.channels_with_work(conn, app.moment(now), campaigns) if campaigns else []
    patient_until = min(over, app.monotonic() + app.patience) if app.patience and app.real_time else None
    while channels:
        again = {
            channel: at
            for channel in channels
            if (at := _channel(app, channel, now, over, tally)) is not None
        }
        if patient_until is None or not again or not _wait(app, min(again.values()), patient_until):
            break
        channels = sorted(again)
    return tally


def _channel(app: App, channel: str, now: int, over: float, tally: Counter[str]) -> float | None:
    """Send what may leave of one channel; the time at which more may, where its rate is used up."""
    adapter = app.channels.get(channel)
    if adapter is None:
        app.log.error("channel_without_adapter", channel=channel)
        return None
    while not app.stopping and app.monotonic() < over:
        more, free_in = _batch(app, adapter, channel, app.moment(now), tally)
        if free_in is not None:
            return app.monotonic() + free_in / 1000
        if not more:
            break
    return None


def _wait(app: App, at: float, until: float) -> bool:
    """Wait until a moment of the worker's own time; False where that is too late, or it is told to stop."""
    while not app.stopping and at <= until:
        left = at - app.monotonic()
        if left <= 0:
            return True
        time.sleep(min(left, _LOOK_UP))
    return False


def _batch(
    app: App, adapter: Adapter, channel: str, now: int, tally: Counter[str]
) -> tuple[bool, int | None]:
    """One batch of one channel: whether there is more to do, and in how many milliseconds where its rate is used up."""
    declared = app.environment.channels.get(channel)
    began = app.monotonic() if declared and declared.rates and app.real_time else None
    with app.store.begin() as conn:
        admitted = breaker.admit(conn, channel, now)
        if admitted == 0:
            return False, None
        at, size = app.milliseconds(conn, now), admitted or _size(app, adapter, channel)
        share = rates.draw(conn, declared, at, size, app.worker_id, coarse=not app.real_time)
        share.began = began
        if share.ahead:
            app.log.warning("rate_clock_ran_ahead", channel=channel, seconds=share.ahead // 1000)
        claimed, receipts = claim(app, conn, channel, now, share.count, tally) if share.count else (0, [])
        share.keep(conn, len(receipts))
        if admitted and not receipts:
            breaker.untried(conn, channel, now)
    probe = channel if admitted else None
    outcomes = deliver(app, receipts, now, tally, share if receipts else None, probe=probe)
    # a channel that puts everything off is left alone until its time
    stuck = bool(outcomes) and not any(isinstance(o, Accepted | Rejected) for o in outcomes)
    return bool(claimed) and claimed == share.count and not stuck, share.free_in


def _size(app: App, adapter: Adapter, channel: str) -> int:
    if adapter.capabilities.lookup:
        return BATCH_WITH_LOOKUP
    return max(BATCH_WITHOUT, _A_THREAD * app.parallel(channel))
