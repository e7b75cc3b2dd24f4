"""What happens in the course of a case, at its moments and through the engine's own doors."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING

from engine import tasks
from engine.cases.ageing import turning_points
from engine.cases.given import SOURCE, CaseError, put_change
from engine.events import NewEvent, record_in
from engine.facts import Facts
from engine.gather import gather
from engine.model import Campaign
from engine.testfile import GivenEvent, Happening, TestCase
from state.queries import cases

if TYPE_CHECKING:
    from engine.app import App

#: the name by which a case closes a task: ``{at: 2d, event: task_closed, disposition: approved}``
TASK_CLOSED = "task_closed"


class Script:
    """One case's ``when``, and entry itself. A job of the wheel: it runs before anything is decided."""

    def __init__(self, campaign: Campaign, case: TestCase, identity_id: int) -> None:
        self._campaign, self._case, self._identity = campaign, case, identity_id
        self._left: deque[Happening] = deque(sorted(case.when, key=lambda h: h.at))
        self._turning: deque[int] = deque()
        self._begun = False
        #: the person as they were on entry
        self.at_entry: Facts | None = None

    def run(self, app: App, now: int) -> Counter[str]:
        """Let happen what is due, then have the audience looked at, as an import or an event has it looked at
        soon after. Raises CaseError."""
        news = not self._begun
        self._begun = True
        while self._left and self._moment(self._left[0]) <= now:
            self._happen(app, self._left.popleft(), now)
            news = True
        if news or (self._turning and self._turning[0] <= now):
            self._look(app, now, enrol=news)
        return Counter()

    def next(self, now: int) -> int | None:
        """The next moment at which something happens, or time alone may move the person."""
        moments = [self._moment(self._left[0])] if self._left else []
        return min([*moments, *list(self._turning)[:1]], default=None)

    def _moment(self, happening: Happening) -> int:
        return self._case.now + happening.at

    def _look(self, app: App, now: int, *, enrol: bool) -> None:
        with app.store.begin() as conn:
            facts = gather(conn, app.scope(conn), [self._identity], now)[self._identity]
            if enrol:
                app.audience.enrol(conn, [self._campaign], now)
            app.audience.release_parked(conn, now)
        self.at_entry = self.at_entry or facts
        self._turning = deque(turning_points(app.project, facts, now))

    def _happen(self, app: App, happening: Happening, now: int) -> None:
        if happening.event == TASK_CLOSED:
            self._close_task(app, happening)
        elif happening.event is not None:
            event = GivenEvent(name=happening.event, at=now, data=happening.data)
            record(app, self._identity, event, key=f"when:{len(self._left)}")
        elif happening.change is not None:
            with app.store.begin() as conn:
                put_change(conn, app.project, happening.change, self._identity, now)

    def _close_task(self, app: App, happening: Happening) -> None:
        step = happening.data.get("step")
        with app.store.read() as conn:
            ref = cases.open_task(conn, None if step is None else str(step))
        if ref is None:
            raise CaseError(f"{happening.source}: there is no open task to close at that moment")
        tasks.close(app, ref, str(happening.data.get("disposition", "done")))


def record(app: App, identity_id: int, event: GivenEvent, key: str) -> None:
    """Record an event at its own moment, as its source would have told it."""
    new = NewEvent(
        identity_id=identity_id, name=event.name, at=event.at, source=SOURCE, key=key, data=dict(event.data)
    )
    with app.store.begin() as conn:
        record_in(conn, [new], app.listeners(), event.at)
