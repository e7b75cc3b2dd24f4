"""Events: what is known already, who a broadcast is for."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from state.queries.common import fetch, many

#: the identity under which a broadcast itself is on record; it is nobody's
NOBODY = 0


def known_keys(conn: Connection, source: str, keys: Collection[str]) -> set[str]:
    """Those of a source's event keys that are on record."""
    sql = "SELECT key FROM event WHERE source = :source AND key IN :names"
    return {r[0] for r in fetch(conn, sql, source=source, names=many(conn, keys))}


def newest(conn: Connection, ids: Collection[int], name: str) -> dict[int, int]:
    """When an event of that name last happened to each of these people; who never had one is absent."""
    sql = "SELECT identity_id, max(at) FROM event WHERE identity_id IN :ids AND name = :name GROUP BY identity_id"
    return {r[0]: r[1] for r in fetch(conn, sql, ids=many(conn, ids), name=name)}


def on_campaigns(conn: Connection, campaigns: Collection[str], after: int, size: int) -> list[int]:
    """Identities beyond ``after`` with a live enrolment in one of the campaigns, in order, ``size`` at most."""
    sql = """
    SELECT DISTINCT e.identity_id FROM enrolment e
    WHERE e.campaign IN :campaigns AND e.state <> 'ended' AND e.identity_id > :after
    ORDER BY e.identity_id LIMIT :size
    """
    rows = fetch(conn, sql, campaigns=many(conn, campaigns), after=after, size=size)
    return [r[0] for r in rows]


def live_in(conn: Connection, ids: Collection[int], campaigns: Collection[str]) -> set[tuple[int, str]]:
    """(identity, campaign) of these people's live enrolments in these campaigns."""
    sql = """
    SELECT identity_id, campaign FROM enrolment
    WHERE identity_id IN :ids AND campaign IN :campaigns AND state <> 'ended'
    """
    rows = fetch(conn, sql, ids=many(conn, ids), campaigns=many(conn, campaigns))
    return {(r[0], r[1]) for r in rows}
