"""What metrics ask. The quick ones look at the front of a partial index; the slow ones read whole tables, and are
asked seldom. Synthetic people (``state.queries.synthetic``) are counted in none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from state.queries.common import fetch

#: what is counted exactly; more is told as this many
MOST = 100_000


def open_touches(conn: Connection) -> Sequence[Any]:
    """(state, channel, how many, the oldest moment) of what is queued or on its way, ``MOST`` of each at most."""
    sql = f"""
    SELECT state, channel, count(*), min(not_before) FROM (
      SELECT state, channel, not_before FROM touch WHERE state = 'queued' LIMIT {MOST}) AS queued
    GROUP BY state, channel
    UNION ALL
    SELECT state, channel, count(*), min(not_before) FROM (
      SELECT state, channel, not_before FROM touch WHERE state IN ('dispatching', 'in_doubt') LIMIT {MOST}) AS leaving
    GROUP BY state, channel
    """
    return fetch(conn, sql)


def touches(conn: Connection) -> Sequence[Any]:
    """(channel, state, how many), of all there ever were."""
    sql = "SELECT channel, state, count(*) FROM touch WHERE identity_id > 0 GROUP BY channel, state ORDER BY 1, 2"
    return fetch(conn, sql)


def suppressions(conn: Connection) -> Sequence[Any]:
    """(channel, reason, how many people)."""
    sql = """
    SELECT channel, reason, count(DISTINCT identity_id) FROM suppression WHERE identity_id > 0
    GROUP BY channel, reason ORDER BY 1, 2
    """
    return fetch(conn, sql)


def received(conn: Connection) -> Sequence[Any]:
    """(source, kind, state, how many) of what came in from outside."""
    sql = """
    SELECT source, kind, state, count(*) FROM received WHERE coalesce(identity_id, 1) > 0
    GROUP BY source, kind, state ORDER BY 1, 2, 3
    """
    return fetch(conn, sql)
