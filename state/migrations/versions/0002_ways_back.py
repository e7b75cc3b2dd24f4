"""What comes back in, what people chose, and letters, lists and answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def _said_by_each() -> None:
    """Suppressions have a row for each source. SQLite changes no key, so that the tables are made anew."""
    for table, whose in (
        ("suppression", [sa.Column("identity_id", sa.BigInteger(), nullable=False)]),
        ("address_suppression", [sa.Column("address", sa.Text(), nullable=False)]),
    ):
        columns = [
            *whose,
            sa.Column("channel", sa.Text(), nullable=False),
            sa.Column("reason", sa.Text(), nullable=False),
            sa.Column("at", sa.BigInteger(), nullable=False),
            sa.Column("source", sa.Text(), nullable=False),
        ]
        if table == "suppression":
            columns.append(sa.Column("note", sa.Text(), nullable=True))
        names = ", ".join(column.name for column in columns)
        op.execute(f"CREATE TABLE {table}_before AS SELECT {names} FROM {table}")
        op.drop_table(table)
        key = sa.PrimaryKeyConstraint(whose[0].name, "channel", "reason", "source")
        op.create_table(table, *columns, key)
        op.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM {table}_before")
        op.drop_table(f"{table}_before")


def upgrade() -> None:
    _said_by_each()
    op.add_column("task", sa.Column("channel", sa.Text(), nullable=True))
    op.add_column("touch", sa.Column("failures", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "audience_member",
        sa.Column("identity_id", sa.BigInteger(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("hashes", sa.JSON(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("identity_id", "audience"),
        sa.UniqueConstraint("ref"),
    )
    op.create_index(
        "ix_audience_member_untold",
        "audience_member",
        ["audience"],
        unique=False,
        sqlite_where=sa.text("state in ('joining','leaving')"),
        postgresql_where=sa.text("state in ('joining','leaving')"),
    )
    op.create_table(
        "letter",
        sa.Column("identity_id", sa.BigInteger(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("signatory", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("signed_at", sa.BigInteger(), nullable=True),
        sa.Column("signed_by", sa.Text(), nullable=True),
        sa.Column("carrier", sa.Text(), nullable=True),
        sa.Column("handed_at", sa.BigInteger(), nullable=True),
        sa.Column("tracking", sa.Text(), nullable=True),
        sa.Column("posted_at", sa.BigInteger(), nullable=True),
        sa.Column("delivered_at", sa.BigInteger(), nullable=True),
        sa.Column("proof_uri", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("identity_id", "campaign", "cycle", "step"),
        sa.UniqueConstraint("ref"),
    )
    op.create_table(
        "notice",
        sa.Column("identity_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("not_after", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("identity_id", "id"),
        sa.UniqueConstraint("key"),
        sa.UniqueConstraint("ref"),
    )
    op.create_index(
        "ix_notice_open",
        "notice",
        ["created_at"],
        unique=False,
        sqlite_where=sa.text("state in ('queued','dispatching')"),
        postgresql_where=sa.text("state in ('queued','dispatching')"),
    )
    op.create_table(
        "preference",
        sa.Column("identity_id", sa.BigInteger(), nullable=False),
        sa.Column("paused_until", sa.BigInteger(), nullable=True),
        sa.Column("at_most_every", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("identity_id"),
    )
    op.create_table(
        "received",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("ref", sa.Text(), nullable=True),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("identity_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("machine", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("said", sa.Text(), nullable=True),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "key"),
    )
    op.create_index("ix_contact_phone", "contact", ["phone"], unique=False)
    op.create_index("ix_received_identity_id", "received", ["identity_id"], unique=False)
    op.create_index(
        "ix_received_open",
        "received",
        ["received_at"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
