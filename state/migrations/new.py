"""Write the next migration from what changed in state/tables.py.

    python -m state.migrations.new 0002 "why"

Read what it wrote before committing it, and add the revision to ``state.schema.REVISIONS``.
"""

from __future__ import annotations

import sys

from alembic import command

from state.schema import alembic_config
from state.store import Store


def write(revision: str, message: str) -> None:
    """Compare the tables with a freshly migrated database and write the difference as a migration."""
    store = Store.open("sqlite://")
    with store.begin() as conn:
        config = alembic_config()
        config.attributes["connection"] = conn
        command.revision(config, message, autogenerate=True, rev_id=revision)


if __name__ == "__main__":
    write(*sys.argv[1:3])
