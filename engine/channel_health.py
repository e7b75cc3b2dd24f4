"""How each channel bears up: its breaker, its rate, what waits, what is in doubt, what was given up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from engine import breaker, rates
from engine.breaker import Breaker, BreakerState
from engine.clock import iso
from engine.model import ChannelDef, Rate
from state.queries import channels as queries
from state.queries import control, dead

if TYPE_CHECKING:
    from engine.app import App

_UNITS = {1: "s", 60: "min", 3_600: "h", 86_400: "day"}


def channels(app: App) -> dict[str, Any]:
    """Everything ``rekindle channels`` shows. No personal data."""
    with app.store.read() as conn:
        return {
            "format_version": 1,
            "environment": app.environment.name,
            "now": iso(app.clock.now()),
            "channels": health(app, conn),
        }


def health(app: App, conn: Connection) -> list[dict[str, Any]]:
    """A row for each channel that is declared or has something waiting, by name."""
    ill, waiting, doubts = breaker.every(conn), queries.waiting(conn), queries.in_doubt(conn)
    given_up, now = dead.count(conn), app.clock.now()
    declared = app.environment.channels
    found = []
    for name in sorted({*declared, *ill, *waiting, *doubts, *given_up}):
        queued, first = waiting.get(name, (0, None))
        in_doubt, since = doubts.get(name, (0, None))
        found.append(
            {
                "channel": name,
                "adapter": declared[name].adapter if name in declared else None,
                **_bears_up(ill.get(name, Breaker()), now),
                **_pace(conn, declared.get(name), now),
                "queued": queued,
                "next_at": iso(first),
                "in_doubt": in_doubt,
                "in_doubt_since": iso(since),
                "dead_letters": given_up.get(name, 0),
            }
        )
    return found


def _bears_up(seen: Breaker, now: int) -> dict[str, Any]:
    return {
        "state": seen.state.value,
        "failures": seen.failures,
        "failing_since": iso(seen.since or None),
        "next_try": iso(max(seen.until, now)) if seen.state is BreakerState.OPEN else None,
        "last_error": seen.error or None,
        "ours": seen.ours,
    }


def _pace(conn: Connection, channel: ChannelDef | None, now: int) -> dict[str, Any]:
    """The declared rate, how much of it is used, and the step of the warm-up."""
    if channel is None or not channel.rates:
        return {"rate": [], "rate_group": None, "warm_up": None, "used": []}
    found = control.get(conn, rates.key_of(channel))
    bucket = rates.Bucket.of(found[0] if found else {})
    step = rates.ramp(channel, bucket.since, now * 1000)
    held = [*channel.rates, *([step] if step else [])]
    bucket.move_to(now * 1000, {rate.per for rate in held})
    return {
        "rate": [_written(rate) for rate in channel.rates],
        "rate_group": channel.rate_group,
        "warm_up": _warm_up(channel, step, bucket.since),
        "used": [f"{bucket.used(rate.per):,} of {_written(rate)}" for rate in held],
    }


def _warm_up(channel: ChannelDef, step: Rate | None, since: int | None) -> dict[str, Any] | None:
    """Where a warm-up stands; None where there is none, or it is over."""
    warm_up = channel.warm_up
    if warm_up is None or step is None:
        return None
    doublings = (step.limit // warm_up.start.limit).bit_length() - 1
    began = None if since is None else since // 1000
    after = None if began is None else iso(began + (doublings + 1) * warm_up.double_every)
    return {"now": _written(step), "step": doublings + 1, "since": iso(began), "doubles_at": after}


def _written(rate: Rate) -> str:
    return f"{rate.limit}/{_UNITS[rate.per]}"
