"""What a worker does, and how often. The daemon and the virtual run turn the same wheel.

Each job is a function of (app, now). The daemon hands them to APScheduler; a virtual run calls them in
order of time on a clock it moves itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.advance import advance
from engine.backlog import backlog_hold
from engine.dispatch import dispatch
from engine.doubts import recover
from engine.drill import cast as drill_cast
from engine.drill import gate as drill_gate
from engine.intake_again import judge_watched, place_open
from engine.model import DAY, HOUR
from engine.notices import answer
from engine.retargeting import run_lists
from engine.sources import import_due
from state.queries import control, due

if TYPE_CHECKING:
    from engine.app import App


@dataclass(frozen=True, slots=True)
class Job:
    """One part of the wheel. ``every`` seconds in real life; ``virtual`` seconds on a virtual clock, or None
    for a job that runs at every moment at which anything is due."""

    name: str
    every: int
    run: Callable[[App, int], Counter[str]]
    virtual: int | None


def run_import(app: App, now: int) -> Counter[str]:
    """Read the declared sources that are due."""
    return import_due(app, now)


def run_refresh(app: App, now: int) -> Counter[str]:
    """Read changed campaign files; put everyone in their segment and enrol who is free."""
    app.reload()
    with app.store.begin() as conn:
        if closed := app.closed(conn):
            app.log.warning("not_drilled", campaigns=sorted(closed), mend=drill_gate.mend(app.environment))
        hold = backlog_hold(conn)
        if hold is not None:
            app.log.warning("backlog_held", **hold)  # again at every refresh, until somebody has looked
            return Counter()
        running = [app.project.campaigns[c] for c in app.running(conn)]
        enrolled = app.audience.enrol(conn, running, now)
        released = app.audience.release_parked(conn, now)
    return Counter(enrolled=enrolled, released=released)


def run_turn(app: App, now: int) -> Counter[str]:
    """Settle doubts, decide what is due, send what may leave. Nothing is decided during a backlog hold."""
    app.keep_alive()
    if not app.unsettled:
        with app.store.read() as conn:
            if not due.anything(conn, now, app.running(conn)):
                return Counter()
    tally = recover(app, now)
    with app.store.begin() as conn:
        hold = backlog_hold(conn, app.running(conn), now)
    if hold is not None:
        if hold["since"] == now:
            app.log.warning("backlog_held", **hold)
        return tally
    return tally + advance(app, now, at_once=True) + dispatch(app, now)


def run_answers(app: App, now: int) -> Counter[str]:
    """Answer STOP, START and HELP where nobody has, and tell people's clicks from programs'."""
    return answer(app) + judge_watched(app, now)


def run_received(app: App, now: int) -> Counter[str]:
    """Look again for the touch or the person of what came in and had none."""
    return place_open(app, now)


def run_letters(app: App, now: int) -> Counter[str]:
    """Hand on the signed letters that could not leave when they were signed."""
    declared = app.environment.channels.get("letter")
    if declared is None or declared.adapter != "letter":
        return Counter()
    from engine.letter_delivery import (
        hand_on_due,  # a typesetter and a PDF reader: slow to import, and few have letters
    )

    return hand_on_due(app)


def run_housekeeping(app: App, now: int) -> Counter[str]:
    """Forget rows that only served a moment: signs of life of workers long gone."""
    with app.store.begin() as conn:
        drill_cast.sweep(conn, now - drill_cast.FORGOTTEN)
        for worker, (_, at) in control.like(conn, "worker:").items():
            if at < now - 7 * DAY:
                control.drop(conn, f"worker:{worker}")
    return Counter()


JOBS: tuple[Job, ...] = (
    Job("import", 60, run_import, HOUR),
    Job("refresh", 300, run_refresh, HOUR),
    Job("turn", 5, run_turn, None),
    Job("lists", 60, run_lists, HOUR),
    Job("answers", 5, run_answers, DAY),
    Job("received", 600, run_received, DAY),
    Job("letters", 300, run_letters, HOUR),
    Job("housekeeping", HOUR, run_housekeeping, DAY),
)


def run_once(app: App, now: int) -> Counter[str]:
    """One turn of the whole wheel."""
    tally: Counter[str] = Counter()
    for job in JOBS:
        tally += job.run(app, now)
        note_run(app, job.name, now)
    return tally


def note_run(app: App, job: str, now: int, error: str | None = None) -> None:
    """Leave a sign of life: when the job last ran, and how it went."""
    with app.store.begin() as conn:
        control.put(conn, f"job:{job}", {"error": error, "worker": app.worker_id}, now)
