"""Who is alive. A worker holds a lock that the operating system or the database drops when it dies, so that
nobody needs a lease, a heartbeat or a clock to tell a dead worker from a slow one."""

from __future__ import annotations

import secrets
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from filelock import FileLock, Timeout
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from state.errors import StoreReadOnly, WorkerBusy
from state.store import POSTGRES_ARGS, Store


class _Hold(Protocol):
    """How a worker's life is shown to the others."""

    def held(self) -> bool: ...
    def is_dead(self, worker: int) -> bool: ...
    def release(self) -> None: ...


class WorkerLock:
    """This process as a live worker. On SQLite there is one worker a database; on PostgreSQL any number."""

    def __init__(self, worker: int, hold: _Hold) -> None:
        """Use ``WorkerLock.acquire``."""
        self._worker = worker
        self._hold = hold

    @classmethod
    def acquire(cls, store: Store) -> WorkerLock:
        """Become a worker. Raises WorkerBusy (SQLite), StoreUnavailable (PostgreSQL)."""
        worker = secrets.randbits(62) + 1
        if store.dialect == "postgresql":
            return cls(worker, _AdvisoryLock(store, worker))
        return cls(worker, _SqliteLock(store.path))

    @property
    def worker_id(self) -> str:
        """The name a touch is marked with while this worker has it in hand."""
        return str(self._worker)

    def held(self) -> bool:
        """False when the lock was lost, e.g. with its connection: acquire a new one, under a new name."""
        return self._hold.held()

    def is_dead(self, worker_id: str) -> bool:
        """True when the worker of that name runs no more. Its own name is never dead."""
        return int(worker_id) != self._worker and self._hold.is_dead(int(worker_id))

    def release(self) -> None:
        """Stop being a worker. May be called twice."""
        self._hold.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class _AdvisoryLock:
    """PostgreSQL: a session lock on a connection of its own, outside the pool."""

    def __init__(self, store: Store, worker: int) -> None:
        self._engine = create_engine(
            store.url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args=POSTGRES_ARGS
        )
        with store.typed_errors():
            self._conn = self._engine.connect()
            self._conn.execute(text("SELECT pg_advisory_lock(:key)"), {"key": worker})

    def held(self) -> bool:
        try:
            return bool(self._conn.scalar(text("SELECT 1")) == 1)
        except SQLAlchemyError:  # broken now, or found broken before
            return False

    def is_dead(self, worker: int) -> bool:
        """The lock can be had, so nobody holds it; it is given back at once."""
        taken = self._conn.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": worker})
        if taken:
            self._conn.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": worker})
        return bool(taken)

    def release(self) -> None:
        """Closing the session drops the lock."""
        self._conn.close()
        self._engine.dispose()


class _SqliteLock:
    """SQLite: a lock on a file beside the database. In memory there can be no second worker."""

    def __init__(self, database: Path | None) -> None:
        self._lock = (
            None
            if database is None
            else FileLock(
                f"{database}.lock",
                blocking=False,
                thread_local=False,  # taken by one thread, asked after by another
            )
        )
        if self._lock is None:
            return
        try:
            self._lock.acquire()
        except Timeout:
            raise WorkerBusy(f"another worker is at work on {database}") from None
        except OSError as error:
            raise StoreReadOnly(f"cannot lock {database}.lock: {error.strerror}") from error

    def held(self) -> bool:
        return self._lock is None or self._lock.is_locked

    def is_dead(self, worker: int) -> bool:
        return True  # whoever had it before us is gone

    def release(self) -> None:
        if self._lock is not None:
            self._lock.release()
