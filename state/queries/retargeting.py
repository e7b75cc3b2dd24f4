"""Who is on which retargeting list, who has to leave it, and what its platform has not been told yet.

A member is ``joining`` until the platform has been told of them, then ``listed``; ``leaving`` until it has been told
that they are off, then ``left``, of whom no hash is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
from sqlalchemy import Connection

from state.queries.common import as_json, execute, fetch, fetch_dicts, many, write
from state.queries.merging import Pair
from state.store import Store

Member = dict[str, Any]

#: a no on any channel is a no to being followed about; the list has their address from there
_REFUSALS = """
FROM suppression AS s WHERE s.identity_id = m.identity_id
  AND (s.channel IN ('all', 'audience') OR s.reason IN ('opt_out', 'complaint'))
"""
_ON = "m.state IN ('joining', 'listed')"
_REVOKED = """
(SELECT c.type FROM consent AS c WHERE c.identity_id = m.identity_id AND c.channel = 'audience'
 ORDER BY c.at DESC, c.id DESC LIMIT 1) = 'revoked'
"""
_BACK = """
(EXISTS (SELECT 1 FROM enrolment AS e WHERE e.identity_id = m.identity_id AND e.state = 'ended'
   AND e.reason = 'won_back' AND e.ended_at >= m.added_at)
 OR EXISTS (SELECT 1 FROM event AS v WHERE v.identity_id = m.identity_id AND v.name IN :names AND v.at >= m.added_at))
"""


def put(conn: Connection, member: Member) -> None:
    """Put somebody on a list, for the first time or again. The person is locked."""
    sql = """
    INSERT INTO audience_member (identity_id, audience, ref, state, hashes, added_at)
    VALUES (:identity_id, :audience, :ref, 'joining', :hashes, :now)
    ON CONFLICT (identity_id, audience) DO UPDATE SET ref = excluded.ref, state = 'joining', hashes = excluded.hashes,
      added_at = excluded.added_at, reason = NULL, removed_at = NULL
    """
    execute(conn, sql, member | {"hashes": _text(member["hashes"])})


def touch_of(conn: Connection, ref: str) -> tuple[int, int | None] | None:
    """(identity, the moment it counts at) of the touch of that ref, or None."""
    rows = fetch(conn, "SELECT identity_id, counted_at FROM touch WHERE ref = :ref", ref=ref)
    return (int(rows[0][0]), rows[0][1]) if rows else None


def by_ref(conn: Connection, ref: str) -> Member | None:
    """The member that this touch put on a list, or None."""
    return _first(fetch_dicts(conn, "SELECT * FROM audience_member WHERE ref = :ref", ref=ref))


def of(conn: Connection, identity_id: int, audience: str) -> Member | None:
    """Somebody's place on a list, or None."""
    sql = "SELECT * FROM audience_member WHERE identity_id = :id AND audience = :audience"
    return _first(fetch_dicts(conn, sql, id=identity_id, audience=audience))


def is_refused(conn: Connection, identity_id: int) -> bool:
    """Has the person said no, in a way that keeps them off every list?"""
    sql = (
        f"SELECT 1 FROM (SELECT CAST(:id AS BIGINT) AS identity_id) AS m WHERE EXISTS (SELECT 1 {_REFUSALS})"
    )
    return bool(fetch(conn, sql, id=identity_id))


# ── leaving ──


def leave_refused(conn: Connection, ids: Collection[int]) -> None:
    """Whoever of these people has said no is to leave every list. The people are locked."""
    sql = f"""
    UPDATE audience_member AS m SET state = 'leaving', reason = (SELECT min(s.reason) {_REFUSALS})
    WHERE m.identity_id IN :ids AND {_ON} AND EXISTS (SELECT 1 {_REFUSALS})
    """
    execute(conn, sql, {"ids": many(conn, ids)})


def slice_after(conn: Connection, after: int, size: int) -> int | None:
    """The last identity of the next ``size`` places on lists after that identity; None: there are none."""
    sql = f"""
    SELECT max(identity_id) FROM (SELECT m.identity_id FROM audience_member AS m
      WHERE m.identity_id > :after AND {_ON} ORDER BY m.identity_id LIMIT :size) AS ahead
    """
    found = fetch(conn, sql, after=after, size=size)[0][0]
    return None if found is None else int(found)


def leave(conn: Connection, after: int, until: int, won_back: Collection[str]) -> int:
    """Members after one identity and up to another who have to leave, by whatever is known of them; how many."""
    names = many(conn, sorted(won_back))
    gone = 0
    for reason, why in (("revoked", _REVOKED), ("won_back", _BACK)):
        sql = f"""
        UPDATE audience_member AS m SET state = 'leaving', reason = '{reason}'
        WHERE m.identity_id > :after AND m.identity_id <= :until AND {_ON} AND {why}
        """
        gone += execute(conn, sql, {"after": after, "until": until, "names": names}).rowcount
    sql = f"""
    UPDATE audience_member AS m SET state = 'leaving', reason = (SELECT min(s.reason) {_REFUSALS})
    WHERE m.identity_id > :after AND m.identity_id <= :until AND {_ON} AND EXISTS (SELECT 1 {_REFUSALS})
    """
    return gone + execute(conn, sql, {"after": after, "until": until}).rowcount


# ── telling the platform ──


@contextmanager
def alone(store: Store, audience: str) -> Iterator[bool]:
    """False while another worker tells of this list: what one says must not overtake what the other does. A SQLite
    database has one worker."""
    if store.dialect != "postgresql":
        yield True
        return
    with store.begin() as conn:
        sql = "SELECT pg_try_advisory_xact_lock(:family, hashtext(:audience))"
        yield bool(fetch(conn, sql, family=_FAMILY, audience=audience)[0][0])


#: our part of the numbers that advisory locks go by
_FAMILY = 0x6C697374


def untold(conn: Connection) -> list[str]:
    """Lists whose platform has not been told everything yet."""
    sql = "SELECT DISTINCT audience FROM audience_member WHERE state IN ('joining', 'leaving') ORDER BY audience"
    return [row[0] for row in fetch(conn, sql)]


def next_untold(conn: Connection, audience: str, limit: int) -> list[Member]:
    """Members of a list of whom the platform is to be told, whoever leaves first."""
    sql = """
    SELECT identity_id, audience, ref, state, hashes, CAST(hashes AS TEXT) AS as_kept FROM audience_member
    WHERE audience = :audience AND state IN ('joining', 'leaving') ORDER BY state DESC, identity_id LIMIT :limit
    """
    return [_read(row) for row in fetch_dicts(conn, sql, audience=audience, limit=limit)]


def told(conn: Connection, members: Sequence[Member], now: int) -> None:
    """The platform knows of these as ``next_untold`` gave them; whoever has turned round meanwhile, or got more
    addresses by a merge, is told of again."""
    same = """identity_id = :identity_id AND audience = :audience AND ref = :ref AND state = :state
              AND CAST(hashes AS TEXT) = :as_kept"""
    joined = [m for m in members if m["state"] == "joining"]
    gone = [m for m in members if m["state"] == "leaving"]
    write(conn, f"UPDATE audience_member SET state = 'listed' WHERE {same}", [_key(m) for m in joined])
    sql = f"UPDATE audience_member SET state = 'left', hashes = '[]', removed_at = :now WHERE {same}"
    write(conn, sql, [{**_key(m), "now": now} for m in gone])


def counts(conn: Connection) -> list[dict[str, Any]]:
    """Each list with how many are on it, and of how many its platform is yet to be told."""
    sql = """
    SELECT audience, sum(CASE WHEN state = 'listed' THEN 1 ELSE 0 END) AS listed,
      sum(CASE WHEN state = 'joining' THEN 1 ELSE 0 END) AS joining,
      sum(CASE WHEN state = 'leaving' THEN 1 ELSE 0 END) AS leaving,
      sum(CASE WHEN state = 'left' THEN 1 ELSE 0 END) AS has_left
    FROM audience_member GROUP BY audience ORDER BY audience
    """
    return fetch_dicts(conn, sql)


def on_list(conn: Connection, audience: str) -> list[list[str]]:
    """The hashes of everybody who is on a list or about to be."""
    sql = f"SELECT m.hashes FROM audience_member AS m WHERE m.audience = :audience AND {_ON} ORDER BY m.identity_id"
    return [as_json(row[0]) for row in fetch(conn, sql, audience=audience)]


# ── merging ──


def follow(conn: Connection, pairs: Sequence[Pair]) -> None:
    """Places on lists follow to the surviving identity: two on one list become one, with the addresses of both."""
    owner = dict(pairs)
    ids = many(conn, {i for pair in pairs for i in pair})
    rows = fetch_dicts(conn, "SELECT * FROM audience_member WHERE identity_id IN :ids", ids=ids)
    if not any(row["identity_id"] in owner for row in rows):
        return
    execute(conn, "DELETE FROM audience_member WHERE identity_id IN :ids", {"ids": ids})
    joined: dict[tuple[int, str], Member] = {}
    for row in map(_read, sorted(rows, key=lambda row: int(row["added_at"]))):
        row["identity_id"] = owner.get(row["identity_id"], row["identity_id"])
        key = row["identity_id"], row["audience"]
        joined[key] = _both(joined[key], row) if key in joined else row
    sql = """
    INSERT INTO audience_member (identity_id, audience, ref, state, reason, hashes, added_at, removed_at)
    VALUES (:identity_id, :audience, :ref, :state, :reason, :hashes, :added_at, :removed_at)
    """
    write(conn, sql, [{**member, "hashes": _text(member["hashes"])} for member in joined.values()])


#: of two places on one list, the state that counts
_WEIGHT = {"left": 0, "listed": 1, "joining": 2, "leaving": 3}


def _both(older: Member, newer: Member) -> Member:
    first, second = sorted((older, newer), key=lambda m: _WEIGHT[m["state"]])
    return {**newer, "state": second["state"], "reason": second["reason"], "removed_at": second["removed_at"],
            "hashes": list(dict.fromkeys([*first["hashes"], *second["hashes"]]))}  # fmt: skip


def _key(member: Member) -> dict[str, Any]:
    return {name: member[name] for name in ("identity_id", "audience", "ref", "state", "as_kept")}


def _read(row: Member) -> Member:
    return {**row, "hashes": as_json(row["hashes"])}


def _first(rows: Sequence[Member]) -> Member | None:
    return _read(rows[0]) if rows else None


def _text(hashes: Sequence[str]) -> str:
    return orjson.dumps(list(hashes)).decode()
