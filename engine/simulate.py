"""The same wheel on a virtual clock: months in seconds, and the same numbers every time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.clock import VirtualClock
from engine.jobs import JOBS, note_run
from state.queries import due

if TYPE_CHECKING:
    from engine.app import App

#: moments are rounded up to it, as a worker that looks every five minutes would meet them
GRID = 300

#: called with (now, end) whenever the clock has moved
Progress = Callable[[int, int], None]


def run_virtual(app: App, clock: VirtualClock, until: int, progress: Progress | None = None) -> Counter[str]:
    """Run every job from the clock's moment to ``until`` and leave the clock there.

    ``app.clock`` is the clock. Between two moments nothing can happen that any job would see, so the clock
    goes straight to the next one.
    """
    tally: Counter[str] = Counter()
    next_run = dict.fromkeys((job.name for job in JOBS), clock.now())
    while True:
        now = clock.now()
        for job in JOBS:
            if job.virtual is None or next_run[job.name] <= now:
                tally += job.run(app, now)
                next_run[job.name] = now + (job.virtual or 0)
        if progress:
            progress(now, until)
        if now >= until or app.stopping:
            for job in JOBS:
                note_run(app, job.name, now)
            return tally
        clock.move_to(min(until, _next(app, now, next_run)))


def _next(app: App, now: int, next_run: dict[str, int]) -> int:
    moments = [next_run[job.name] for job in JOBS if job.virtual is not None]
    with app.store.read() as conn:
        upcoming = due.next_moment(conn, app.running(conn))
    if upcoming is not None:
        moments.append(max(now + 1, -(-upcoming // GRID) * GRID))
    return min(moments)
