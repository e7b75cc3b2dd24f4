"""Campaign versions as people entered them."""

from __future__ import annotations

import orjson
from sqlalchemy import Connection

from state.queries.common import as_json, execute, fetch


def put(conn: Connection, campaign: str, version: str, files: dict[str, str], now: int) -> None:
    """Record a version once; what is recorded is never changed."""
    sql = """
    INSERT INTO campaign_version (campaign, version, files, recorded_at) VALUES (:campaign, :version, :files, :now)
    ON CONFLICT (campaign, version) DO NOTHING
    """
    values = {"campaign": campaign, "version": version, "files": orjson.dumps(files).decode(), "now": now}
    execute(conn, sql, values)


def files(conn: Connection, campaign: str, version: str) -> dict[str, str] | None:
    """The files of a version by their path, or None."""
    sql = "SELECT files FROM campaign_version WHERE campaign = :campaign AND version = :version"
    rows = fetch(conn, sql, campaign=campaign, version=version)
    return as_json(rows[0][0]) if rows else None


def live(conn: Connection) -> list[tuple[str, str]]:
    """(campaign, version) of every version recorded, newest first.

    Versions are few and enrolments many, so this does not ask which of them somebody is still on.
    """
    sql = "SELECT campaign, version FROM campaign_version ORDER BY recorded_at DESC, campaign, version"
    return [(r[0], r[1]) for r in fetch(conn, sql)]
