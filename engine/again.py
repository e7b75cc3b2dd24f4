"""Doubts that may be sent once more: where the same ref twice reaches the person once, as the adapter says of itself.

It is no blind second send. The other side tells the second from a new message by our ref, every gate is asked again,
and only its being taken settles the doubt: what is refused or put off now may still have arrived before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from channels.base import Message, MessageError
from engine import breaker, rates
from engine.backlog import backlog_hold
from engine.claim import clearance_of, receipt_of
from engine.delivery import deliver
from engine.flow import TouchMove, TouchState, move_touch
from engine.gather import enrolment_fact, gather
from engine.model import DAY
from engine.outcomes import Receipt
from state.queries import outbox

if TYPE_CHECKING:
    from engine.app import App

#: seconds for which the other side is trusted to know a ref again
KNOWN_FOR = DAY
#: seconds between two tries of the same doubt
_AGAIN_AFTER = 600
_BATCH = 25

Row = Mapping[str, Any]


def send_again(app: App, doubts: Sequence[Row], now: int, tally: Counter[str]) -> None:
    """Send once more what of these touches in doubt may be, batch by batch, for at most ``app.turn_seconds``.

    As for every message: none of a campaign that does not run, and none while a backlog is held.
    """
    over = app.monotonic() + app.turn_seconds
    by_channel: dict[str, list[Row]] = {}
    for row in _open(app, [row for row in doubts if _may(app, row, now)], now):
        by_channel.setdefault(row["channel"], []).append(row)
    for channel, rows in by_channel.items():
        batches = (rows[n : n + _BATCH] for n in range(0, len(rows), _BATCH))
        while not app.stopping and app.monotonic() < over and (batch := next(batches, None)):
            if not _batch(app, channel, batch, app.moment(now), tally):
                break


def _may(app: App, row: Row, now: int) -> bool:
    adapter = app.channels.get(row["channel"])
    if adapter is None or not adapter.capabilities.idempotent or adapter.capabilities.lookup:
        return False
    asked = app.doubts_asked.get(row["ref"], 0)
    return row["state"] == TouchState.IN_DOUBT and now >= asked and now < row["counted_at"] + KNOWN_FOR


def _open(app: App, rows: Sequence[Row], now: int) -> list[Row]:
    """Those of them whose campaigns run; none while decisions are held."""
    if not rows:
        return []
    with app.store.begin() as conn:
        running = app.running(conn)
        held = backlog_hold(conn, running, now) is not None
    return [] if held else [row for row in rows if row["campaign"] in running]


def _batch(app: App, channel: str, rows: Sequence[Row], now: int, tally: Counter[str]) -> bool:
    """One batch of one channel. False where its breaker or its rate lets no more go now."""
    declared = app.environment.channels.get(channel)
    began = app.monotonic() if declared and declared.rates and app.real_time else None
    with app.store.begin() as conn:
        # people before breaker and bucket, as whoever settles takes them
        ids = {row["identity_id"] for row in rows}
        outbox.lock_people(conn, ids)
        admitted = breaker.admit(conn, channel, now)
        wanted = min(len(rows), len(rows) if admitted is None else admitted)
        share = rates.draw(conn, declared, app.milliseconds(conn, now), max(1, wanted), app.worker_id,
                           coarse=not app.real_time)  # fmt: skip
        share.began = began
        asked = rows[: min(wanted, share.count)]
        receipts = _receipts(app, conn, asked, ids, now) if asked else []
        share.keep(conn, len(receipts))
        if admitted and not receipts:
            breaker.untried(conn, channel, now)
    for row in asked:
        app.doubts_asked[row["ref"]] = now + _AGAIN_AFTER
    probe = channel if admitted else None
    deliver(app, receipts, now, tally, share if receipts else None, probe=probe)
    return len(asked) == len(rows)


def _receipts(app: App, conn: Connection, doubts: Sequence[Row], ids: Set[int], now: int) -> list[Receipt]:
    """The receipts of those that every gate lets leave. ``ids``: who is locked."""
    # read again under the lock: an event, a person or a merge may have been quicker
    rows = outbox.of_refs(conn, [row["ref"] for row in doubts], TouchState.IN_DOUBT.value)
    running = app.running(conn)
    rows = [
        row
        for row in rows
        if row["identity_id"] in ids and row["campaign"] in running and row["payload"] is not None
    ]
    scope = app.scope(conn, {(row["campaign"], row["version"]) for row in rows})
    people = gather(conn, scope, ids, now)
    found = []
    for row in rows:
        facts = people[row["identity_id"]]
        enrolment = enrolment_fact({**row, "step": row["next_step"]}, facts, {})
        clearance = clearance_of(app, conn, row, enrolment, facts, now)
        try:
            message = Message.from_json(row["payload"])
        except MessageError:
            continue
        if clearance.move is TouchMove.DISPATCH:
            move_touch(TouchState.IN_DOUBT, TouchMove.DISPATCH)
            receipt = receipt_of(app, row, enrolment, facts, message, clearance)
            found.append(receipt._replace(since=row["counted_at"], again=True))
    outbox.put_second_receipts(conn, [{"ref": r.ref, "worker": app.worker_id} for r in found])
    return found
