"""What can go wrong with a database, each as one clear error. State imports nothing of the engine, so these
are its own; the engine shows ``message`` and ``hint`` to the user."""

from __future__ import annotations

from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class StateError(Exception):
    """Root. ``message`` says what and where; ``hint`` says what to do."""

    hint: str = ""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        if hint:
            self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}. {self.hint}" if self.hint else self.message


class BadStoreUrl(StateError):
    """The database URL is not one rekindle can use."""

    hint = "Write sqlite:///path/to/file.db or postgresql://user@host/name"


class DriverMissing(StateError):
    """The Python driver of that database is not installed."""

    hint = "Install it with: pip install 'psycopg[binary]'"


class StoreMissing(StateError):
    """There is no database at that place, and none was to be made."""

    hint = "Run 'rekindle import' or 'rekindle run' first, or check the environment's database"


class StoreRefused(StateError):
    """The database is there and does not let us in, or not far enough."""

    hint = "Check user, password, database name and permissions"


class StoreReadOnly(StateError):
    """The database, its file or its folder cannot be written."""

    hint = "SQLite writes beside its file too: make the file and its folder writable"


class NotAStore(StateError):
    """What is there is not a database of rekindle."""

    hint = "Point the environment's database at another place"


class SchemaTooNew(StateError):
    """The database was written by a newer rekindle."""

    hint = "Upgrade rekindle, or point at another database"


class WorkerBusy(StateError):
    """Another worker is at work on this SQLite database."""

    hint = "Stop the other one, or use PostgreSQL, where any number may work at once"


class StoreUnavailable(StateError):
    """The database cannot be used *now*; nothing was written. Waiting and trying again may help."""

    hint = "Check that the database is running and can be reached"


class StoreLocked(StoreUnavailable):
    """Somebody else holds the lock we waited for."""

    hint = "Another process is writing for a long time: wait for it, or use PostgreSQL"


class StoreConflict(StoreUnavailable):
    """The database chose this transaction to give way to another. Running it again is right."""

    hint = "Try again"


class DiskFull(StoreUnavailable):
    """There is no room left where the database lives."""

    hint = "Free some space; nothing of this transaction was written"


#: SQLSTATE, or its first two characters, to the error it means
_BY_STATE: dict[str, type[StateError]] = {
    "08": StoreUnavailable,
    "53": StoreUnavailable,
    "53100": DiskFull,
    "57": StoreUnavailable,
    "58": StoreUnavailable,
    "55P03": StoreLocked,
    "40001": StoreConflict,
    "40P01": StoreConflict,
    "25006": StoreReadOnly,
    "28": StoreRefused,
    "3D": StoreRefused,
    "42501": StoreRefused,
}

#: what a driver's message says, where there is no SQLSTATE: SQLite, and libpq before a session exists
_BY_TEXT: tuple[tuple[str, type[StateError]], ...] = (
    ("database is locked", StoreLocked),
    ("database table is locked", StoreLocked),
    ("disk is full", DiskFull),
    ("disk i/o error", StoreUnavailable),
    ("readonly database", StoreReadOnly),
    ("unable to open database file", StoreReadOnly),
    ("not a database", NotAStore),
    ("malformed", NotAStore),
    ("authentication failed", StoreRefused),
    ("no password supplied", StoreRefused),
    ("no pg_hba.conf entry", StoreRefused),
    ("does not exist", StoreRefused),
)


def translated(error: Exception, where: str) -> StateError | None:
    """The typed error a driver's error means, or None when it is not the database's state that is wrong.

    ``where`` names the database without its password. The message never holds statement or parameters:
    they carry personal data.
    """
    if isinstance(error, PoolTimeout):
        return StoreUnavailable(f"no connection to {where} became free")
    if not isinstance(error, DBAPIError) or error.orig is None:
        return None
    kind = _kind(error, getattr(error.orig, "sqlstate", None))
    if kind is None:
        return None
    return kind(f"{where}: {_first_line(error.orig)}")


def _kind(error: DBAPIError, state: str | None) -> type[StateError] | None:
    if state:
        return _BY_STATE.get(state) or _BY_STATE.get(state[:2])
    if type(error.orig).__name__ not in {"OperationalError", "DatabaseError", "ConnectionTimeout"}:
        return StoreUnavailable if error.connection_invalidated else None
    text = str(error.orig).lower()
    found = next((kind for words, kind in _BY_TEXT if words in text), None)
    if found is None and type(error.orig).__module__.startswith("psycopg"):
        return StoreUnavailable  # a session that was never made, or broke: refused, timed out, reset
    return found


def _first_line(error: Any) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].strip() if lines else type(error).__name__
