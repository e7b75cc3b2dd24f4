"""What the migrations make is what state/tables.py says, to the last index."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlmodel import SQLModel

from state import schema, tables
from state.store import Store
from state.testing import blank_database, drop_database

_LISTING = {
    "sqlite": "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name <> :ours",
    "postgresql": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> :ours",
}


def listing(conn: Connection) -> set[str]:
    """Every index (and on SQLite every table) as the database itself spells it."""
    rows = conn.scalars(text(_LISTING[conn.dialect.name]), {"ours": schema.VERSION_TABLE})
    return {" ".join(sql.split()) for sql in rows}


def test_no_table_column_or_type_differs(store: Store) -> None:
    assert tables.Person.metadata is SQLModel.metadata
    with store.read() as conn:
        options = {"compare_type": True, "version_table": schema.VERSION_TABLE}
        assert compare_metadata(MigrationContext.configure(conn, opts=options), SQLModel.metadata) == []


def test_no_index_differs_not_even_in_its_condition(store: Store) -> None:
    url = blank_database(store.dialect)
    engine = create_engine(url)
    with engine.begin() as conn:
        SQLModel.metadata.create_all(conn)
        declared = listing(conn)
    engine.dispose()
    drop_database(url)
    with store.read() as conn:
        assert listing(conn) == declared


def test_every_migration_is_known_and_the_last_one_is_the_head() -> None:
    scripts = ScriptDirectory.from_config(schema.alembic_config())
    assert [s.revision for s in scripts.walk_revisions()][::-1] == list(schema.REVISIONS)
    assert scripts.get_current_head() == schema.HEAD


@pytest.mark.parametrize("table", SQLModel.metadata.sorted_tables, ids=lambda t: t.name)
def test_what_grows_with_people_is_led_by_the_identity(table: object) -> None:
    columns = list(table.columns)  # type: ignore[attr-defined]
    key = [c.name for c in table.primary_key]  # type: ignore[attr-defined]
    by_source = {"contact", "identifier", "received"}  # found by what names them, before the identity is known
    if "identity_id" in {c.name for c in columns} and table.name not in by_source:  # type: ignore[attr-defined]
        assert key[0] == "identity_id"


@pytest.mark.parametrize("table", SQLModel.metadata.sorted_tables, ids=lambda t: t.name)
def test_every_instant_is_a_64_bit_integer(table: object) -> None:
    for column in table.columns:  # type: ignore[attr-defined]
        if column.name == "at" or column.name.endswith("_at") or column.name == "not_before":
            assert str(column.type) == "BIGINT", column
