"""The port of the ``task`` channel, on our own table: a touch handed to a human becomes a row in ``task``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from channels.task import TaskBookBusy
from engine.clock import Clock
from state.errors import StoreUnavailable
from state.queries import tasks
from state.store import Store


class StoreTaskBook:
    """Opens tasks, each once however often it is asked."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def open(
        self, *, ref: str, kind: str, owner: str, title: str, body: str, due_at: int, meta: Mapping[str, str]
    ) -> None:
        """Write the task of the touch named ``ref``. Raises LookupError when there is no such touch."""
        with self._busy_when_down(), self._store.begin() as conn:
            key = tasks.touch_key(conn, ref)
            if key is None:
                raise LookupError(f"no touch has the ref {ref}")
            task = {"ref": ref, "kind": kind, "owner": owner, "title": title, "body": body, "due_at": due_at}
            tasks.put(conn, {**key, **task, "created_at": self._clock.now()})

    def exists(self, ref: str) -> bool:
        """True when the task is there, open or closed."""
        with self._busy_when_down(), self._store.read() as conn:
            return tasks.by_ref(conn, ref) is not None

    @staticmethod
    @contextmanager
    def _busy_when_down() -> Iterator[None]:
        try:
            yield
        except StoreUnavailable as error:
            raise TaskBookBusy(error.message) from error
