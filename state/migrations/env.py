"""How Alembic runs here: always on a connection somebody else opened, inside its transaction."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

from state import tables
from state.schema import VERSION_TABLE

assert tables.Person.metadata is SQLModel.metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    version_table=VERSION_TABLE,
    compare_type=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
