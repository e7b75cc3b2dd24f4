"""Writing decisions down: transition, touch, message, ledger and tasks of a batch, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import Connection

from state.ids import next_ids
from state.queries import letters
from state.queries.bulk import BulkInsert
from state.queries.common import Row, fetch_dicts, insert_sql, many, write

_MOVE = """
UPDATE enrolment SET state = :state, reason = :reason, step = :step, resume_at = :resume_at, due_at = :resume_at,
       shift = coalesce(CAST(:shift AS BIGINT), shift), ended_at = :ended_at
WHERE identity_id = :identity_id AND campaign = :campaign AND cycle = :cycle AND state <> 'ended'
"""

_TOUCH_COLUMNS = (
    "identity_id", "campaign", "cycle", "step", "ref", "state", "reason", "channel", "template", "variant", "offer",
    "offer_expires_at", "priority", "planned_at", "expires_at", "not_before", "decided_at", "counted_at",
    "attempts", "worker", "finished_at",
)  # fmt: skip

# Only a postponed touch may be decided again: whatever else is there is never written over. Its ref is new too,
# because a merge may have given the touch another key since, and nothing has left under the old one.
_TOUCH = BulkInsert(
    "touch",
    _TOUCH_COLUMNS,
    "ON CONFLICT (identity_id, campaign, cycle, step) DO UPDATE SET "
    + ", ".join(f"{c} = excluded.{c}" for c in _TOUCH_COLUMNS[4:])
    + " WHERE touch.state = 'held'",
)

_MESSAGE_COLUMNS = ("identity_id", "campaign", "cycle", "step", "payload")
_MESSAGE = BulkInsert("message", _MESSAGE_COLUMNS, "")

_LEDGER_COLUMNS = (
    "identity_id", "id", "at", "campaign", "cycle", "step", "action", "rule", "version", "reasons",
)  # fmt: skip
_LEDGER = BulkInsert("decision", _LEDGER_COLUMNS, "")

_ENROL = insert_sql(
    "enrolment",
    ("identity_id", "campaign", "cycle", "version", "exclusivity_group", "segment", "cohort", "track", "state", "step",
     "entered_at", "shift", "resume_at", "due_at", "trigger_event_id"),
    "ON CONFLICT DO NOTHING",
).replace(":cycle", """(SELECT coalesce(max(cycle), 0) + 1 FROM enrolment
  WHERE identity_id = :identity_id AND campaign = :campaign)""")  # fmt: skip

_TASK = insert_sql(
    "task",
    (
        "identity_id",
        "campaign",
        "cycle",
        "step",
        "ref",
        "kind",
        "owner",
        "title",
        "body",
        "state",
        "created_at",
        "due_at",
        "channel",
    ),
    "ON CONFLICT DO NOTHING",
)

_WAITING = """
SELECT t.identity_id, t.campaign, t.cycle, t.step, e.version FROM touch t JOIN enrolment e
  ON e.identity_id = t.identity_id AND e.campaign = t.campaign AND e.cycle = t.cycle
WHERE t.identity_id IN :ids AND t.state IN ('held', 'queued')
ORDER BY t.identity_id, t.campaign, t.cycle, t.step
"""

_CANCEL = """
UPDATE touch SET state = 'cancelled', reason = :rule, finished_at = :at
WHERE identity_id = :identity_id AND campaign = :campaign AND cycle = :cycle AND step = :step
  AND state IN ('held', 'queued')
"""

# Nobody is to be called or written to for a round that came to such an end; a call back is what they asked for.
_CLOSE_TASKS = """
UPDATE task SET state = 'declined', disposition = 'overtaken', closed_at = :now
WHERE identity_id = :identity_id AND campaign = :campaign AND cycle = :cycle AND state = 'open'
  AND (kind = 'review' OR (kind IN ('linkedin', 'phone', 'letter')
    AND :reason IN ('opted_out', 'suppressed', 'won_back', 'withdrawn', 'handed_over')))
"""


def move_enrolments(conn: Connection, rows: Sequence[Row]) -> None:
    """New state, step and next moment. An ended enrolment is never touched again."""
    write(conn, _MOVE, rows)


def put_touches(conn: Connection, rows: Sequence[Row]) -> None:
    """New touches, or new verdicts on postponed ones."""
    _TOUCH(conn, list(map(itemgetter(*_TOUCH_COLUMNS), rows)))


def put_messages(conn: Connection, rows: Sequence[Row]) -> None:
    """Rendered messages of queued touches."""
    _MESSAGE(conn, list(map(itemgetter(*_MESSAGE_COLUMNS), rows)))


def put_ledger(conn: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Ledger rows, numbered here in the order given."""
    for row, number in zip(rows, next_ids(len(rows)), strict=True):
        row["id"] = number
    _LEDGER(conn, list(map(itemgetter(*_LEDGER_COLUMNS), rows)))


def put_enrolments(conn: Connection, rows: Sequence[Row]) -> None:
    """New rounds, each numbered after the last of its person and campaign: a merge may have put others behind the
    one that ends. One that would be a second live enrolment of its group is left out."""
    write(conn, _ENROL, rows)


def put_tasks(conn: Connection, rows: Sequence[Row]) -> None:
    """New human tasks, each once. ``channel``: what the reply came by that one is about, if it is about one."""
    write(conn, _TASK, [{"channel": None, **row} for row in rows])


def cancel_open(conn: Connection, rows: Sequence[Row]) -> None:
    """Cancel what ended rounds had postponed or queued, each touch with a ledger row, and close the tasks that
    are no longer to be done.

    A row has identity_id, campaign and cycle of the round, the reason it ended for, now, and if there is more to
    say ``reasons``, JSON for the ledger. The people are locked.
    """
    if not rows:
        return
    ended = {(r["identity_id"], r["campaign"], r["cycle"]): r for r in rows}
    waiting = fetch_dicts(conn, _WAITING, ids=many(conn, {r["identity_id"] for r in rows}))
    cancelled = [
        _cancelled(touch, round_)
        for touch in waiting
        if (round_ := ended.get((touch["identity_id"], touch["campaign"], touch["cycle"])))
    ]
    write(conn, _CANCEL, cancelled)
    put_ledger(conn, cancelled)
    write(conn, _CLOSE_TASKS, rows)
    letters.refuse_closed(conn, {r["identity_id"] for r in rows})


def _cancelled(touch: Row, round_: Row) -> dict[str, Any]:
    rule = round_["reason"]
    reasons = round_.get("reasons")
    if reasons is None:
        verdict = {"rule": rule, "says": "exit", "because": "its round ended before it left"}
        reasons = orjson.dumps([verdict]).decode()
    return {**touch, "at": round_["now"], "action": "cancel", "rule": rule, "reasons": reasons}
