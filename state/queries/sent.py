"""What was sent under a ref, for what comes back about it."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from state.queries.common import fetch, many

_PAYLOADS = """
SELECT t.ref, m.payload FROM touch t
JOIN message m ON m.identity_id = t.identity_id AND m.campaign = t.campaign AND m.cycle = t.cycle AND m.step = t.step
WHERE t.ref IN :names
"""


def payloads(conn: Connection, refs: Collection[str]) -> dict[str, str]:
    """Messages by ref, as JSON; none where the person was erased."""
    if not refs:
        return {}
    return {row[0]: row[1] for row in fetch(conn, _PAYLOADS, names=many(conn, refs))}
