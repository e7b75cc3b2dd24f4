"""A worker is alive exactly as long as its process, and everyone can tell."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from state.errors import WorkerBusy
from state.store import Store
from state.testing import database
from state.worker import WorkerLock

_WORKER = """
import sys
from state.store import Store
from state.worker import WorkerLock
lock = WorkerLock.acquire(Store.open(sys.argv[1]))
print(lock.worker_id, flush=True)
sys.stdin.read()
"""


def start_worker(store: Store) -> tuple[subprocess.Popen[str], str]:
    url = store.url.render_as_string(hide_password=False)
    process = subprocess.Popen(
        [sys.executable, "-c", _WORKER, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    return process, process.stdout.readline().strip()


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_a_worker_is_never_dead_to_itself(store: Store) -> None:
    with WorkerLock.acquire(store) as lock:
        assert lock.held()
        assert not lock.is_dead(lock.worker_id)


def test_a_killed_worker_is_dead_at_once(store: Store) -> None:
    process, name = start_worker(store)
    kill(process)
    with WorkerLock.acquire(store) as lock:
        for _ in range(100):  # the server notices the closed socket a moment later
            if lock.is_dead(name):
                break
            threading.Event().wait(0.05)
        assert lock.is_dead(name)


def test_names_are_never_used_twice(store: Store) -> None:
    with WorkerLock.acquire(store) as one:
        pass
    with WorkerLock.acquire(store) as two:
        assert one.worker_id != two.worker_id
        assert two.is_dead(one.worker_id)


def test_a_worker_is_known_to_all_its_threads(store: Store) -> None:
    """The daemon becomes a worker in one thread and turns the wheel in another."""
    with WorkerLock.acquire(store) as worker:
        answers: list[bool] = []
        thread = threading.Thread(target=lambda: answers.append(worker.held()))
        thread.start()
        thread.join()
        assert answers == [True]


def test_releasing_twice_is_fine(store: Store) -> None:
    lock = WorkerLock.acquire(store)
    lock.release()
    lock.release()


@pytest.fixture
def postgres() -> Iterator[Store]:
    with database("postgresql") as url:
        store = Store.open(url)
        yield store
        store.close()


def test_on_postgres_many_may_work_and_a_living_one_is_not_dead(postgres: Store) -> None:
    process, name = start_worker(postgres)
    with WorkerLock.acquire(postgres) as lock:
        assert not lock.is_dead(name)
        assert not lock.is_dead(name), "asking did not take the other's life"
    kill(process)


def test_on_postgres_a_lock_lost_with_its_connection_is_noticed(postgres: Store) -> None:
    lock = WorkerLock.acquire(postgres)
    with postgres.begin() as conn:
        conn.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        )
    assert not lock.held()
    lock.release()


def test_on_sqlite_a_second_worker_is_told_what_to_do() -> None:
    with database("sqlite") as url:
        store = Store.open(url)
        process, _ = start_worker(store)
        with pytest.raises(WorkerBusy, match="another worker is at work"):
            WorkerLock.acquire(store)
        kill(process)
        WorkerLock.acquire(store).release()


def test_in_memory_there_is_nothing_to_lock() -> None:
    store = Store.open("sqlite://")
    with WorkerLock.acquire(store) as lock:
        assert lock.held()
        assert lock.is_dead("1")
