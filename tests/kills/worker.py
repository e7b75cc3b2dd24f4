"""The process that is killed: the daemon itself, on the machine's clock moved to noon, with real adapters."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Lock
from typing import Any

import structlog
from sqlalchemy import Connection

from channels.base import Message, Outcome
from channels.lists import ListCarrier, ListChange
from engine import daemon, jobs
from engine.app import App
from engine.clock import SystemClock
from engine.daemon import Daemon
from tests.kills.receivers import processes

NOON = 1_772_474_400  # 2026-03-02, a Monday, noon in Chicago


class NoonClock(SystemClock):
    """The machine's clock, moved so that the drill began at noon."""

    def __init__(self, began: float) -> None:
        self._ahead = NOON - int(began)

    def now(self) -> int:
        return super().now() + self._ahead

    def milliseconds(self) -> int:
        return super().milliseconds() + self._ahead * 1000


@dataclass(frozen=True, kw_only=True)
class Post:
    """Where a worker works, and when it dies: at the so-manieth step of dispatch, or never by itself."""

    root: Path
    began: float
    environment: Mapping[str, str]
    fatal: int | None = None


class Steps:
    """Counts the steps of deciding, dispatch and telling lists: before and after each commit and each call. Dies at
    one of them."""

    def __init__(self, fatal: int) -> None:
        self._left, self._lock, self.dispatching = fatal, Lock(), False

    def step(self) -> None:
        with self._lock:
            self._left -= self.dispatching
            if self.dispatching and self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, app: App) -> App:
        """The same worker, at whose steps it can die."""
        begin, build = app.store.begin, app.build_channels

        @contextmanager
        def counted() -> Iterator[Connection]:
            with begin() as conn:
                yield conn
                self.step()
            self.step()

        def built() -> None:
            build()
            for adapter in app.channels.values():
                adapter.send = partial(self._send, adapter.send)  # type: ignore[method-assign]
                if isinstance(adapter, ListCarrier):
                    adapter.deliver = partial(self._send, adapter.deliver)  # type: ignore[method-assign]

        app.store.begin, app.build_channels = counted, built  # type: ignore[method-assign]
        return app

    def _send(self, send: Any, what: Message | ListChange) -> Outcome:
        self.step()
        outcome: Outcome = send(what)
        self.step()
        return outcome

    def during(self, job: Any, app: App, now: int, **how: bool) -> Counter[str]:
        self.dispatching = True
        try:
            found: Counter[str] = job(app, now, **how)
        finally:
            self.dispatching = False
        return found


def work(post: Post) -> None:
    """Be the daemon."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    logging.disable(logging.CRITICAL)
    os.environ.update(post.environment)
    if post.fatal is not None:
        steps, open_app = Steps(post.fatal), daemon.open_app
        daemon.open_app = lambda *args, **kw: steps.watch(open_app(*args, **kw))  # type: ignore[attr-defined]
        jobs.advance = partial(steps.during, jobs.advance)  # type: ignore[attr-defined]
        jobs.dispatch = partial(steps.during, jobs.dispatch)  # type: ignore[attr-defined]
        daemon.JOBS = tuple(  # type: ignore[attr-defined]
            replace(job, run=partial(steps.during, job.run)) if job.name == "lists" else job
            for job in daemon.JOBS  # type: ignore[attr-defined]
        )
    Daemon(post.root, "drill", NoonClock(post.began)).run()


class Worker:
    """The near end of such a process."""

    def __init__(self, post: Post) -> None:
        self.process: BaseProcess = processes().Process(target=work, args=(post,), daemon=True)
        self.process.start()

    def kill(self) -> None:
        """SIGKILL, wherever it stands."""
        self.process.kill()
        self.process.join()

    def dismiss(self) -> None:
        """SIGTERM: it ends what it is at."""
        self.process.terminate()
        self.process.join(60)
        assert self.process.exitcode in (0, -signal.SIGTERM), f"it left with {self.process.exitcode}"


def settings_of(channel: str, adapter: str, options: Mapping[str, str]) -> str:
    """A channel as rekindle.yaml declares it."""
    told = ", ".join(f"{name}: {_scalar(value)}" for name, value in options.items())
    return f"  {channel}: {{adapter: {adapter}, {told}}}\n"


def _scalar(value: str) -> str:
    return value if value.startswith("{") or value.isdigit() or value == "true" else f'"{value}"'


def until(condition: Any, seconds: float, worker: Worker | None = None, pause: float = 0.05) -> bool:
    """Wait for something; False when the time is over, or the worker dead."""
    over = time.monotonic() + seconds
    while time.monotonic() < over:
        if condition():
            return True
        if worker is not None and not worker.process.is_alive():
            return False
        time.sleep(pause)
    return False
