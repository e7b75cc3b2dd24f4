"""Two transactions at once, each stopped where the other must wait."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import text

from state.store import Store

_WAITING = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


class Running:
    """Work in a thread of its own; what it raises is raised by ``result``."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._answer: list[Any] = []
        self._error: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, args=(work,))
        self._thread.start()

    def _run(self, work: Callable[[], Any]) -> None:
        try:
            self._answer.append(work())
        except BaseException as error:
            self._error.append(error)

    def result(self) -> Any:
        """What the work returned, once it is done."""
        self._thread.join(60)
        assert not self._thread.is_alive(), "it waits for ever"
        if self._error:
            raise self._error[0]
        return self._answer[0]


@contextmanager
def started(store: Store, *works: Callable[[], Any]) -> Iterator[list[Running]]:
    """Start each work and go on when all of them wait for a lock that the caller's transaction holds."""
    running = []
    for n, work in enumerate(works, start=1):
        running.append(Running(work))
        _until_waiting(store, n)
    yield running


def _until_waiting(store: Store, count: int) -> None:
    pause = threading.Event()
    for _ in range(1_200):
        with store.read() as conn:
            if conn.execute(text(_WAITING)).scalar_one() >= count:
                return
        pause.wait(0.05)
    raise AssertionError("nobody waits for a lock")
