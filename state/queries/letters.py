"""Letters as documents: kept unsigned, signed once, handed on once, and kept as evidence."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection

from state.queries.common import execute, fetch, fetch_dicts, insert_sql, many

_COLUMNS = (
    "identity_id", "campaign", "cycle", "step", "ref", "signatory", "state", "document", "sha256", "created_at",
)  # fmt: skip
_PUT = insert_sql("letter", _COLUMNS, "ON CONFLICT DO NOTHING")

#: everything but the document, which is large, with what its touch, its task and its person say
_SHOWN = """
SELECT l.identity_id, l.campaign, l.cycle, l.step, l.ref, l.signatory, l.state, l.sha256, l.created_at, l.signed_at,
  l.signed_by, l.carrier, l.handed_at, l.tracking, l.posted_at, l.delivered_at, l.proof_uri, k.owner, k.state AS task,
  k.disposition, k.due_at, t.offer_expires_at, p.first_name, p.last_name, p.company
FROM letter l JOIN person p ON p.identity_id = l.identity_id
LEFT JOIN task k ON k.ref = l.ref LEFT JOIN touch t ON t.ref = l.ref
"""


def put(conn: Connection, letter: dict[str, Any]) -> None:
    """Keep a letter unsigned; nothing happens when it is there."""
    execute(conn, _PUT, {**letter, "state": "unsigned"})


def exists(conn: Connection, ref: str) -> bool:
    """Was a letter ever kept under that ref?"""
    return bool(fetch_dicts(conn, "SELECT 1 AS found FROM letter WHERE ref = :ref", ref=ref))


def beginning(conn: Connection, ref: str) -> list[dict[str, Any]]:
    """Letters whose ref begins so; a handful at most."""
    sql = f"{_SHOWN} WHERE substr(l.ref, 1, :length) = :ref ORDER BY l.ref LIMIT 10"
    return fetch_dicts(conn, sql, ref=ref, length=len(ref))


def listed(conn: Connection, state: str | None, limit: int) -> list[dict[str, Any]]:
    """Letters, the oldest first; None is those with which something is still to be done."""
    wanted = "l.state IN ('unsigned', 'signed', 'posted')" if state is None else "l.state = :state"
    sql = f"{_SHOWN} WHERE {wanted} OR :state = 'all' ORDER BY l.created_at, l.ref LIMIT :limit"
    if state is None:
        sql = sql.replace(" OR :state = 'all'", "")
        return fetch_dicts(conn, sql, limit=limit)
    return fetch_dicts(conn, sql, state=state, limit=limit)


def to_hand_on(conn: Connection, after: tuple[int, str], limit: int) -> list[tuple[int, str]]:
    """(signed_at, ref) of letters that are signed and that nobody has been given yet: those behind ``after``, then the
    others, each the oldest first."""
    sql = """
    SELECT signed_at, ref FROM letter WHERE state = 'signed' AND carrier IS NULL
    ORDER BY CASE WHEN signed_at > :at OR signed_at = :at AND ref > :ref THEN 0 ELSE 1 END, signed_at, ref LIMIT :limit
    """
    return [(row[0], row[1]) for row in fetch(conn, sql, at=after[0], ref=after[1], limit=limit)]


def document(conn: Connection, ref: str) -> bytes | None:
    """The document as it stands; None when there is no such letter, or it was forgotten."""
    rows = fetch_dicts(conn, "SELECT document FROM letter WHERE ref = :ref", ref=ref)
    return bytes(rows[0]["document"]) or None if rows else None


def by_digest(conn: Connection, sha256: str) -> list[dict[str, Any]]:
    """Letters whose document has this digest."""
    return fetch_dicts(conn, f"{_SHOWN} WHERE l.sha256 = :sha256", sha256=sha256)


def payload(conn: Connection, ref: str) -> str | None:
    """The message the letter was made of; None where it was forgotten."""
    sql = """
    SELECT m.payload FROM message m JOIN touch t ON t.identity_id = m.identity_id AND t.campaign = m.campaign
      AND t.cycle = m.cycle AND t.step = m.step
    WHERE t.ref = :ref
    """
    rows = fetch_dicts(conn, sql, ref=ref)
    return rows[0]["payload"] if rows else None


def enrolment(conn: Connection, ref: str) -> dict[str, Any] | None:
    """The round the letter belongs to, as the outbox tells it."""
    sql = "SELECT e.* FROM enrolment e JOIN letter l ON l.identity_id = e.identity_id AND l.campaign = e.campaign"
    rows = fetch_dicts(conn, f"{sql} AND l.cycle = e.cycle WHERE l.ref = :ref", ref=ref)
    return rows[0] if rows else None


def sign(conn: Connection, ref: str, *, document: bytes, sha256: str, signed_by: str, now: int) -> bool:
    """Keep the signed document in the place of the unsigned one. False when it was signed or refused before."""
    sql = """
    UPDATE letter SET state = 'signed', document = :document, sha256 = :sha256, signed_by = :by, signed_at = :now
    WHERE ref = :ref AND state = 'unsigned'
    """
    values = {"ref": ref, "document": document, "sha256": sha256, "by": signed_by, "now": now}
    return execute(conn, sql, values).rowcount == 1


def take(conn: Connection, ref: str, carrier: str, at: int) -> bool:
    """The receipt of handing a signed letter on. False when somebody has it already."""
    sql = """
    UPDATE letter SET carrier = :carrier, handed_at = :at WHERE ref = :ref AND state = 'signed' AND carrier IS NULL
    """
    return execute(conn, sql, {"ref": ref, "carrier": carrier, "at": at}).rowcount == 1


def doubt(conn: Connection, ref: str, taken: int) -> None:
    """Whoever took it then has their answer, and does not know whether it left."""
    sql = "UPDATE letter SET handed_at = NULL WHERE ref = :ref AND state = 'signed' AND handed_at = :taken"
    execute(conn, sql, {"ref": ref, "taken": taken})


def give_back(conn: Connection, ref: str, taken: int | None) -> bool:
    """It certainly did not leave. ``taken``: by that receipt; None: by one that has been answered. False when it is
    not waiting for word of that."""
    sql = f"""
    UPDATE letter SET carrier = NULL, tracking = NULL, handed_at = NULL
    WHERE ref = :ref AND state = 'signed' AND {_BY_RECEIPT}
    """
    return execute(conn, sql, {"ref": ref, "taken": taken}).rowcount == 1


def note(conn: Connection, ref: str, carrier: str, tracking: str, taken: int) -> None:
    """What became of handing it on, short of its being on its way."""
    sql = f"""
    UPDATE letter SET carrier = :carrier, tracking = :tracking, handed_at = NULL
    WHERE ref = :ref AND state = 'signed' AND {_BY_RECEIPT}
    """
    execute(conn, sql, {"ref": ref, "carrier": carrier, "tracking": tracking, "taken": taken})


#: an answer that comes late says nothing of what was handed on again meanwhile
_BY_RECEIPT = "coalesce(handed_at, -1) = coalesce(CAST(:taken AS BIGINT), -1)"


def post(conn: Connection, ref: str, *, carrier: str, tracking: str | None, at: int) -> bool:
    """It is on its way. False when it is not signed, or was on its way before."""
    sql = """
    UPDATE letter SET state = 'posted', carrier = :carrier, tracking = :tracking, posted_at = :at, handed_at = NULL
    WHERE ref = :ref AND signed_at IS NOT NULL AND posted_at IS NULL
    """
    return execute(conn, sql, {"ref": ref, "carrier": carrier, "tracking": tracking, "at": at}).rowcount == 1


def deliver(conn: Connection, ref: str, *, at: int, proof_uri: str | None) -> bool:
    """Its reader has it. False when it is not on its way."""
    sql = """
    UPDATE letter SET state = 'delivered', delivered_at = :at, proof_uri = :proof WHERE ref = :ref AND state = 'posted'
    """
    return execute(conn, sql, {"ref": ref, "at": at, "proof": proof_uri}).rowcount == 1


def refuse(conn: Connection, ref: str) -> None:
    """It is not to leave any more."""
    execute(
        conn,
        "UPDATE letter SET state = 'refused' WHERE ref = :ref AND state IN ('unsigned', 'signed')",
        {"ref": ref},
    )


def refuse_closed(conn: Connection, ids: Collection[int]) -> None:
    """Letters of these people whose task was closed without a signature, or without the post, are not to leave any
    more. One whose e-mail may have left stays in doubt until somebody has found out."""
    if not ids:
        return
    sql = """
    UPDATE letter SET state = 'refused'
    WHERE identity_id IN :ids AND state IN ('unsigned', 'signed') AND carrier IS NULL
      AND ref IN (SELECT k.ref FROM task k WHERE k.identity_id IN :ids
        AND (k.state = 'declined' OR k.state = 'done' AND letter.state = 'unsigned'))
    """
    execute(conn, sql, {"ids": many(conn, ids)})


def finish_task(conn: Connection, ref: str, now: int) -> None:
    """The letter's task is done, if it is still open."""
    sql = """
    UPDATE task SET state = 'done', disposition = 'done', closed_at = :now WHERE ref = :ref AND state = 'open'
    """
    execute(conn, sql, {"ref": ref, "now": now})


def turn_task(conn: Connection, ref: str, *, title: str, due_at: int) -> None:
    """The open task of a letter goes on as another piece of work."""
    sql = "UPDATE task SET title = :title, due_at = :due_at WHERE ref = :ref AND state = 'open'"
    execute(conn, sql, {"ref": ref, "title": title, "due_at": due_at})


def forget(conn: Connection, identity_id: int) -> None:
    """Letters that never left go with their person; of those that did, the document stays as evidence."""
    sql = """
    UPDATE letter SET document = :nothing, state = 'refused'
    WHERE identity_id = :id AND posted_at IS NULL
    """
    execute(conn, sql, {"id": identity_id, "nothing": b""})
