"""Dispatch: claim, receipt, send, outcome.

The receipt (queued -> dispatching, under this worker's name) is committed before the adapter is called, and
every gate is asked once more in that same transaction. The outcome is committed after. A crash between the
two leaves a receipt without an outcome: the touch is in doubt, visible, and never sent again blindly.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from sqlalchemy import Connection

from channels.base import (
    Accepted,
    Adapter,
    CannotTell,
    Found,
    Lookup,
    Message,
    MessageError,
    NotFound,
    Outcome,
    Rejected,
    Retry,
    Unknown,
)
from engine.decide import Clearance, clear
from engine.facts import EnrolmentFact, Facts
from engine.flow import TouchMove, TouchState, move_touch
from engine.gather import addresses_of, enrolment_fact, gather
from engine.ledger import ledger_row
from engine.model import HOUR, ChannelDef
from engine.people.normalise import email_key
from engine.suppression import reached_on, suppress, suppress_addresses
from engine.verdict import Says, Verdict, to_json
from state.queries import control, outbox, record

if TYPE_CHECKING:
    from engine.app import App

#: how many receipts are open at a time: a crash leaves at most so many in doubt. An adapter that can look up
#: what it accepted settles its doubts by itself, so it may have more.
BATCH_WITH_LOOKUP = 500
BATCH_WITHOUT = 25

#: a touch the provider keeps putting off is tried again at most this late
LONGEST_BACKOFF = 6 * HOUR

#: not sent: back to the queue, where every gate is asked again and says why
OVERTAKEN = Retry(reason="the person said no after the receipt was written", after=1)


class Receipt(NamedTuple):
    """A touch whose dispatch is committed, with what is needed to settle it."""

    enrolment: EnrolmentFact
    step: str
    ref: str
    channel: str
    attempts: int  # this one included
    message: Message | None  # None where it is only settled, not sent
    addresses: tuple[str, ...] = ()  # keys under which one of the person's addresses may be suppressed


def dispatch(app: App, now: int) -> Counter[str]:
    """Send what may leave at ``now``, channel by channel. Returns how many of each outcome.

    A channel that fails does not keep the others from sending.
    """
    tally: Counter[str] = Counter()
    with app.store.read() as conn:
        campaigns = app.running(conn)
        channels = outbox.channels_with_work(conn, now, campaigns) if campaigns else []
    for channel in channels:
        adapter = app.channels.get(channel)
        if adapter is None:
            app.log.error("channel_without_adapter", channel=channel)
            continue
        while not app.stopping and _batch(app, adapter, channel, now, tally):
            pass
    return tally


def _batch(app: App, adapter: Adapter, channel: str, now: int, tally: Counter[str]) -> bool:
    """One batch of one channel; False when there is no more to do."""
    size = BATCH_WITH_LOOKUP if adapter.capabilities.lookup else BATCH_WITHOUT
    with app.store.begin() as conn:
        size = _allowance(conn, app.environment.channels.get(channel), now, size)
        claimed, receipts = _claim(app, conn, channel, now, size, tally) if size else (0, [])
    outcomes = deliver(app, receipts, now, tally)
    # a channel that puts everything off is left alone until its time
    stuck = bool(outcomes) and all(isinstance(outcome, Retry) for outcome in outcomes)
    return bool(claimed) and claimed == size and not stuck


def deliver(app: App, receipts: Sequence[Receipt], now: int, tally: Counter[str]) -> list[Outcome]:
    """Send what has its receipt committed, and commit what became of it. Returns the outcomes in order.

    Who says no while a batch is leaving is heard: what is known about the rest of the batch is never older than
    ``app.look_age`` seconds when a message goes.
    """
    outcomes: list[Outcome] = []
    looked_at, ours, said_no = app.monotonic(), {r.ref for r in receipts}, frozenset[str]()
    for n, receipt in enumerate(receipts):
        if app.monotonic() - looked_at >= app.look_age:
            ours, said_no = _last_look(app, receipts[n:])
            looked_at = app.monotonic()
        if receipt.ref not in ours:
            # another worker has it, because this one was taken for dead: it is not ours to send
            app.log.warning("receipt_lost", channel=receipt.channel, touch=receipt.ref)
            continue
        outcome = OVERTAKEN if receipt.ref in said_no else _send(app, app.channels[receipt.channel], receipt)
        outcomes.append(outcome)
        app.unsettled.append((receipt, outcome))
    settle_pending(app, now, tally)
    return outcomes


def _last_look(app: App, receipts: Sequence[Receipt]) -> tuple[set[str], frozenset[str]]:
    """(refs whose receipts are still ours, those of them whose person has said no since)."""
    with app.store.read() as conn:
        ours = outbox.still_ours(conn, [r.ref for r in receipts], app.worker_id)
        people = {r.enrolment.identity_id for r in receipts}
        addresses = {a for r in receipts for a in r.addresses}
        no = outbox.refusals(conn, people, addresses, app.clock.now())
    return ours, frozenset(
        r.ref
        for r in receipts
        if any((key, c) in no for key in (r.enrolment.identity_id, *r.addresses) for c in (r.channel, "all"))
    )


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
    clearing = _Clearing(app, conn, now)
    for row in rows:
        clearing.take(row, people[row["identity_id"]])
    clearing.flush()
    tally.update(clearing.tally)
    return len(rows), clearing.receipts


class _Clearing:
    """The second judgement of a claimed batch, and the receipts of what passes it."""

    def __init__(self, app: App, conn: Connection, now: int) -> None:
        self.app, self.conn, self.now = app, conn, now
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
                self._receipt(row, enrolment, facts, message)
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
        self, row: Mapping[str, Any], enrolment: EnrolmentFact, facts: Facts, message: Message
    ) -> None:
        key = _key(enrolment, row["step"])
        move_touch(TouchState.QUEUED, TouchMove.DISPATCH)
        self._rows[TouchMove.DISPATCH].append({**key, "worker": self.app.worker_id, "now": self.now})
        _count_as_now(facts, enrolment, row["step"], self.now)
        receipt = Receipt(enrolment=enrolment, step=row["step"], ref=row["ref"], channel=row["channel"],
                          attempts=row["attempts"] + 1, message=message,
                          addresses=addresses_of(facts.person))  # fmt: skip
        self.receipts.append(receipt)

    def _not_now(self, enrolment: EnrolmentFact, step: str, clearance: Clearance) -> None:
        last = clearance.verdicts[-1]
        move_touch(TouchState.QUEUED, clearance.move)
        row = {
            **_key(enrolment, step),
            "reason": last.rule,
            "now": self.now,
            "not_before": clearance.not_before,
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


def _count_as_now(facts: Facts, enrolment: EnrolmentFact, step: str, now: int) -> None:
    """Freeze the moment this touch counts at, for the person's other touches in the same batch."""
    own = (enrolment.campaign, enrolment.cycle, step)
    for n, touch in enumerate(facts.touches):
        if (touch.campaign, touch.cycle, touch.step) == own:
            facts.touches[n] = type(touch)(*own, touch.channel, TouchState.DISPATCHING.value, now)


def _key(enrolment: EnrolmentFact, step: str) -> dict[str, Any]:
    return {
        "identity_id": enrolment.identity_id,
        "campaign": enrolment.campaign,
        "cycle": enrolment.cycle,
        "step": step,
    }


def _send(app: App, adapter: Adapter, receipt: Receipt) -> Outcome:
    """Call the adapter. One that breaks its promise and raises leaves the touch in doubt, and the rest goes on."""
    if receipt.message is None:
        return Unknown(reason="there is no message to send")
    try:
        return adapter.send(receipt.message)
    except Exception as error:  # an adapter of someone else's may raise anything
        app.log.error(
            "channel_raised", channel=receipt.channel, error=type(error).__name__, touch=receipt.ref
        )
        return Unknown(reason=f"the adapter failed with {type(error).__name__}")


# ── outcomes ──────────────────────────────────────────────────────────────────────────────────────────


def settle_pending(app: App, now: int, tally: Counter[str]) -> None:
    """Commit outcomes that are known and not yet written. They stay in memory until the commit has happened."""
    if not app.unsettled:
        return
    with app.store.begin() as conn:
        outbox.lock_people(conn, {r.enrolment.identity_id for r, _ in app.unsettled})
        settle(app, conn, app.unsettled, now, tally)
    app.unsettled.clear()


def settle(
    app: App, conn: Connection, outcomes: Iterable[tuple[Receipt, Outcome]], now: int, tally: Counter[str]
) -> None:
    """Write what became of each touch, in the caller's transaction."""
    rows, ledger, reached = [], [], []
    for receipt, outcome in outcomes:
        action, row = _outcome_row(receipt, outcome, now)
        tally[action] += 1
        rows.append({**_key(receipt.enrolment, receipt.step), **row, "attempts": receipt.attempts})
        ledger.append(_outcome_ledger(receipt, outcome, action, now))
        if isinstance(outcome, Accepted):
            identity = receipt.enrolment.identity_id
            reached.append({"identity_id": identity, "now": now, "channel": receipt.channel})
        if isinstance(outcome, Rejected) and outcome.suppress:
            _suppress(conn, receipt, outcome.suppress, now)
    outbox.settle(conn, rows)
    outbox.put_last_touch(conn, reached)
    record.put_ledger(conn, ledger)


def _suppress(conn: Connection, receipt: Receipt, reason: str, now: int) -> None:
    """What the provider says about an address or a person is taken at its word: a bounce binds the address, an
    opt-out the person."""
    identity, channel, source = receipt.enrolment.identity_id, receipt.channel, "provider"
    if reason != "hard_bounce" or receipt.message is None:
        suppress(conn, identity, channel, reason, at=now, source=source)
        return
    to = receipt.message.to
    suppress_addresses(conn, reached_on(channel, email_key(to), to), channel, reason, at=now, source=source)


def _outcome_row(receipt: Receipt, outcome: Outcome, now: int) -> tuple[str, dict[str, Any]]:
    """(ledger action, columns of the touch)."""
    row: dict[str, Any] = {
        "reason": None,
        "provider_id": None,
        "not_before": now,
        "counts": 1,
        "finished_at": None,
    }
    match outcome:
        case Accepted(provider_id=provider_id):
            row |= {"state": TouchState.SENT.value, "provider_id": provider_id, "finished_at": now}
            return "sent", row
        case Rejected():
            row |= {
                "state": TouchState.FAILED.value,
                "reason": "provider_refused",
                "counts": 0,
                "finished_at": now,
            }
            return "failed", row
        case Retry(after=after):
            again = now + min(LONGEST_BACKOFF, max(1, after) * 2 ** min(receipt.attempts - 1, 10))
            row |= {"state": TouchState.QUEUED.value, "not_before": again, "counts": 0}
            return "retry", row
        case Unknown():
            row |= {"state": TouchState.IN_DOUBT.value, "reason": "in_doubt"}
            return "doubt", row


def _outcome_ledger(receipt: Receipt, outcome: Outcome, action: str, now: int) -> dict[str, Any]:
    told = {"channel": receipt.channel, "ref": receipt.ref, "attempt": receipt.attempts}
    if isinstance(outcome, Accepted):
        told["provider_id"] = outcome.provider_id
    else:
        told["because"] = outcome.reason
    rule = {"failed": "provider_refused", "retry": "provider_busy", "doubt": "in_doubt"}.get(action)
    if outcome is OVERTAKEN:
        rule = "overtaken"
    return ledger_row(receipt.enrolment, now, receipt.step, action, rule, orjson.dumps([told]).decode())


# ── doubts ────────────────────────────────────────────────────────────────────────────────────────────


def recover(app: App, now: int) -> Counter[str]:
    """Find receipts whose worker is gone, and ask the channels that can tell what became of them.

    Found: sent. Certainly never there: back in the queue. Cannot tell: in doubt until somebody settles it.
    """
    tally: Counter[str] = Counter()
    settle_pending(app, now, tally)
    with app.store.read() as conn:
        rows = outbox.open_receipts(conn)
    orphans = [r for r in rows if r["state"] == TouchState.IN_DOUBT or app.is_orphan(r["worker"])]
    answers = [(r, _lookup(app, r)) for r in orphans]
    news = [
        (r, a) for r, a in answers if r["state"] == TouchState.DISPATCHING or not isinstance(a, CannotTell)
    ]
    if not news:
        return tally
    with app.store.begin() as conn:
        outbox.lock_people(conn, {r["identity_id"] for r, _ in news})
        settle(app, conn, [(_orphan(r), _as_outcome(a)) for r, a in news], now, tally)
    return tally


def _lookup(app: App, row: Mapping[str, Any]) -> Lookup:
    adapter = app.channels.get(row["channel"])
    if adapter is None or not adapter.capabilities.lookup:
        return CannotTell()
    try:
        return adapter.lookup(row["ref"])
    except Exception as error:  # as in _send
        app.log.error("lookup_raised", channel=row["channel"], error=type(error).__name__)
        return CannotTell(reason=type(error).__name__)


def _as_outcome(answer: Lookup) -> Outcome:
    match answer:
        case Found(provider_id=provider_id):
            return Accepted(provider_id=provider_id)
        case NotFound():
            return Retry(reason="the channel is certain that it never had it", after=1)
        case CannotTell(reason=reason):
            return Unknown(reason=f"the worker that was sending is gone, and {reason}")


def _orphan(row: Mapping[str, Any]) -> Receipt:
    enrolment = EnrolmentFact(
        identity_id=row["identity_id"], campaign=row["campaign"], cycle=row["cycle"], version=row["version"],
        exclusivity_group="", segment="", cohort=None, track="", state="", step=None, entered_at=0, shift=0,
        resume_at=None, trigger_event_id=None,
    )  # fmt: skip
    return Receipt(enrolment=enrolment, step=row["step"], ref=row["ref"], channel=row["channel"],
                   attempts=row["attempts"], message=None)  # fmt: skip


# ── rates ─────────────────────────────────────────────────────────────────────────────────────────────


def _allowance(conn: Connection, channel: ChannelDef | None, now: int, want: int) -> int:
    """How many of ``want`` the channel's declared rate allows now, taken out of the shared bucket at once.

    The bucket is a row in the store, locked while it is drawn from, so that all workers together keep the
    rate. It holds what a minute brings, or one window's worth if that is longer.
    """
    if channel is None or channel.rate is None:
        return want
    limit, per = channel.rate
    size = max(limit, math.ceil(limit * 60 / per))
    bucket = control.lock(conn, f"rate:{channel.channel}", {"tokens": size, "at": now}, now)
    tokens = min(float(size), bucket["tokens"] + max(0, now - bucket["at"]) * limit / per)
    taken = min(want, int(tokens))
    control.put(conn, f"rate:{channel.channel}", {"tokens": tokens - taken, "at": now}, now)
    return taken
