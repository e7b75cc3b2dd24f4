"""A worker as a process of its own, which can be killed: real ``App``, real store, and channels that put what
they accept into a file, on the disk before they answer.

Processes come from a fork server that has imported everything, so that a start costs little.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import structlog

from channels.base import Accepted, CannotTell, Capabilities, Found, Lookup, Message, NotFound, Outcome
from channels.recording import ALL_CHANNELS
from engine import dispatch, jobs
from engine.advance import advance
from engine.app import App
from engine.clock import VirtualClock
from engine.compile import load_project
from engine.jobs import run_refresh, run_turn
from state.store import Store


@dataclass(frozen=True)
class Post:
    """Where a worker works, and when it dies: at the ``fatal``-th message of a channel, once that is on the
    disk and before anything is committed."""

    root: Path
    url: str
    log: Path
    fatal: tuple[str, int] | None = None


class Mailbox:
    """A provider as one file: a line a message, with the moment it came in."""

    name = "mailbox"

    def __init__(self, post: Post, channel: str, clock: VirtualClock) -> None:
        self.capabilities = Capabilities(channels=ALL_CHANNELS, lookup=channel != "sms")
        self._post, self._channel, self._clock = post, channel, clock
        self._taken = 0

    def send(self, message: Message) -> Outcome:
        line = json.dumps({"at": self._clock.now(), "message": message.to_json()}) + "\n"
        # one write of one line to a file opened for appending: lines of several processes do not mix
        file = os.open(self._post.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, line.encode())
        os.fsync(file)
        os.close(file)
        self._taken += 1
        if self._post.fatal == (self._channel, self._taken):
            os.kill(os.getpid(), signal.SIGKILL)
        return Accepted(provider_id=message.ref)

    def lookup(self, ref: str) -> Lookup:
        if not self.capabilities.lookup:
            return CannotTell()
        refs = {message.ref for _, message in received(self._post.log)}
        return Found(provider_id=ref) if ref in refs else NotFound()

    def close(self) -> None:
        pass


def received(log: Path) -> list[tuple[int, Message]]:
    """(moment, message) of everything in the file; a line cut short by a death was never accepted."""
    if not log.exists():
        return []
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.endswith("}")]
    return [(line["at"], Message.from_json(line["message"])) for line in lines]


def work(post: Post, orders: Connection) -> None:
    """Do what the moments that come in on ``orders`` ask, and answer each; None ends it.

    At every moment the wheel turns until a turn finds nothing to do.
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    clock = VirtualClock(0)
    loaded = load_project(post.root)
    project = loaded.require()
    app = App(loaded, project, project.environments["local"], Store.open(post.url), clock)
    app.channels.update({c: Mailbox(post, c, clock) for c in ("email", "sms", "linkedin")})
    # small batches: a few hundred people are many, and several workers meet
    jobs.advance = partial(advance, batch=20)  # type: ignore[attr-defined]
    dispatch.BATCH_WITH_LOOKUP, dispatch.BATCH_WITHOUT = 20, 5
    app.start_work()
    while (moment := orders.recv()) is not None:
        clock.move_to(moment)
        run_refresh(app, moment)
        while run_turn(app, moment):
            pass
        orders.send(moment)
    app.close()


class Worker:
    """The near end of such a process."""

    def __init__(self, post: Post) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["tests.invariants.driver"])
        self._orders, far = context.Pipe()
        self.process: BaseProcess = context.Process(target=work, args=(post, far), daemon=True)
        self.process.start()
        far.close()

    def turn(self, moment: int) -> bool:
        """Work at a moment. False when the process is dead."""
        self.order(moment)
        return self.finished()

    def order(self, moment: int | None) -> None:
        """Have it work at a moment, without waiting for it."""
        with suppress(OSError):  # it may be dead already; finished() tells
            self._orders.send(moment)

    def finished(self) -> bool:
        """Wait for the answer to an order."""
        try:
            self._orders.recv()
        except (EOFError, OSError):
            self.process.join()
            return False
        return True

    def kill(self) -> None:
        """SIGKILL, wherever it stands."""
        self.process.kill()
        self.process.join()

    def dismiss(self) -> None:
        """Have it end by itself."""
        self.order(None)
        self.process.join()
