"""Campaign versions as people entered them."""

from __future__ import annotations

import orjson
from sqlalchemy import Connection

from state.queries.common import as_json, execute, fetch


def put(conn: Connection, campaign: str, version: str, files: dict[str, str], now: int) -> None:
    """Record a version; one that runs again is the newest again. Its files never change."""
    sql = """
    INSERT INTO campaign_version (campaign, version, files, recorded_at) VALUES (:campaign, :version, :files, :now)
    ON CONFLICT (campaign, version) DO UPDATE SET recorded_at = excluded.recorded_at
    """
    values = {"campaign": campaign, "version": version, "files": orjson.dumps(files).decode(), "now": now}
    execute(conn, sql, values)


def files(conn: Connection, campaign: str, version: str) -> dict[str, str] | None:
    """The files of a version by their path, or None."""
    sql = "SELECT files FROM campaign_version WHERE campaign = :campaign AND version = :version"
    rows = fetch(conn, sql, campaign=campaign, version=version)
    return as_json(rows[0][0]) if rows else None


def recorded(conn: Connection, campaign: str) -> list[str]:
    """Versions of a campaign, the one that ran last first."""
    sql = "SELECT version FROM campaign_version WHERE campaign = :campaign ORDER BY recorded_at DESC, version"
    return [r[0] for r in fetch(conn, sql, campaign=campaign)]


def live(conn: Connection) -> list[tuple[str, str]]:
    """(campaign, version) of every version on which a round goes on. One look into an index for each version.

    A round may end with its last touch still in the outbox; its version is asked for when that touch is.
    """
    sql = """
    SELECT v.campaign, v.version FROM campaign_version v
    WHERE EXISTS (SELECT 1 FROM enrolment e
                  WHERE e.campaign = v.campaign AND e.version = v.version AND e.state <> 'ended')
    ORDER BY v.campaign, v.version
    """
    return [(r[0], r[1]) for r in fetch(conn, sql)]
