"""The outbox claimed: every gate is asked once more, and what passes has its receipt (queued -> dispatching, under this
worker's name) in that same transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from channels.base import Message, MessageError
from engine.clearance import Clearance, clear
from engine.facts import EnrolmentFact, Facts, slot_of
from engine.flow import TouchMove, TouchState, move_touch
from engine.gates.address import address_of
from engine.gather import addresses_of, enrolment_fact, gather
from engine.ledger import ledger_row
from engine.model import HOUR
from engine.outcomes import Receipt
from engine.verdict import Says, Verdict, to_json
from engine.workload import Desk
from state.queries import outbox, record

if TYPE_CHECKING:
    from engine.app import App

#: channels whose address is a field of the person: a message goes to the one on record when it leaves
_FIELD_CHANNELS = frozenset({"email", "sms", "phone", "linkedin", "in_app", "push"})


def claim(
    app: App, conn: Connection, channel: str, now: int, size: int, tally: Counter[str]
) -> tuple[int, list[Receipt]]:
    """(how many touches were looked at, the receipts of those that may leave). Their people stay locked until the
    transaction ends."""
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
        clearance = clearance_of(self.app, self.conn, row, enrolment, facts, self.now)
        if (
            row["failures"]
            and clearance.move is TouchMove.CANCEL
            and clearance.verdicts[-1].rule == "expired"
        ):
            # the channel has put it off until it was too late
            clearance = replace(clearance, move=TouchMove.GIVE_UP)
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
        self.receipts.append(receipt_of(self.app, row, enrolment, facts, message, cleared))

    def _not_now(self, enrolment: EnrolmentFact, step: str, clearance: Clearance) -> None:
        last = clearance.verdicts[-1]
        gave_up = clearance.move is TouchMove.GIVE_UP
        rule, action = ("gave_up", "failed") if gave_up else (last.rule, clearance.move.value)
        move_touch(TouchState.QUEUED, clearance.move)
        self._desk.note(slot_of(**_key(enrolment, step)), clearance.move, rule)
        row = {
            **_key(enrolment, step),
            "reason": rule,
            "now": self.now,
            "not_before": clearance.not_before,
            "longer": clearance.longer,
        }
        self._rows[clearance.move].append(row)
        self.tally[action] += 1
        self._ledger.append(ledger_row(enrolment, self.now, step, action, rule, to_json(clearance.verdicts)))

    def flush(self) -> None:
        outbox.put_receipts(self.conn, self._rows[TouchMove.DISPATCH])
        outbox.hold(self.conn, self._rows[TouchMove.HOLD])
        outbox.cancel(self.conn, self._rows[TouchMove.CANCEL])
        outbox.give_up(self.conn, self._rows[TouchMove.GIVE_UP])
        record.put_ledger(self.conn, self._ledger)


def clearance_of(
    app: App, conn: Connection, row: Mapping[str, Any], enrolment: EnrolmentFact, facts: Facts, now: int
) -> Clearance:
    """May the touch of a row leave now? Every gate is asked."""
    campaign = app.versions.of(conn, enrolment.campaign, enrolment.version)
    track = campaign.track(enrolment.track) if campaign else None
    step = track.step(row["step"]) if track else None
    if campaign is None or step is None:
        verdict = Verdict("withdrawn", Says.DEFER, "its campaign version cannot be read", until=now + HOUR)
        return Clearance(move=TouchMove.HOLD, verdicts=(verdict,), not_before=now + HOUR)
    return clear(app.project, campaign, step, enrolment, facts, now, row["expires_at"])


def receipt_of(
    app: App,
    row: Mapping[str, Any],
    enrolment: EnrolmentFact,
    facts: Facts,
    message: Message,
    cleared: Clearance,
) -> Receipt:
    """The receipt of a touch that is about to leave, to the address the person has now."""
    return Receipt(
        enrolment=enrolment,
        step=row["step"],
        ref=row["ref"],
        channel=row["channel"],
        attempts=row["attempts"] + 1,
        most=app.attempts(row["channel"]),
        message=_readdressed(message, facts),
        addresses=addresses_of(facts.person),
        cleared=to_json(cleared.verdicts),
    )


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
