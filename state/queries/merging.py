"""Moving everything one identity has to another, for many pairs at once.

A pair is (loser, survivor); in one call no survivor occurs twice, and no identity is on both sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Connection

from state.queries.common import execute, fetch, fetch_dicts, write

Pair = tuple[int, int]

_PAIRS = {
    "postgresql": "SELECT * FROM unnest(CAST(:losers AS bigint[]), CAST(:survivors AS bigint[]))"
    " AS p (loser, survivor)",
    "sqlite": "SELECT l.value AS loser, s.value AS survivor"
    " FROM json_each(:losers) AS l JOIN json_each(:survivors) AS s ON s.key = l.key",
}

#: tables whose rows simply follow the identity
_FOLLOW = ("contact", "identifier", "consent", "note", "event", "received", "notice")
#: tables whose key has a round of a campaign in it
_ROUNDS = ("decision", "touch", "message", "task", "letter", "enrolment")


def _run(conn: Connection, sql: str, pairs: Sequence[Pair]) -> Sequence[Any]:
    losers, survivors = [p[0] for p in pairs], [p[1] for p in pairs]
    as_lists = conn.dialect.name == "postgresql"
    params = {
        "losers": losers if as_lists else orjson.dumps(losers).decode(),
        "survivors": survivors if as_lists else orjson.dumps(survivors).decode(),
    }
    result = execute(conn, sql.replace("{pairs}", f"({_PAIRS[conn.dialect.name]})"), params)
    return result.all() if result.returns_rows else ()


def _follow(table: str) -> str:
    return f"UPDATE {table} SET identity_id = m.survivor FROM {{pairs}} AS m WHERE identity_id = m.loser"


def move_facts(conn: Connection, pairs: Sequence[Pair]) -> None:
    """Rows, identifiers, consents, notes and events follow; suppressions become the union of both, and of what they
    chose for themselves the quieter half holds."""
    for table in _FOLLOW:
        _run(conn, _follow(table), pairs)
    _move_preferences(conn, pairs)
    sql = """
    INSERT INTO suppression (identity_id, channel, reason, at, source, note)
    SELECT m.survivor, s.channel, s.reason, s.at, s.source, s.note
    FROM suppression s JOIN {pairs} AS m ON s.identity_id = m.loser WHERE true
    ON CONFLICT (identity_id, channel, reason, source) DO NOTHING
    """
    _run(conn, sql, pairs)
    _run(conn, "DELETE FROM suppression WHERE identity_id IN (SELECT loser FROM {pairs} AS m)", pairs)


def _move_preferences(conn: Connection, pairs: Sequence[Pair]) -> None:
    later, longer = (_greater(name) for name in ("paused_until", "at_most_every"))
    sql = f"""
    INSERT INTO preference (identity_id, paused_until, at_most_every, updated_at, source)
    SELECT m.survivor, p.paused_until, p.at_most_every, p.updated_at, p.source
    FROM preference p JOIN {{pairs}} AS m ON p.identity_id = m.loser WHERE true
    ON CONFLICT (identity_id) DO UPDATE SET paused_until = {later}, at_most_every = {longer},
      updated_at = CASE WHEN excluded.updated_at > preference.updated_at THEN excluded.updated_at
                        ELSE preference.updated_at END
    """
    _run(conn, sql, pairs)
    _run(conn, "DELETE FROM preference WHERE identity_id IN (SELECT loser FROM {pairs} AS m)", pairs)


def _greater(name: str) -> str:
    """The greater of both; the one that is there, where only one is."""
    return f"""CASE WHEN preference.{name} IS NULL OR excluded.{name} > preference.{name} THEN excluded.{name}
                    ELSE preference.{name} END"""


def rival_rounds(conn: Connection, pairs: Sequence[Pair]) -> list[dict[str, Any]]:
    """Live enrolments of losers that the survivor's own live one of the same group leaves no place for."""
    sql = """
    SELECT e.identity_id, e.campaign, e.cycle, e.version, e.step
    FROM enrolment e JOIN {pairs} AS m ON e.identity_id = m.loser
    JOIN enrolment o ON o.identity_id = m.survivor AND o.exclusivity_group = e.exclusivity_group
    WHERE e.state <> 'ended' AND o.state <> 'ended'
    ORDER BY e.identity_id, e.campaign, e.cycle
    """
    return [row._asdict() for row in _run(conn, sql, pairs)]


def live_rounds(conn: Connection, identity_id: int) -> list[dict[str, Any]]:
    """The live enrolments of an identity."""
    sql = """
    SELECT identity_id, campaign, cycle, version, step FROM enrolment
    WHERE identity_id = :id AND state <> 'ended' ORDER BY campaign, cycle
    """
    return fetch_dicts(conn, sql, id=identity_id)


def move_rounds(conn: Connection, pairs: Sequence[Pair]) -> None:
    """Enrolments, touches, messages, tasks and ledger follow. Where both were on a campaign, the loser's
    rounds are numbered after the survivor's."""
    sql = """
    SELECT m.loser, m.survivor, o.campaign, max(o.cycle) + 1 AS behind
    FROM {pairs} AS m JOIN enrolment o ON o.identity_id = m.survivor
    JOIN enrolment e ON e.identity_id = m.loser AND e.campaign = o.campaign
    GROUP BY m.loser, m.survivor, o.campaign
    """
    both = [row._asdict() for row in _run(conn, sql, pairs)]
    for table in _ROUNDS:
        renumber = f"""
        UPDATE {table} SET identity_id = :survivor, cycle = cycle + :behind
        WHERE identity_id = :loser AND campaign = :campaign
        """
        write(conn, renumber, both)
        _run(conn, _follow(table), pairs)


def forget(conn: Connection, identity_id: int) -> None:
    """Blank what facts and messages tell about a person; that they happened stays."""
    for sql in (
        "UPDATE event SET data = '{}' WHERE identity_id = :id",
        "UPDATE note SET text = NULL WHERE identity_id = :id",
        "UPDATE suppression SET note = NULL WHERE identity_id = :id",
        # they name the number it was said from; that the person was erased binds them on all channels
        "DELETE FROM suppression WHERE identity_id = :id AND source LIKE 'event:channel:%:%'",
        "UPDATE task SET title = '', body = '', comment = NULL WHERE identity_id = :id",
        "UPDATE contact SET email_key = NULL, phone = NULL, company_domain = NULL, row_hash = ''"
        " WHERE identity_id = :id",
        "DELETE FROM identifier WHERE identity_id = :id",
        "UPDATE received SET raw = '', said = NULL, state = CASE WHEN state = 'open' THEN 'ignored' ELSE state END"
        " WHERE identity_id = :id",
        "UPDATE notice SET address = '', state = CASE WHEN state = 'queued' THEN 'expired' ELSE state END"
        " WHERE identity_id = :id",
        "DELETE FROM preference WHERE identity_id = :id",
        # also of what is on its way out this moment: who sends it has it in memory
        "DELETE FROM message WHERE identity_id = :id",
    ):
        execute(conn, sql, {"id": identity_id})


def close_tasks(conn: Connection, identity_id: int, now: int) -> None:
    """Nobody is to work on this person any more."""
    sql = """
    UPDATE task SET state = 'declined', disposition = 'erased', closed_at = :now
    WHERE identity_id = :id AND state = 'open'
    """
    execute(conn, sql, {"id": identity_id, "now": now})


def drop_contacts_named(conn: Connection, identity_id: int, names: Sequence[str]) -> None:
    """Remove rows whose own key is one of the person's addresses."""
    rows = [{"id": identity_id, "name": name} for name in names]
    write(conn, "DELETE FROM contact WHERE identity_id = :id AND lower(source_key) = :name", rows)


def person_exists(conn: Connection, identity_id: int) -> bool:
    """True for an identity the store knows, erased ones included."""
    return bool(fetch(conn, "SELECT 1 FROM person WHERE identity_id = :id", id=identity_id))
