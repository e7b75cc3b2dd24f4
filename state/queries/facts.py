"""Everything known about a batch of people, one statement a kind of fact."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection

from state.queries.common import as_json, fetch, fetch_dicts, many

Ids = Collection[int]


def people(conn: Connection, ids: Ids) -> list[dict[str, Any]]:
    """Rows of ``person``; ``attributes`` decoded."""
    rows = fetch_dicts(conn, "SELECT * FROM person WHERE identity_id IN :ids", ids=many(conn, ids))
    for row in rows:
        row["attributes"] = as_json(row["attributes"]) or {}
    return rows


def consents(conn: Connection, ids: Ids, now: int) -> Sequence[Any]:
    """(identity_id, channel, type, at, proof_uri, source) up to ``now``, oldest first; a revocation after a
    grant of the same moment, so that the last one a reader keeps is the one in force."""
    sql = """
    SELECT identity_id, channel, type, at, proof_uri, source FROM consent
    WHERE identity_id IN :ids AND at <= :now
    ORDER BY identity_id, at, CASE WHEN type = 'revoked' THEN 1 ELSE 0 END, id
    """
    return fetch(conn, sql, ids=many(conn, ids), now=now)


def suppressions(conn: Connection, ids: Ids) -> Sequence[Any]:
    """(identity_id, channel, reason, at): of the identity itself, since the first who said so."""
    sql = """
    SELECT identity_id, channel, reason, min(at) AS at FROM suppression WHERE identity_id IN :ids
    GROUP BY identity_id, channel, reason
    """
    return fetch(conn, sql, ids=many(conn, ids))


def address_suppressions(conn: Connection, addresses: Collection[str]) -> Sequence[Any]:
    """(address, channel, reason, at) of any of the addresses, since the first who said so."""
    sql = """
    SELECT address, channel, reason, min(at) AS at FROM address_suppression WHERE address IN :names
    GROUP BY address, channel, reason
    """
    return fetch(conn, sql, names=many(conn, addresses))


def notes(conn: Connection, ids: Ids) -> Sequence[Any]:
    """(identity_id, kind, opened_at, closed_at)."""
    sql = "SELECT identity_id, kind, opened_at, closed_at FROM note WHERE identity_id IN :ids"
    return fetch(conn, sql, ids=many(conn, ids))


def preferences(conn: Connection, ids: Ids) -> Sequence[Any]:
    """(identity_id, paused_until, at_most_every) of those who chose something."""
    sql = "SELECT identity_id, paused_until, at_most_every FROM preference WHERE identity_id IN :ids"
    return fetch(conn, sql, ids=many(conn, ids))


def events(
    conn: Connection, ids: Ids, names: Collection[str], now: int
) -> list[tuple[int, int, str, int, Any]]:
    """(identity_id, id, name, at, data) of the named events up to ``now``, in order of (at, id)."""
    sql = """
    SELECT identity_id, id, name, at, data FROM event
    WHERE identity_id IN :ids AND name IN :names AND at <= :now ORDER BY at, id
    """
    rows = fetch(conn, sql, ids=many(conn, ids), names=many(conn, names), now=now)
    return [(r[0], r[1], r[2], r[3], as_json(r[4]) or {}) for r in rows]


def touches(conn: Connection, ids: Ids, horizon: int) -> Sequence[Any]:
    """(identity_id, campaign, cycle, step, channel, state, counted_at, offer, offer_expires_at).

    Touches that count for a cap from ``horizon`` on, those reserved and not yet dispatched, and those that
    named an offer.
    """
    sql = """
    SELECT identity_id, campaign, cycle, step, channel, state, counted_at, offer, offer_expires_at FROM touch
    WHERE identity_id IN :ids
      AND (counted_at > :horizon OR state = 'queued' OR (offer_expires_at IS NOT NULL AND state <> 'cancelled'))
    """
    return fetch(conn, sql, ids=many(conn, ids), horizon=horizon)


def reviews(conn: Connection, ids: Ids) -> Sequence[Any]:
    """(identity_id, campaign, cycle, step, state) of review tasks that were closed."""
    sql = """
    SELECT identity_id, campaign, cycle, step, state FROM task
    WHERE identity_id IN :ids AND kind = 'review' AND state <> 'open'
    """
    return fetch(conn, sql, ids=many(conn, ids))


def enrolments_of(conn: Connection, ids: Ids) -> list[dict[str, Any]]:
    """All enrolments, live and ended, of the identities."""
    return fetch_dicts(
        conn, "SELECT * FROM enrolment WHERE identity_id IN :ids ORDER BY entered_at, campaign, cycle",
        ids=many(conn, ids),
    )  # fmt: skip
