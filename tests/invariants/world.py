"""A small world around real workers: a store, channels that remember, a clock, and accidents on order.

Workers are real ``App`` objects on a real store. A *crash* is a ``SimulatedCrash`` thrown at a commit or at a
call of a channel; the worker it hits is dead from then on, and all it had in memory with it.
"""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent
from typing import Any, cast

from sqlalchemy import Connection, insert

from channels.base import Capabilities, Message, Outcome
from channels.recording import ALL_CHANNELS, RecordingAdapter, SimulatedCrash
from engine.app import App
from engine.clock import VirtualClock, parse_instant
from engine.compile import Loaded, load_files, read_files
from engine.jobs import run_refresh, run_turn
from state.ids import next_id
from state.queries import due
from state.store import Store
from state.tables import Consent, Person
from tests.invariants.oracle import Oracle
from tests.invariants.people import DAY, Human, Kind, phone_of

PROJECT = Path(__file__).parents[1] / "data" / "projects" / "gauntlet"
#: a Monday, six days before the clocks of North America go forward
START = parse_instant("2026-03-02T15:00:00Z")

HOUR = 3_600

_PERSON = cast(Any, Person).__table__
_CONSENT = cast(Any, Consent).__table__


class Accidents:
    """Counts the points at which a process can die, and dies at the one that was ordered."""

    def __init__(self) -> None:
        self.passed = 0
        self._fatal: int | None = None

    def order(self, after: int) -> None:
        """Die at the ``after``-th point from here, counted from 1."""
        self._fatal = self.passed + after

    def cancel(self) -> None:
        """Nobody dies any more."""
        self._fatal = None

    def point(self) -> None:
        """Here a process can die."""
        self.passed += 1
        if self.passed == self._fatal:
            self._fatal = None
            raise SimulatedCrash


class Outside(RecordingAdapter):
    """A channel as the other side sees it: what arrives is judged at once."""

    def __init__(self, world: World, *, lookup: bool) -> None:
        super().__init__(capabilities=Capabilities(channels=ALL_CHANNELS, lookup=lookup))
        self._world = world

    def send(self, message: Message) -> Outcome:
        self._world.accidents.point()
        before = len(self.received)
        try:
            outcome = super().send(message)
        finally:
            if len(self.received) > before:
                self._world.oracle.arrived(message, self._world.clock.now())
        self._world.accidents.point()
        self._world.meanwhile()
        return outcome


class World:
    """Everything one trial has. Close it with ``close``."""

    def __init__(self, folder: Path, url: str, campaigns: Mapping[str, str] | None = None) -> None:
        """``campaigns``: id -> text, in place of those of the gauntlet project."""
        self.root = folder / "project"
        shutil.copytree(PROJECT, self.root)
        if campaigns is not None:
            for name in ("recall", "checkin", "second", "burst", "welcome"):
                (self.root / f"{name}.yaml").unlink()
            self.write(campaigns)
        self.url = url
        self.clock = VirtualClock(START)
        self.accidents = Accidents()
        self.oracle = Oracle()
        self.outside = {
            "email": Outside(self, lookup=True),
            "sms": Outside(self, lookup=False),
            "linkedin": Outside(self, lookup=True),
        }
        #: what happens elsewhere between two calls of a channel
        self.elsewhere: deque[Callable[[], object]] = deque()
        #: another process at the same store: the command line, a webhook
        self.front = Store.open(url)
        self.workers: list[App] = []

    @property
    def now(self) -> int:
        return self.clock.now()

    def write(self, campaigns: Mapping[str, str]) -> None:
        """Write campaign files: id -> what follows campaign, owner and objective."""
        for name, body in campaigns.items():
            head = f"campaign: {name}\nowner: revops@acme.example\nobjective: A trial.\n"
            (self.root / f"{name}.yaml").write_text(head + dedent(body))

    # ── workers ──

    def hire(self) -> App:
        """A new worker process."""
        loaded = _loaded(self.root)
        project = loaded.require()
        app = App(loaded, project, project.environments["local"], self._mortal_store(), self.clock)
        app.channels.update(self.outside)
        app.look_age = 0  # who says no is heard at the very next message
        try:
            app.start_work()
        except SimulatedCrash:
            bury(app)
            raise
        self.workers.append(app)
        return app

    def _mortal_store(self) -> Store:
        store = Store.open(self.url)
        begin = store.begin

        @contextmanager
        def mortal() -> Iterator[Connection]:
            with begin() as conn:
                yield conn
                self.accidents.point()
            self.accidents.point()

        store.begin = mortal  # type: ignore[method-assign]
        return store

    def work(self, job: Callable[[App], Any], worker: int = 0) -> bool:
        """Let a worker do something. False when it died of it; the next to work then is a new one."""
        try:
            app = self.workers[worker % len(self.workers)] if self.workers else self.hire()
        except SimulatedCrash:  # while it was starting
            return False
        try:
            job(app)
        except SimulatedCrash:
            self.workers.remove(app)
            bury(app)
            self.elsewhere.clear()
            return False
        return True

    def meanwhile(self) -> None:
        """What was to happen between two calls of a channel, one thing a call."""
        if self.elsewhere:
            self.elsewhere.popleft()()

    def go_on(self, seconds: int, worker: int = 0) -> None:
        """Work at every moment at which anything is due, and once a day, for so long."""
        until = self.now + seconds
        while True:
            while not self.work(turn_the_wheel, worker):
                pass  # who dies is replaced at once
            if self.now >= until:
                return
            self.clock.move_to(min(until, self.now + DAY, self._next_moment()))

    def _next_moment(self) -> int:
        with self.front.read() as conn:
            moment = due.next_moment(conn, self.workers[0].running(conn)) if self.workers else None
        # what is overdue although a turn has just passed is put off by somebody: a crash, a busy provider
        return max(self.now + HOUR, moment) if moment is not None else self.now + DAY

    # ── people ──

    def add(self, kind: Kind, *, lost: bool, away: int, bought: int, identity: int | None = None) -> Human:
        """A new person of a kind, away for so many seconds."""
        number = identity or len(self.oracle.humans) + 1
        left = None if lost else self.now - away
        human = Human(f"p{number}", kind, number, phone_of(kind, number), self.now - bought, left)
        row = human.columns(self.now, self.now - away if lost else None)
        with self.front.begin() as conn:
            conn.execute(insert(_PERSON), [row])
        self.oracle.humans[human.badge] = human
        return human

    def consent(self, human: Human, channel: str, kind: str, *, proof: bool = True) -> None:
        """Record a grant or a revocation."""
        with self.front.begin() as conn:
            row = {"identity_id": human.identity, "id": next_id(), "channel": channel, "type": kind, "at": self.now,
                   "recorded_at": self.now, "source": "trial", "key": f"trial-{next_id()}",
                   "proof_uri": "https://proof.example/1" if proof else None}  # fmt: skip
            conn.execute(insert(_CONSENT), [row])
        human.consents.append((channel, kind, self.now, proof))

    def close(self) -> None:
        for app in self.workers:
            app.close()
        self.front.close()


_LOADED: dict[tuple[Any, ...], Loaded] = {}


def _loaded(root: Path) -> Loaded:
    """The project as its files are; the same files are read once, because workers are hired often here."""
    files = read_files(root)
    key = (str(root), *sorted(files.items()))
    if key not in _LOADED:
        _LOADED.clear()
        _LOADED[key] = load_files(files, root, tolerant=True)
    return _LOADED[key]


def bury(app: App) -> None:
    """The operating system's part of a death: locks and connections go, nothing is written."""
    app.unsettled.clear()
    app.close()


def turn_the_wheel(app: App) -> None:
    """What a worker does again and again, imports left out: these people come from nowhere."""
    run_refresh(app, app.clock.now())
    run_turn(app, app.clock.now())
