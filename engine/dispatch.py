"""Dispatch: the outbox is claimed channel by channel, judged once more, and handed over with its receipt.

The receipt (queued -> dispatching, under this worker's name) is committed before the channel is called, and
every gate is asked once more in that same transaction. ``delivery`` does the call and commits the outcome;
``doubts`` finds receipts that never got one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from channels.base import Accepted, Adapter, Message, MessageError, Rejected
from engine.clearance import Clearance, clear
from engine.delivery import Receipt, deliver
from engine.facts import EnrolmentFact, Facts, slot_of
from engine.flow import TouchMove, TouchState, move_touch
from engine.gates.address import address_of
from engine.gather import addresses_of, enrolment_fact, gather
from engine.ledger import ledger_row
from engine.model import HOUR
from engine.rates import draw, give_back
from engine.verdict import Says, Verdict, to_json
from engine.workload import Desk
from state.queries import outbox, record

if TYPE_CHECKING:
    from engine.app import App

#: how many receipts are open at a time: a crash leaves at most so many in doubt. An adapter that can look up
#: what it accepted settles its doubts by itself, so it may have more.
BATCH_WITH_LOOKUP = 500
BATCH_WITHOUT = 25

#: channels whose address is a field of the person: a message goes to the one on record when it leaves
_FIELD_CHANNELS = frozenset({"email", "sms", "phone", "linkedin", "in_app", "push"})


def dispatch(app: App, now: int) -> Counter[str]:
    """Send what may leave at ``now``, channel by channel. Returns how many of each outcome.

    A channel that fails does not keep the others from sending. Works for at most ``app.turn_seconds``.
    """
    tally: Counter[str] = Counter()
    over = app.monotonic() + app.turn_seconds
    with app.store.read() as conn:
        campaigns = app.running(conn)
        channels = outbox.channels_with_work(conn, app.moment(now), campaigns) if campaigns else []
    for channel in channels:
        adapter = app.channels.get(channel)
        if adapter is None:
            app.log.error("channel_without_adapter", channel=channel)
            continue
        while not app.stopping and app.monotonic() < over and not app.resting(channel):
            if not _batch(app, adapter, channel, app.moment(now), tally):
                break
    return tally


def _batch(app: App, adapter: Adapter, channel: str, now: int, tally: Counter[str]) -> bool:
    """One batch of one channel; False when there is no more to do."""
    size = BATCH_WITH_LOOKUP if adapter.capabilities.lookup else BATCH_WITHOUT
    declared = app.environment.channels.get(channel)
    with app.store.begin() as conn:
        size = draw(conn, declared, now, size)
        claimed, receipts = _claim(app, conn, channel, now, size, tally) if size else (0, [])
        give_back(conn, declared, now, size - len(receipts))
    outcomes = deliver(app, receipts, now, tally)
    # a channel that puts everything off is left alone until its time
    stuck = bool(outcomes) and not any(isinstance(o, Accepted | Rejected) for o in outcomes)
    return bool(claimed) and claimed == size and not stuck


def _claim(
    app: App, conn: Connection, channel: str, now: int, size: int, tally: Counter[str]
) -> tuple[int, list[Receipt]]:
    rows = outbox.claim(conn, channel, now, app.running(conn), size)
    ids = {row["identity_id"] for row in rows}
    # read again under the lock: another worker may have had these between our look and our lock
    queued = outbox.still_queued(conn, ids) if rows else set()
    rows = [r for r in rows if (r["identity_id"], r["campaign"], r["cycle"], r["step"]) in queued]
    scope = app.scope(conn, {(row["campaign"], row["version"]) for row in rows})
    people = gather(conn, scope, ids, now)
    desk = Desk(app, conn, rows, people, now)
    clearing = _Clearing(app, conn, now, desk)
    for row in rows:
        clearing.take(row, people[row["identity_id"]])
    clearing.flush()
    desk.close()
    tally.update(clearing.tally)
    return len(rows), clearing.receipts


class _Clearing:
    """The second judgement of a claimed batch, and the receipts of what passes it."""

    def __init__(self, app: App, conn: Connection, now: int, desk: Desk) -> None:
        self.app, self.conn, self.now, self._desk = app, conn, now, desk
        self.tally: Counter[str] = Counter()
        self.receipts: list[Receipt] = []
        self._rows: dict[TouchMove, list[dict[str, Any]]] = {m: [] for m in TouchMove}
        self._ledger: list[dict[str, Any]] = []

    def take(self, row: Mapping[str, Any], facts: Facts) -> None:
        step_id = row["step"]
        # the enrolment may stand at a later step by now: its own step is in the row as next_step
        enrolment = enrolment_fact({**row, "step": row["next_step"]}, facts, {})
        clearance = self._clearance(row, enrolment, facts)
        if clearance.move is TouchMove.DISPATCH:
            try:
                message = Message.from_json(row["payload"])
            except MessageError as error:
                verdict = Verdict("content", Says.SKIP, str(error))
                clearance = Clearance(move=TouchMove.CANCEL, verdicts=(verdict,))
            else:
                self._receipt(row, enrolment, facts, message, clearance)
                return
        self._not_now(enrolment, step_id, clearance)

    def _clearance(self, row: Mapping[str, Any], enrolment: EnrolmentFact, facts: Facts) -> Clearance:
        campaign = self.app.versions.of(self.conn, enrolment.campaign, enrolment.version)
        track = campaign.track(enrolment.track) if campaign else None
        step = track.step(row["step"]) if track else None
        if campaign is None or step is None:
            verdict = Verdict(
                "withdrawn", Says.DEFER, "its campaign version cannot be read", until=self.now + HOUR
            )
            return Clearance(move=TouchMove.HOLD, verdicts=(verdict,), not_before=self.now + HOUR)
        return clear(self.app.project, campaign, step, enrolment, facts, self.now, row["expires_at"])

    def _receipt(
        self,
        row: Mapping[str, Any],
        enrolment: EnrolmentFact,
        facts: Facts,
        message: Message,
        cleared: Clearance,
    ) -> None:
        move_touch(TouchState.QUEUED, TouchMove.DISPATCH)
        self._rows[TouchMove.DISPATCH].append(
            {**_key(enrolment, row["step"]), "worker": self.app.worker_id, "now": self.now}
        )
        _count_as_now(facts, enrolment, row["step"], self.now)
        self._desk.note(slot_of(**_key(enrolment, row["step"])), TouchMove.DISPATCH, None)
        self.receipts.append(
            Receipt(
                enrolment=enrolment,
                step=row["step"],
                ref=row["ref"],
                channel=row["channel"],
                attempts=row["attempts"] + 1,
                message=_readdressed(message, facts),
                addresses=addresses_of(facts.person),
                cleared=to_json(cleared.verdicts),
            )
        )

    def _not_now(self, enrolment: EnrolmentFact, step: str, clearance: Clearance) -> None:
        last = clearance.verdicts[-1]
        move_touch(TouchState.QUEUED, clearance.move)
        self._desk.note(slot_of(**_key(enrolment, step)), clearance.move, last.rule)
        row = {
            **_key(enrolment, step),
            "reason": last.rule,
            "now": self.now,
            "not_before": clearance.not_before,
            "longer": clearance.longer,
        }
        self._rows[clearance.move].append(row)
        self.tally[clearance.move.value] += 1
        self._ledger.append(
            ledger_row(
                enrolment, self.now, step, clearance.move.value, last.rule, to_json(clearance.verdicts)
            )
        )

    def flush(self) -> None:
        outbox.put_receipts(self.conn, self._rows[TouchMove.DISPATCH])
        outbox.hold(self.conn, self._rows[TouchMove.HOLD])
        outbox.cancel(self.conn, self._rows[TouchMove.CANCEL])
        record.put_ledger(self.conn, self._ledger)


def _readdressed(message: Message, facts: Facts) -> Message:
    """The message, to the address the person has now: it is that one the gates were asked about."""
    if message.channel not in _FIELD_CHANNELS:
        return message
    to = address_of(message.channel, facts.person)
    return message if to is None or to == message.to else replace(message, to=to)


def _count_as_now(facts: Facts, enrolment: EnrolmentFact, step: str, now: int) -> None:
    """Freeze the moment this touch counts at, for the person's other touches in the same batch."""
    own = (enrolment.campaign, enrolment.cycle, step)
    for n, touch in enumerate(facts.touches):
        if (touch.campaign, touch.cycle, touch.step) == own:
            facts.touches[n] = touch._replace(state=TouchState.DISPATCHING.value, counted_at=now)


def _key(enrolment: EnrolmentFact, step: str) -> dict[str, Any]:
    return {
        "identity_id": enrolment.identity_id,
        "campaign": enrolment.campaign,
        "cycle": enrolment.cycle,
        "step": step,
    }
