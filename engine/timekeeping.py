"""A database lives in one time: the machine's own, or a virtual one.

A virtual run writes what never happened: messages nobody got, at moments that have not come. So a database
is marked by whoever works on it first, and the other kind of worker is refused. Whoever looks at one that
lives in virtual time sees it at the moment it has reached.
"""

from __future__ import annotations

from engine.clock import Clock, SystemClock, VirtualClock, iso
from engine.errors import RekindleError
from state.queries import control
from state.store import Store

_KEY = "time"


#: how to begin anew; ``local`` is where a virtual run is most likely to have been
FRESH = "Take a fresh database: another environment's, or in 'local' move var/rekindle.db and var/outbox away"


class WrongTime(RekindleError):
    """The database lives in another time."""

    hint = FRESH


def virtual_moment(store: Store) -> int | None:
    """The moment a virtual run has brought this database to; None when it lives in real time."""
    with store.read() as conn:
        found = control.get(conn, _KEY)
    return found[1] if found and found[0]["virtual"] else None


def clock_of(store: Store) -> Clock:
    """The clock by which this database is to be looked at."""
    moment = virtual_moment(store)
    return SystemClock() if moment is None else VirtualClock(moment)


def enter_real(store: Store, now: int) -> None:
    """Mark the database as living in real time. Raises WrongTime."""
    moment = virtual_moment(store)
    if moment is not None:
        raise WrongTime(
            f"{store.name} lives in virtual time, up to {iso(moment)}: what it holds as sent never left"
        )
    with store.begin() as conn:
        control.put(conn, _KEY, {"virtual": False}, now)


def enter_virtual(store: Store, start: int | None) -> VirtualClock:
    """A virtual clock for the database: at ``start``, else where the last run stopped, else now.

    Raises WrongTime when a real worker has worked on it, or when ``start`` lies behind it.
    """
    with store.read() as conn:
        found = control.get(conn, _KEY)
    if found is not None and not found[0]["virtual"]:
        raise WrongTime(f"{store.name} lives in real time: a virtual run would note as sent what never left")
    reached = found[1] if found else None
    if start is not None and reached is not None and start < reached:
        raise WrongTime(
            f"{store.name} has lived until {iso(reached)} already, and time does not run backwards",
            hint=f"Leave --from out to go on from there. {FRESH}",
        )
    if start is None:
        start = SystemClock().now() if reached is None else reached
    keep_virtual(store, start)
    return VirtualClock(start)


def keep_virtual(store: Store, now: int) -> None:
    """Remember how far the virtual time has come."""
    with store.begin() as conn:
        control.put(conn, _KEY, {"virtual": True}, now)
