"""One set through the whole machine: prepared, imported, 45 virtual days of the real wheel, and counted."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from engine.app import App, open_app
from engine.clock import VirtualClock, iso, parse_instant
from engine.errors import RekindleError
from engine.jobs import run_import
from engine.model import DAY
from engine.simulate import run_virtual
from engine.timekeeping import enter_virtual, keep_virtual
from examples.published.books import Line, audit, people_now
from examples.published.dataset import Blemishes, DataSet, count, prepare
from examples.published.project import derive
from state.queries import status as queries


class DatabaseInUse(RekindleError):
    """The database holds people already"""

    hint = "Name an empty one for each set: the word {set} in the URL stands for the set's name"


class ImportFailed(RekindleError):
    """The prepared rows were not taken in"""

    hint = "The line above says why"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What one set came to."""

    data: DataSet
    assumed: tuple[str, ...]
    project: Path
    begins: str
    ends: str
    blemishes: Blemishes
    lines: tuple[Line, ...]
    #: part of the work -> seconds it took
    seconds: dict[str, float]

    @property
    def reconciles(self) -> bool:
        """True when every line of the books adds up and agrees with its second count."""
        return all(line.holds for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Where and how to rehearse."""

    data: Path
    work: Path
    days: int = 45
    express_email: bool = False
    #: the environment of the shipped project; ``rehearsal`` takes its database from DATABASE_URL
    env: str = "local"


def rehearse(data: DataSet, plan: Plan) -> Rehearsal:
    """Do it all for one set. Raises RekindleError and the store's errors."""
    watch = Stopwatch()
    project = plan.work / data.name.replace(" ", "_")
    people = derive(data, project, express_email=plan.express_email)
    blemishes = prepare(data, plan.data, people)
    watch.lap("prepared")
    begins = parse_instant(data.now)
    with open_app(project, plan.env, clock=VirtualClock(begins)) as app:
        _refuse_people(app)
        clock = app.clock = enter_virtual(app.store, begins)
        app.start_work()
        _import(app, begins)
        watch.lap("imported")
        before = people_now(app)
        watch.lap("counted")
        _run(app, clock, begins + plan.days * DAY)
        watch.lap("run")
        lines = audit(app, count(data, plan.data), people, before)
        watch.lap("counted")
    return Rehearsal(
        data=data,
        assumed=(*data.assumed, *(("express consent for e-mail",) if plan.express_email else ())),
        project=project,
        begins=iso(begins) or "",
        ends=iso(clock.now()) or "",
        blemishes=blemishes,
        lines=lines,
        seconds=watch.laps,
    )


def _refuse_people(app: App) -> None:
    with app.store.read() as conn:
        if any(queries.people(conn).values()):
            raise DatabaseInUse(f"{app.store.name} holds people already")


def _import(app: App, now: int) -> None:
    """The wheel's own import. The source is read once: its ``every`` is longer than the rehearsal."""
    if run_import(app, now)["import_failed"]:
        raise ImportFailed("the prepared rows could not be imported")


def _run(app: App, clock: VirtualClock, until: int) -> None:
    try:
        run_virtual(app, clock, until)
    finally:
        keep_virtual(app.store, clock.now())


class Stopwatch:
    """How long each part took, in seconds; a part may have several laps."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._since = time.perf_counter()

    def lap(self, part: str) -> None:
        """What passed since the last lap was this part."""
        now = time.perf_counter()
        self.laps[part] = self.laps.get(part, 0.0) + now - self._since
        self._since = now
