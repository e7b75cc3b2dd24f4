"""The same wheel on a virtual clock: months in seconds, and the same numbers every time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from engine.backlog import backlog_hold
from engine.clock import VirtualClock, iso
from engine.errors import RekindleError
from engine.jobs import JOBS, Job, note_run
from state.queries import due

if TYPE_CHECKING:
    from engine.app import App

#: moments are rounded up to it, as a worker that looks every five minutes would meet them
GRID = 300

#: a declared rate gathers what a minute brings: a longer stride would lose some of it
MINUTE = 60


class Held(RekindleError):
    """A virtual run has met a backlog hold: time would pass and nothing would happen."""

    hint = "Look why so much is overdue, say 'rekindle resume --backlog', and run again"


#: called with (now, end) whenever the clock has moved
Progress = Callable[[int, int], None]


def run_virtual(
    app: App,
    clock: VirtualClock,
    until: int,
    progress: Progress | None = None,
    *,
    jobs: Sequence[Job] = JOBS,
    grid: int = GRID,
    also: Callable[[int], int | None] = lambda now: None,
) -> Counter[str]:
    """Run every job from the clock's moment to ``until`` and leave the clock there.

    ``app.clock`` is the clock. Between two moments nothing can happen that any job would see, so the clock
    goes straight to the next one. ``also`` tells the next moment after now, or None, at which a job has work
    that the store does not know of. Raises Held.
    """
    tally: Counter[str] = Counter()
    next_run = dict.fromkeys((job.name for job in jobs), clock.now())
    while True:
        now = clock.now()
        for job in jobs:
            if job.virtual is None or next_run[job.name] <= now:
                tally += job.run(app, now)
                next_run[job.name] = now + (job.virtual or 0)
        if progress:
            progress(now, until)
        if now >= until or app.stopping:
            for job in jobs:
                note_run(app, job.name, now)
            return tally
        known = [until, *(next_run[job.name] for job in jobs if job.virtual is not None)]
        known += [moment for moment in (_upcoming(app, now, grid), also(now)) if moment is not None]
        clock.move_to(min(known))


def _upcoming(app: App, now: int, grid: int) -> int | None:
    """The next moment at which anything is due or may leave, as the wheel meets it. What did not move although its
    time has come (a rate, a channel without an adapter) is met again at the next point of the grid.

    Raises Held where nothing moves because of a backlog hold.
    """
    with app.store.read() as conn:
        upcoming = due.next_moment(conn, app.running(conn))
        hold = backlog_hold(conn) if upcoming is not None and upcoming <= now else None
    if hold is not None:
        told = f"{hold['overdue']:,} of {hold['of']:,} planned moments were overdue"
        raise Held(f"nothing is decided since {iso(hold['since'])}, because {told}")
    if upcoming is None:
        return None
    if upcoming > now:
        return -(-upcoming // grid) * grid
    stride = min(grid, MINUTE) if any(c.rates for c in app.environment.channels.values()) else grid
    return (now // stride + 1) * stride
