"""The daemon: APScheduler and nothing else. It turns the wheel, survives what may be survived, and stops
cleanly."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import SQLAlchemyError

from engine.app import App, open_app
from engine.clock import Clock
from engine.jobs import JOBS, Job, note_run
from engine.timekeeping import enter_real
from state.errors import StateError, StoreUnavailable, WorkerBusy
from state.queries import control

#: seconds a turn may decide, and may send, before imports and the refresh have theirs
TURN_SECONDS = 20
#: seconds between two tries to reach a database that is away
PATIENCE = 5


class Companion(Protocol):
    """What runs beside the wheel, in threads of its own: the web service."""

    def start(self) -> None: ...
    def stop(self) -> None: ...


class Daemon:
    """One worker that runs until it is told to stop. ``run`` blocks. ``beside``: makes what runs with it."""

    def __init__(
        self, project_dir: Path, env: str, clock: Clock, *, beside: Callable[[], Companion] | None = None
    ) -> None:
        self._project_dir, self._env, self._clock = project_dir, env, clock
        self._beside = beside
        self._stop = threading.Event()
        self._log: Any = structlog.get_logger("rekindle.daemon")
        self._app: App | None = None

    def run(self, seconds: int | None = None) -> None:
        """Work until SIGTERM or SIGINT, or for so many seconds; SIGHUP reads changed files at once. Raises only
        what no waiting can mend, before the first job."""
        for sig in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sig, self._on_signal)
        self._app = self._patiently(self._open)
        if self._app is None:
            return
        companion = self._accompanied(self._app)
        scheduler = self._scheduler(self._app)
        scheduler.start()
        told = {"environment": self._env, "worker": self._app.worker_id, "store": self._app.store.name}
        self._log.info("started", **told)
        if not sys.stdin.isatty():  # in a terminal the signal means that the terminal is gone
            signal.signal(signal.SIGHUP, lambda *_: self._now(scheduler, "refresh"))
        self._stop.wait(seconds)
        self._stop.set()
        self._log.info("stopping")
        self._app.stopping = True  # the job at work ends with its batch
        scheduler.shutdown(wait=True)
        if companion is not None:
            companion.stop()
        self._sign_off(self._app)
        self._app.close()
        self._log.info("stopped")

    def _accompanied(self, app: App) -> Companion | None:
        """What runs beside the wheel, started; where it cannot be, the worker ends too."""
        if self._beside is None:
            return None
        try:
            companion = self._beside()
            companion.start()
        except BaseException:
            self._sign_off(app)
            app.close()
            raise
        return companion

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stop.set()

    def _open(self) -> App:
        app = open_app(self._project_dir, self._env, clock=self._clock, tolerant=True)
        try:
            enter_real(app.store, self._clock.now())
            app.start_work()
            app.turn_seconds = app.patience = TURN_SECONDS
        except BaseException:
            app.close()
            raise
        for campaign, findings in app.loaded.campaigns_broken.items():
            self._log.error("campaign_broken", campaign=campaign, at=f"{findings[0].file}:{findings[0].line}")
        return app

    def _patiently(self, make: Callable[[], App]) -> App | None:
        """Try until the database is there; None when told to stop meanwhile."""
        while not self._stop.is_set():
            try:
                return make()
            except WorkerBusy:
                raise
            except StoreUnavailable as error:
                self._log.warning("store_unavailable", because=error.message, next_try_in=PATIENCE)
                self._stop.wait(PATIENCE)
        return None

    def _scheduler(self, app: App) -> BackgroundScheduler:
        # one thread: a worker does one thing at a time, and more workers are more processes
        scheduler = BackgroundScheduler(
            timezone="UTC",
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        for job in JOBS:
            scheduler.add_job(self._once, "interval", seconds=job.every, args=[app, job], id=job.name)
            # and once now, in the wheel's order
            scheduler.add_job(self._once, args=[app, job], id=f"{job.name}:first")
        return scheduler

    @staticmethod
    def _now(scheduler: BackgroundScheduler, name: str) -> None:
        """Run a job at once, beside its usual times."""
        job = scheduler.get_job(name)
        scheduler.add_job(job.func, args=job.args, id=f"{name}:now", replace_existing=True)

    def _once(self, app: App, job: Job) -> None:
        """Run a job. Whatever it raises is told, without personal data, and the wheel turns on."""
        if self._stop.is_set():
            return
        now = app.clock.now()
        try:
            tally = job.run(app, now)
            note_run(app, job.name, now)
            self._alive(app, now)
        except StateError as error:
            self._log.warning("store_unavailable", job=job.name, because=error.message)
        except Exception as error:
            self._log.exception("job_failed", job=job.name, error=type(error).__name__)
            with suppress(StateError, SQLAlchemyError):  # the log has told it; status should, too
                note_run(app, job.name, now, error=type(error).__name__)
        else:
            if tally:
                self._log.info("worked", job=job.name, **{k: v for k, v in sorted(tally.items()) if v})

    @staticmethod
    def _sign_off(app: App) -> None:
        """A daemon that stopped cleanly is not one that fell silent."""
        with suppress(StateError), app.store.begin() as conn:
            control.drop(conn, f"worker:{app.worker_id}")

    def _alive(self, app: App, now: int) -> None:
        with app.store.begin() as conn:
            control.put(conn, f"worker:{app.worker_id}", {"environment": self._env}, now)
