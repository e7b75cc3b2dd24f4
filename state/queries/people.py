"""Who a row or a name belongs to: look-ups for imports and events, a batch at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from state.queries.common import execute, fetch, many

_IMPORT_LOCK = 0x72656B696D706F72


def lock_imports(conn: Connection) -> None:
    """One batch of one import at a time decides who is who. SQLite has one writer anyway."""
    if conn.dialect.name == "postgresql":
        execute(conn, "SELECT pg_advisory_xact_lock(:key)", {"key": _IMPORT_LOCK})


def fresh_identities(conn: Connection, count: int) -> list[int]:
    """Ids for up to ``count`` new people, rising, larger than any in use. What is not taken leaves a gap."""
    if count == 0:
        return []
    if conn.dialect.name == "postgresql":
        # one jump instead of a draw for each; ``lock_imports`` keeps other imports from jumping at once
        sequence = "pg_get_serial_sequence('person', 'identity_id')"
        jump = f"SELECT setval({sequence}, nextval({sequence}) + :more)"
        last = int(fetch(conn, jump, more=count - 1)[0][0])
        return list(range(last - count + 1, last + 1))
    first = int(fetch(conn, "SELECT coalesce(max(identity_id), 0) FROM person")[0][0]) + 1
    return list(range(first, first + count))


def contacts(conn: Connection, source: str, keys: Collection[str]) -> dict[str, tuple[int, str]]:
    """(identity, row hash) of a source's rows, by source key."""
    sql = """
    SELECT source_key, identity_id, row_hash FROM contact
    WHERE source = :source AND source_key IN :names
    """
    return {r[0]: (r[1], r[2]) for r in fetch(conn, sql, source=source, names=many(conn, keys))}


def identities_of(conn: Connection, kind: str, values: Collection[str]) -> dict[str, int]:
    """The identity that an identifier names, by its value."""
    if not values:
        return {}
    sql = "SELECT value, identity_id FROM identifier WHERE kind = :kind AND value IN :names"
    return {r[0]: r[1] for r in fetch(conn, sql, kind=kind, names=many(conn, values))}


def erased_addresses(conn: Connection, addresses: Collection[str]) -> set[str]:
    """Those of the addresses whose owner asked to be forgotten."""
    if not addresses:
        return set()
    sql = "SELECT address FROM address_suppression WHERE reason = 'erased' AND address IN :names"
    return {r[0] for r in fetch(conn, sql, names=many(conn, addresses))}


def erased_identities(conn: Connection, ids: Collection[int]) -> set[int]:
    """Those of the identities that were erased."""
    sql = "SELECT identity_id FROM person WHERE deleted_at IS NOT NULL AND identity_id IN :ids"
    return {r[0] for r in fetch(conn, sql, ids=many(conn, ids))}


def addresses_of(conn: Connection, ids: Collection[int]) -> Sequence[Any]:
    """(identity_id, email_key, phone) of every row and of the merged picture: all we ever knew them by."""
    sql = """
    SELECT identity_id, email_key, phone FROM person WHERE identity_id IN :ids
    UNION SELECT identity_id, email_key, phone FROM contact WHERE identity_id IN :ids
    """
    return fetch(conn, sql, ids=many(conn, ids))


def open_notes(conn: Connection, source: str, ids: Collection[int]) -> Sequence[Any]:
    """(identity_id, id, key, opened_at) of the notes a source opened and did not close."""
    sql = """
    SELECT identity_id, id, key, opened_at FROM note
    WHERE identity_id IN :ids AND source = :source AND closed_at IS NULL
    """
    return fetch(conn, sql, source=source, ids=many(conn, ids))


def being_written_to(conn: Connection, ids: Collection[int]) -> set[int]:
    """Identities with a message on its way out this moment."""
    sql = "SELECT DISTINCT identity_id FROM touch WHERE identity_id IN :ids AND state = 'dispatching'"
    return {r[0] for r in fetch(conn, sql, ids=many(conn, ids))}


def by_source_key(conn: Connection, keys: Collection[str]) -> dict[str, int]:
    """The identity a source's own key names, in whatever source; a key of several people names none."""
    if not keys:
        return {}
    sql = """
    SELECT source_key, min(identity_id) FROM contact WHERE source_key IN :names
    GROUP BY source_key HAVING min(identity_id) = max(identity_id)
    """
    return {r[0]: r[1] for r in fetch(conn, sql, names=many(conn, keys))}


def holders_of(conn: Connection, keys: Collection[str]) -> dict[str, set[int]]:
    """Everybody whom each of these keys names, in any source."""
    found: dict[str, set[int]] = {}
    if keys:
        sql = "SELECT DISTINCT source_key, identity_id FROM contact WHERE source_key IN :names"
        for key, identity in fetch(conn, sql, names=many(conn, keys)):
            found.setdefault(key, set()).add(identity)
    return found


def living(conn: Connection, ids: Collection[int]) -> dict[int, int]:
    """Who an identity is now: itself, or whom it was merged into; erased and unknown ones are absent."""
    sql = "SELECT identity_id, merged_into FROM person WHERE identity_id IN :ids AND deleted_at IS NULL"
    step: dict[int, int | None] = {}
    asked = set(ids)
    while asked:
        rows = fetch(conn, sql, ids=many(conn, asked))
        step |= {r[0]: r[1] for r in rows}
        asked = {r[1] for r in rows if r[1] is not None} - step.keys()
    return _followed(ids, step)


def _followed(ids: Collection[int], step: Mapping[int, int | None]) -> dict[int, int]:
    """Who each is now. ``step``: of the living and the merged, whom they were merged into."""
    found: dict[int, int] = {}
    for identity in ids:
        now = identity
        while (became := step.get(now)) is not None:
            now = became
        if now in step:
            found[identity] = now
    return found


def lock_living(conn: Connection, ids: Collection[int]) -> dict[int, int]:
    """Lock these people, erased ones too, and say who each is now, as ``living`` does: nobody is merged or erased from
    here on.

    Whoever was merged away while we waited is not the one to lock. The locks are then let go before the right
    ones are asked for, because locks are taken in one order only.
    """
    if conn.dialect.name != "postgresql" or not ids:
        return living(conn, ids)
    wanted = set(ids)
    while True:
        savepoint = conn.begin_nested()
        rows = _lock(conn, wanted)
        if all(row[1] is None or row[1] in wanted for row in rows):
            savepoint.commit()
            return _followed(ids, {row[0]: row[1] for row in rows if row[2] is None})
        savepoint.rollback()
        wanted |= {row[1] for row in rows if row[1] is not None}


def _lock(conn: Connection, ids: Collection[int]) -> Sequence[Any]:
    """(identity_id, merged_into, deleted_at) as they are now that the locks are had."""
    sql = """
    SELECT identity_id, merged_into, deleted_at FROM person WHERE identity_id IN :ids ORDER BY identity_id FOR UPDATE
    """
    return fetch(conn, sql, ids=many(conn, ids))


def suspects(conn: Connection, limit: int) -> Sequence[Any]:
    """(phone, identity_id, email_key, company_domain): people who share a phone and are not one identity, and
    people one phone and company made one although their e-mail addresses differ. By phone, then identity."""
    sql = """
    SELECT DISTINCT c.phone, c.identity_id, c.email_key, c.company_domain FROM contact c
    WHERE c.phone IN (
      SELECT phone FROM contact WHERE phone IS NOT NULL
      GROUP BY phone HAVING count(DISTINCT identity_id) > 1 OR count(DISTINCT email_key) > 1
      ORDER BY phone LIMIT :limit
    )
    ORDER BY 1, 2, 3
    """
    return fetch(conn, sql, limit=limit)
