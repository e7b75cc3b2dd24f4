"""Human tasks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection

from state.queries.common import Row, execute, fetch, fetch_dicts, many, write
from state.queries.record import put_tasks

_PERSON = "p.first_name, p.last_name, p.company, p.email, p.phone, p.linkedin, p.timezone"

#: of a task ``t``: its person is not to be written to at all, or not on the channel it is for
_REFUSED = """
EXISTS (SELECT 1 FROM suppression s
  WHERE s.identity_id = t.identity_id AND s.channel IN ('all', t.kind))
"""


_CLOSE = """
UPDATE task SET state = :state, disposition = :disposition, comment = :comment, closed_at = :closed_at
WHERE ref = :ref AND state = 'open'
"""
_MOVE = """
UPDATE task SET kind = :kind, disposition = :disposition, comment = :comment, due_at = :due_at
WHERE ref = :ref AND state = 'open'
"""


def touch_key(conn: Connection, ref: str) -> dict[str, Any] | None:
    """identity_id, campaign, cycle and step of the touch with that ref, or None."""
    rows = fetch_dicts(conn, "SELECT identity_id, campaign, cycle, step FROM touch WHERE ref = :ref", ref=ref)
    return rows[0] if rows else None


def put(conn: Connection, task: dict[str, Any]) -> None:
    """Open a task; nothing happens when it is there."""
    put_tasks(conn, [{"state": "open", **task}])


def by_ref(conn: Connection, ref: str) -> dict[str, Any] | None:
    """The task of that ref, or None."""
    rows = fetch_dicts(conn, "SELECT * FROM task WHERE ref = :ref", ref=ref)
    return rows[0] if rows else None


def by_refs(conn: Connection, refs: Collection[str]) -> dict[str, dict[str, Any]]:
    """The tasks of these refs, by ref; those that are not there are absent."""
    rows = fetch_dicts(conn, "SELECT * FROM task WHERE ref IN :names", names=many(conn, refs))
    return {row["ref"]: row for row in rows}


def close_all(conn: Connection, rows: Sequence[Row]) -> None:
    """Close open tasks: ref, state, disposition, comment and closed_at of each. Their people are locked."""
    write(conn, _CLOSE, rows)


def move_all(conn: Connection, rows: Sequence[Row]) -> None:
    """Put open tasks off: ref, kind, disposition, comment and due_at of each. Their people are locked."""
    write(conn, _MOVE, rows)


def beginning(conn: Connection, ref: str) -> list[dict[str, Any]]:
    """Tasks whose ref begins so, with the person's name and addresses, and whether an open one is ``refused``:
    its person has said no. A handful at most."""
    sql = f"""
    SELECT t.*, {_PERSON}, t.state = 'open' AND {_REFUSED} AS refused
    FROM task t JOIN person p ON p.identity_id = t.identity_id
    WHERE substr(t.ref, 1, :length) = :ref ORDER BY t.ref LIMIT 10
    """
    return fetch_dicts(conn, sql, ref=ref, length=len(ref))


def listed(
    conn: Connection, *, state: str | None, owner: str | None, kind: str | None, limit: int
) -> list[dict[str, Any]]:
    """Tasks with the person's name and company, soonest first; None does not narrow. An open one whose person
    has said no is not among them."""
    sql = f"""
    SELECT t.*, {_PERSON} FROM task t JOIN person p ON p.identity_id = t.identity_id
    WHERE (CAST(:state AS TEXT) IS NULL OR t.state = :state)
      AND (CAST(:owner AS TEXT) IS NULL OR t.owner = :owner)
      AND (CAST(:kind AS TEXT) IS NULL OR t.kind = :kind)
      AND NOT (t.state = 'open' AND {_REFUSED})
    ORDER BY t.due_at, t.ref LIMIT :limit
    """
    return fetch_dicts(conn, sql, state=state, owner=owner, kind=kind, limit=limit)


def count(conn: Connection, *, state: str | None) -> int:
    """How many tasks ``listed`` has in that state, for all owners and kinds."""
    sql = f"""
    SELECT count(*) FROM task t WHERE (CAST(:state AS TEXT) IS NULL OR t.state = :state)
      AND NOT (t.state = 'open' AND {_REFUSED})
    """
    return int(fetch(conn, sql, state=state)[0][0])


def kinds(conn: Connection) -> list[str]:
    """Every kind a task has ever had."""
    return [row[0] for row in fetch(conn, "SELECT DISTINCT kind FROM task ORDER BY kind")]


def close(conn: Connection, ref: str, *, state: str, disposition: str, comment: str | None, now: int) -> bool:
    """Close an open task. False when it is not open."""
    sql = """
    UPDATE task SET state = :state, disposition = :disposition, comment = :comment, closed_at = :now
    WHERE ref = :ref AND state = 'open'
    """
    values = {"ref": ref, "state": state, "disposition": disposition, "comment": comment, "now": now}
    return execute(conn, sql, values).rowcount == 1


def close_refused(conn: Connection, ids: Collection[int], now: int) -> None:
    """Close the open tasks of these people that their suppressions forbid: those for a suppressed channel, and
    all of whoever is suppressed on all. The people are locked."""
    sql = f"""
    UPDATE task AS t SET state = 'declined', disposition = 'overtaken', closed_at = :now
    WHERE t.identity_id IN :ids AND t.state = 'open' AND {_REFUSED}
    """
    execute(conn, sql, {"ids": many(conn, ids), "now": now})


def is_refused(conn: Connection, identity_id: int, kind: str) -> bool:
    """Is a task of that kind for this person forbidden by a suppression?"""
    sql = f"""
    SELECT 1 FROM (SELECT CAST(:id AS BIGINT) AS identity_id, CAST(:kind AS TEXT) AS kind) AS t WHERE {_REFUSED}
    """
    return bool(fetch(conn, sql, id=identity_id, kind=kind))


def count_open(conn: Connection) -> int:
    """How many tasks wait for a human."""
    return int(fetch_dicts(conn, "SELECT count(*) AS n FROM task WHERE state = 'open'")[0]["n"])


def last_rounds(conn: Connection, ids: Collection[int]) -> dict[int, tuple[str, int]]:
    """The campaign and cycle that wrote to each of these people last, or has them now; absent: none ever."""
    sql = """
    SELECT identity_id, campaign, cycle, coalesce(counted_at, 0) AS at FROM touch WHERE identity_id IN :ids
    UNION ALL SELECT identity_id, campaign, cycle, 0 FROM enrolment WHERE identity_id IN :ids AND state <> 'ended'
    ORDER BY at, identity_id, campaign, cycle
    """
    return {row[0]: (row[1], row[2]) for row in fetch(conn, sql, ids=many(conn, ids))}
