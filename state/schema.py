"""Which schema a database has, and bringing it to ours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from state.errors import NotAStore, SchemaTooNew, StoreMissing

if TYPE_CHECKING:
    from alembic.config import Config

#: every revision this program knows, oldest first; the last one is what it works with
REVISIONS = ("0001", "0002")
HEAD = REVISIONS[-1]

#: its own name, so that rekindle may share a database with another application that uses Alembic
VERSION_TABLE = "rekindle_version"

#: any number, the same everywhere: two programs must not migrate one PostgreSQL database at once
_MIGRATION_LOCK = 0x72656B696E646C65 >> 1

_MIGRATIONS = Path(__file__).parent / "migrations"


def current(conn: Connection) -> str | None:
    """The revision of the database, None when it holds nothing of ours."""
    tables = set(inspect(conn).get_table_names())
    if VERSION_TABLE in tables:
        found: str | None = conn.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))
        return found
    if "person" in tables and "enrolment" in tables:
        raise NotAStore(f"the database has tables named like ours but no {VERSION_TABLE}")
    return None


def is_current(conn: Connection) -> bool:
    """True when nothing is to be done. Raises SchemaTooNew."""
    revision = current(conn)
    if revision is not None and revision not in REVISIONS:
        raise SchemaTooNew(f"the database has schema {revision}, this rekindle knows up to {HEAD}")
    return revision == HEAD


def migrate(conn: Connection, *, create: bool = True) -> None:
    """Bring the database of ``conn`` to HEAD inside its open transaction.

    Raises SchemaTooNew; StoreMissing when the database is empty and ``create`` is False.
    """
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
    if is_current(conn):
        return
    if not create and current(conn) is None:
        raise StoreMissing("the database is empty")
    _upgrade(conn)


def _upgrade(conn: Connection) -> None:
    from alembic import command  # imported where needed: it is slow and a current schema needs none of it

    config = alembic_config()
    config.attributes["connection"] = conn
    command.upgrade(config, "head")


def alembic_config() -> Config:
    """Alembic's configuration, without a file."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config
