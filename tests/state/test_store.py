"""The store keeps what was committed, forgets what was not, and says plainly what is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from state import errors
from state.store import Store
from state.tables import Control
from state.testing import DIALECTS, blank_database, drop_database, fresh_database, postgres_url

CONTROL = Control.__table__  # type: ignore[attr-defined]


def put(store: Store, key: str) -> None:
    with store.begin() as conn:
        conn.execute(insert(CONTROL).values(key=key, value={"n": 1}, at=1))


def keys(store: Store) -> list[str]:
    with store.read() as conn:
        return list(conn.scalars(select(CONTROL.c.key).order_by(CONTROL.c.key)))


def test_a_committed_row_is_there_and_its_json_is_read_back(store: Store) -> None:
    put(store, "a")
    with store.read() as conn:
        assert conn.execute(select(CONTROL.c.key, CONTROL.c.value)).all() == [("a", {"n": 1})]


def test_a_block_that_raises_leaves_nothing(store: Store) -> None:
    def fail() -> None:
        with store.begin() as conn:
            conn.execute(insert(CONTROL).values(key="a", value={}, at=1))
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        fail()
    assert keys(store) == []


def test_a_read_is_never_committed(store: Store) -> None:
    with store.read() as conn:
        conn.execute(insert(CONTROL).values(key="a", value={}, at=1))
    assert keys(store) == []


def test_a_savepoint_is_undone_alone(store: Store) -> None:
    with store.begin() as conn:
        conn.execute(insert(CONTROL).values(key="a", value={}, at=1))
        with pytest.raises(IntegrityError), conn.begin_nested():
            conn.execute(insert(CONTROL).values(key="a", value={}, at=1))
        conn.execute(insert(CONTROL).values(key="b", value={}, at=1))
    assert keys(store) == ["a", "b"]


def test_a_reader_on_sqlite_sees_one_moment_while_others_write() -> None:
    url = fresh_database("sqlite")
    store = Store.open(url)
    with store.read() as conn:
        before = conn.scalar(text("SELECT count(*) FROM control"))
        writer = threading.Thread(target=put, args=(store, "a"))
        writer.start()
        writer.join()
        assert conn.scalar(text("SELECT count(*) FROM control")) == before
    assert keys(store) == ["a"]
    drop_database(url)


def test_writers_in_threads_take_turns(store: Store) -> None:
    threads = [threading.Thread(target=put, args=(store, f"{n:02}")) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert keys(store) == [f"{n:02}" for n in range(20)]


def test_in_memory_threads_take_turns() -> None:
    store = Store.open("sqlite://")
    test_writers_in_threads_take_turns(store)


def test_a_sqlite_commit_survives_a_power_cut() -> None:
    url = fresh_database("sqlite")
    with Store.open(url).read() as conn:
        assert conn.scalar(text("PRAGMA journal_mode")) == "wal"
        assert conn.scalar(text("PRAGMA synchronous")) == 2  # FULL
    drop_database(url)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_empty_database_is_migrated_once_and_opened_again(dialect: str) -> None:
    url = blank_database(dialect)
    put(Store.open(url), "a")
    assert keys(Store.open(url)) == ["a"]
    drop_database(url)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_two_who_open_an_empty_database_at_once_both_get_it(dialect: str) -> None:
    url = blank_database(dialect)
    failures: list[BaseException] = []

    def open_it() -> None:
        try:
            Store.open(url).close()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    drop_database(url)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_nothing_is_made_when_nothing_is_to_be_made(dialect: str) -> None:
    url = blank_database(dialect)
    with pytest.raises(errors.StoreMissing):
        Store.open(url, create=False)
    drop_database(url)


def test_a_newer_schema_is_refused(store: Store) -> None:
    with store.begin() as conn:
        conn.execute(text("UPDATE rekindle_version SET version_num = '9999'"))
    with pytest.raises(errors.SchemaTooNew, match="9999"):
        store.check_schema()


def test_tables_that_only_look_like_ours_are_refused(store: Store) -> None:
    with store.begin() as conn:
        conn.execute(text("DROP TABLE rekindle_version"))
    with pytest.raises(errors.NotAStore):
        store.check_schema()


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("nonsense", errors.BadStoreUrl),
        ("", errors.BadStoreUrl),
        ("mysql://localhost/x", errors.BadStoreUrl),
        ("postgresql://127.0.0.1:1/x", errors.StoreUnavailable),
        ("postgresql://nobody.invalid/x", errors.StoreUnavailable),
        ("sqlite:////proc/rekindle/x.db", errors.StoreReadOnly),
        ("sqlite:////", errors.BadStoreUrl),
    ],
)
def test_a_database_that_cannot_be_had_is_one_clear_error(url: str, kind: type[errors.StateError]) -> None:
    with pytest.raises(errors.StateError) as caught:
        Store.open(url)
    assert type(caught.value) is kind
    assert caught.value.message
    assert caught.value.hint


def test_an_unknown_postgres_database_is_not_a_passing_outage() -> None:
    url = postgres_url().replace("/postgres?", "/no_such_database?")
    with pytest.raises(errors.StoreRefused, match="no_such_database"):
        Store.open(url)


def test_no_error_names_a_password() -> None:
    with pytest.raises(errors.StoreUnavailable) as caught:
        Store.open("postgresql://me:s3cret@127.0.0.1:1/x")
    assert "s3cret" not in str(caught.value)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("hello, this is a text file and nothing else " * 100)
    with pytest.raises(errors.NotAStore):
        Store.open(f"sqlite:///{tmp_path}/x.db")


def test_a_locked_sqlite_database_is_worth_waiting_for() -> None:
    url = fresh_database("sqlite")
    one, two = Store.open(url), Store.open(url)
    with one.begin():
        with two.read() as conn:
            conn.exec_driver_sql("PRAGMA busy_timeout=10")
        with pytest.raises(errors.StoreUnavailable) as caught, two.begin():
            pass
    assert isinstance(caught.value, errors.StoreLocked)
    put(two, "a")
    drop_database(url)


def test_a_session_ended_by_the_server_is_an_outage_and_the_next_one_works() -> None:
    url = fresh_database("postgresql")
    store = Store.open(url)

    def lose_the_session() -> None:
        with store.begin() as conn:
            pid = conn.scalar(text("SELECT pg_backend_pid()"))
            with store.begin() as other:
                other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            conn.execute(text("SELECT 1"))

    with pytest.raises(errors.StoreUnavailable):
        lose_the_session()
    put(store, "a")
    assert keys(store) == ["a"]
    drop_database(url)


def test_of_two_that_block_each_other_one_is_told_to_try_again() -> None:
    url = fresh_database("postgresql")
    store = Store.open(url)
    put(store, "a")
    put(store, "b")
    met = threading.Barrier(2)
    outcome: list[type[BaseException] | None] = []

    def update(first: str, second: str) -> None:
        statement = text("UPDATE control SET at = 2 WHERE key = :k")
        try:
            with store.begin() as conn:
                conn.execute(statement, {"k": first})
                met.wait()
                conn.execute(statement, {"k": second})
            outcome.append(None)
        except errors.StateError as error:
            outcome.append(type(error))

    threads = [threading.Thread(target=update, args=pair) for pair in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(outcome) == {None, errors.StoreConflict}
    drop_database(url)


_FULL_DISK = """
import sys
from sqlalchemy import text
from state.errors import DiskFull
from state.store import Store
store = Store.open("sqlite:///" + sys.argv[1])
try:
    with store.begin() as conn:
        conn.execute(text("PRAGMA max_page_count = 60"))
        for n in range(2000):
            conn.execute(text("INSERT INTO control VALUES (:k, '{}', 1)"), {"k": f"{n}" + "x" * 2000})
except DiskFull as error:
    print("full:", error.message)
with store.read() as conn:
    print(conn.scalar(text("SELECT count(*) FROM control")))
"""


def test_a_full_disk_writes_nothing_and_says_so(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FULL_DISK, str(tmp_path / "x.db")], capture_output=True, text=True, check=True
    )
    assert "full:" in done.stdout
    assert done.stdout.endswith("\n0\n")


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    url = f"sqlite:///{folder}/x.db"
    if os.geteuid() == 0:  # root may write anywhere: take a place where nobody can
        url = "sqlite:////sys/kernel/x.db"
    folder.chmod(0o500)
    with pytest.raises(errors.StoreReadOnly):
        Store.open(url)
    folder.chmod(0o700)
