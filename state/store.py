"""The one door to the database: SQLite or PostgreSQL, the same calls, real transactions on both."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import StaticPool

from state import schema, sqlite
from state.errors import BadStoreUrl, DriverMissing, StoreMissing, StoreReadOnly, translated

#: how long a SQLite writer waits for another one, in milliseconds
BUSY_TIMEOUT = 15_000

#: On SQLite a commit is on the platter before it returns (FULL, not NORMAL): the receipt of a send is written
#: before the send, and a receipt that a power cut can undo would let the message leave twice. Commits are
#: batches, so it costs little.
_PRAGMAS = (f"busy_timeout={BUSY_TIMEOUT}", "synchronous=FULL")

#: a dead peer is noticed within a minute, and a database that cannot be reached within ten seconds
POSTGRES_ARGS = {
    "connect_timeout": 10,
    "application_name": "rekindle",
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}


class Store:
    """A database with the current schema. Thread-safe; a thread has one transaction open at a time."""

    def __init__(self, engine: Engine, url: URL) -> None:
        """Use ``Store.open``."""
        self.engine = engine
        self.url = url
        self.dialect: str = engine.dialect.name  # sqlite | postgresql
        #: one connection serves every thread of a database in memory, so they take turns
        self._turn: AbstractContextManager[Any] = threading.RLock() if self.in_memory else nullcontext()

    @classmethod
    def open(cls, url: str, *, create: bool = True) -> Store:
        """Open the database and bring its schema to ours; ``create`` False never makes a new one.

        Raises a StateError: BadStoreUrl, DriverMissing, StoreMissing, StoreRefused, StoreReadOnly,
        StoreUnavailable (worth waiting for), NotAStore, SchemaTooNew.
        """
        parsed = parse_url(url)
        if parsed.get_backend_name() == "sqlite":
            _prepare_file(parsed, create)
        store = cls(_engine(parsed), parsed)
        try:
            store.check_schema(create=create)
        except BaseException:
            store.close()
            raise
        return store

    @property
    def in_memory(self) -> bool:
        """True for a SQLite database that lives and dies with this object."""
        return self.dialect == "sqlite" and _is_memory(self.url)

    @property
    def path(self) -> Path | None:
        """The file of a SQLite database, else None."""
        return None if self.dialect != "sqlite" or self.in_memory else Path(str(self.url.database))

    @property
    def name(self) -> str:
        """The URL without its password, for messages."""
        return self.url.render_as_string(hide_password=True)

    def begin(self) -> AbstractContextManager[Connection]:
        """A write transaction: committed when the block ends, undone when it raises.

        Raises StoreUnavailable and its kin in place of the driver's own errors.
        """
        return self._transaction(write=True)

    def read(self) -> AbstractContextManager[Connection]:
        """A transaction for reading, never committed."""
        return self._transaction(write=False)

    def check_schema(self, *, create: bool = True) -> None:
        """Migrate an older or empty database. Raises SchemaTooNew, NotAStore, StoreMissing."""
        with self.read() as conn:
            if schema.is_current(conn):
                return
        with self.begin() as conn:
            schema.migrate(conn, create=create)

    def close(self) -> None:
        """Release every connection. May be called twice."""
        self.engine.dispose()

    @contextmanager
    def _transaction(self, *, write: bool) -> Iterator[Connection]:
        with self._turn, self.typed_errors(), self.engine.connect() as conn:
            conn = conn.execution_options(rekindle_read=not write)
            with conn.begin() as transaction:
                yield conn
                if not write:
                    transaction.rollback()

    @contextmanager
    def typed_errors(self) -> Iterator[None]:
        """Raise a typed StateError in place of a driver's error that means the database cannot be used."""
        try:
            yield
        except (DBAPIError, PoolTimeout) as error:
            typed = translated(error, self.name)
            if typed is None:
                raise
            raise typed from error


def parse_url(url: str) -> URL:
    """A database URL with the driver we use. Raises BadStoreUrl, DriverMissing."""
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, ValueError):
        raise BadStoreUrl("the database URL cannot be read") from None
    if backend == "sqlite":
        return parsed.set(drivername="sqlite")
    if backend not in {"postgresql", "postgres"}:
        raise BadStoreUrl(f"rekindle keeps its state in SQLite or PostgreSQL, not in {backend!r}")
    return parsed.set(drivername="postgresql+psycopg")


def _engine(url: URL) -> Engine:
    common: dict[str, Any] = {
        "json_serializer": lambda value: orjson.dumps(value).decode(),
        "json_deserializer": orjson.loads,
        "hide_parameters": True,  # they carry personal data, and an error may end in a log
    }
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url, common)
    try:
        return create_engine(
            url,
            pool_size=5,
            max_overflow=5,
            pool_timeout=30,
            pool_pre_ping=True,  # a connection the server dropped while idle is replaced, not handed out
            connect_args=POSTGRES_ARGS,
            **common,
        )
    except (ImportError, NoSuchModuleError) as error:
        raise DriverMissing("the PostgreSQL driver psycopg cannot be loaded") from error


def _sqlite_engine(url: URL, common: dict[str, Any]) -> Engine:
    if _is_memory(url):
        engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False}, **common)
    else:
        engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT / 1000}, **common)
    event.listen(engine, "connect", _on_sqlite_connect)
    event.listen(engine, "begin", _on_sqlite_begin)
    return engine


def _on_sqlite_connect(dbapi: Any, record: Any) -> None:
    dbapi.isolation_level = None  # the driver begins nothing by itself; _on_sqlite_begin does
    cursor = dbapi.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    _use_wal(cursor)
    cursor.close()


def _use_wal(cursor: Any) -> None:
    # The file remembers the mode. Whoever sets it first needs the file alone for a moment, and SQLite does
    # not wait for that moment by itself.
    deadline = time.monotonic() + BUSY_TIMEOUT / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _on_sqlite_begin(conn: Connection) -> None:
    # A writer takes the lock at once: upgrading a read transaction later fails without waiting.
    reading = conn.get_execution_options().get("rekindle_read", False)
    sqlite.rows(conn, "BEGIN" if reading else "BEGIN IMMEDIATE")


def _is_memory(url: URL) -> bool:
    return url.database in {None, "", ":memory:"}


def _prepare_file(url: URL, create: bool) -> None:
    if _is_memory(url):
        return
    path = Path(str(url.database))
    if path.is_dir():
        raise BadStoreUrl(f"{path} is a folder, not a database file")
    if path.exists():
        return
    if not create:
        raise StoreMissing(f"there is no database at {path}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreReadOnly(f"cannot make the folder {path.parent}: {error.strerror}") from error
