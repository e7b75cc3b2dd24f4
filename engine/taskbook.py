"""The port of the ``task`` channel, on our own table: a touch handed to a human becomes a row in ``task``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

from channels.task import TaskBookBusy
from engine.clock import Clock
from state.errors import StoreUnavailable
from state.queries import people, tasks
from state.store import Store


@contextmanager
def busy_when_down() -> Iterator[None]:
    """A store that is away for the moment is a book that is busy."""
    try:
        yield
    except StoreUnavailable as error:
        raise TaskBookBusy(error.message) from error


class StoreTaskBook:
    """Opens tasks, each once however often it is asked."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def open(
        self, *, ref: str, kind: str, owner: str, title: str, body: str, due_at: int, meta: Mapping[str, str]
    ) -> None:
        """Write the task of the touch named ``ref``. Raises LookupError when there is no such touch, or its
        person was erased or has said no since it was decided."""
        with busy_when_down(), self._store.begin() as conn:
            task = {"kind": kind, "owner": owner, "title": title, "body": body, "due_at": due_at}
            self.open_in(conn, ref, task)

    def open_in(self, conn: Connection, ref: str, task: Mapping[str, Any]) -> dict[str, Any] | None:
        """The same in the caller's transaction. The key of the touch; None where the task was there before."""
        key = self._key(conn, ref)
        alive = people.lock_living(conn, [key["identity_id"]])
        if tasks.by_ref(conn, ref) is not None:
            return None
        if not alive:
            raise LookupError("the person was erased")
        key, now = self._key(conn, ref), self._clock.now()  # read again under the lock
        if tasks.is_refused(conn, key["identity_id"], task["kind"]):
            raise LookupError("the person has said no since")
        tasks.put(conn, {**key, **task, "ref": ref, "created_at": now})
        return key

    @staticmethod
    def _key(conn: Connection, ref: str) -> dict[str, Any]:
        key = tasks.touch_key(conn, ref)
        if key is None:
            raise LookupError(f"no touch has the ref {ref}")
        return key

    def exists(self, ref: str) -> bool:
        """True when the task is there, open or closed."""
        with busy_when_down(), self._store.read() as conn:
            return tasks.by_ref(conn, ref) is not None
