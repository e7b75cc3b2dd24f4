"""Delivery: the call to the channel, and what became of it.

What is delivered has its receipt committed. The outcome is committed after; until then it is kept in memory and
tried again first of all. A crash between the two leaves a receipt without an outcome: the touch is in doubt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from sqlalchemy import Connection

from channels.base import Accepted, Adapter, Message, Outcome, Rejected, Retry, Unknown
from engine.facts import EnrolmentFact
from engine.flow import TouchState
from engine.ledger import ledger_row
from engine.model import HOUR
from engine.people.normalise import email_key
from engine.suppression import reached_on, suppress, suppress_addresses
from state.errors import StateError
from state.queries import outbox, record

if TYPE_CHECKING:
    from engine.app import App

#: a touch the provider keeps putting off is tried again at most this late
LONGEST_BACKOFF = 6 * HOUR
#: seconds after its receipt within which a message leaves; later, every gate is asked again first
LEAVES_WITHIN = 60
#: so many failures in a row and the rest of the batch is not tried: the channel is ill, not the messages
ILL_AFTER = 5
#: seconds an ill channel rests, doubled each time up to the longest
REST, LONGEST_REST = 60, HOUR

#: certainly not sent; back to the queue at once, where every gate is asked again and says why
OVERTAKEN = Retry(reason="the person said no after the receipt was written", after=0)
NOT_TRIED = Retry(reason="not tried: its batch was broken off", after=0)


class Receipt(NamedTuple):
    """A touch whose dispatch is committed, with what is needed to settle it."""

    enrolment: EnrolmentFact
    step: str
    ref: str
    channel: str
    attempts: int  # this one included
    message: Message | None  # None where it is only settled, not sent
    addresses: tuple[str, ...] = ()  # keys under which one of the person's addresses may be suppressed
    cleared: str = ""  # the verdicts that let it leave, as JSON, where they are not in the ledger yet


class Settled(NamedTuple):
    """A receipt and what became of it, at the moment it did."""

    receipt: Receipt
    outcome: Outcome
    at: int


def deliver(app: App, receipts: Sequence[Receipt], now: int, tally: Counter[str]) -> list[Outcome]:
    """Send what has its receipt committed at ``now``, and commit what became of it. Returns the outcomes in order.

    Who says no while a batch is leaving is heard: what is known about the rest of the batch is never older than
    ``app.look_age`` seconds when a message goes. What cannot leave within ``LEAVES_WITHIN`` of its receipt, or is
    behind an ill channel, is not tried.
    """
    outcomes: list[Outcome] = []
    batch = _Outgoing(app, receipts)
    passed = 0
    try:
        for receipt in receipts:
            outcome = batch.before(passed)
            passed += 1  # from here on it may have left
            if receipt.ref not in batch.ours:
                # another worker has it, because this one was taken for dead: it is not ours to send
                app.log.warning("receipt_lost", channel=receipt.channel, touch=receipt.ref)
                continue
            if outcome is None:
                outcome = _send(app, app.channels[receipt.channel], receipt)
                batch.after(receipt.channel, outcome)
            outcomes.append(outcome)
            app.unsettled.append(Settled(receipt, outcome, app.moment(now)))
    finally:
        # whatever broke the batch off, this much is certain: the rest was never tried
        app.unsettled.extend(Settled(r, NOT_TRIED, app.moment(now)) for r in receipts[passed:])
    settle_pending(app, tally)
    return outcomes


class _Outgoing:
    """A batch on its way out: what is known about it, for how long, and how its channels bear up."""

    def __init__(self, app: App, receipts: Sequence[Receipt]) -> None:
        self._app, self._receipts = app, receipts
        self._started = self._looked_at = app.monotonic()
        self.ours = {r.ref for r in receipts}
        self._said_no = frozenset[str]()
        self._failures: Counter[str] = Counter()

    def before(self, n: int) -> Outcome | None:
        """What becomes of the n-th message without its being sent; None: it may go."""
        moment, receipt = self._app.monotonic(), self._receipts[n]
        if moment - self._looked_at >= self._app.look_age:
            self.ours, self._said_no = _last_look(self._app, self._receipts[n:])
            self._looked_at = moment
        if receipt.ref in self._said_no:
            return OVERTAKEN
        ill = self._failures[receipt.channel] >= ILL_AFTER
        return NOT_TRIED if ill or moment - self._started >= LEAVES_WITHIN else None

    def after(self, channel: str, outcome: Outcome) -> None:
        """Count failures in a row; a channel that is ill rests, the longer the oftener."""
        rests = self._app.rests
        if isinstance(outcome, Accepted | Rejected):
            self._failures[channel] = 0
            rests.pop(channel, None)
            return
        self._failures[channel] += 1
        if self._failures[channel] == ILL_AFTER:
            length = min(LONGEST_REST, rests[channel][1] * 2 if channel in rests else REST)
            rests[channel] = (self._app.clock.now() + length, length)
            self._app.log.error("channel_ill", channel=channel, rests=length)


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


def settle_pending(app: App, tally: Counter[str]) -> None:
    """Commit outcomes that are known and not yet written. They stay in memory until the commit has happened."""
    if not app.unsettled:
        return
    try:
        _settle_together(app, app.unsettled, tally)
    except StateError:
        raise  # the database is away: all of it is tried again
    except Exception as error:  # one that cannot be written must not hold back the others
        app.log.exception("outcomes_not_written", error=type(error).__name__)
        for settled in list(app.unsettled):
            _settle_alone(app, settled, tally)
    app.unsettled.clear()


def _settle_together(app: App, pending: Sequence[Settled], tally: Counter[str]) -> None:
    counted: Counter[str] = Counter()
    with app.store.begin() as conn:
        outbox.lock_people(conn, {s.receipt.enrolment.identity_id for s in pending})
        settle(conn, pending, counted)
    tally.update(counted)


def _settle_alone(app: App, settled: Settled, tally: Counter[str]) -> None:
    try:
        _settle_together(app, [settled], tally)
    except StateError:
        raise
    except Exception as error:
        app.log.exception("outcome_not_written", touch=settled.receipt.ref, error=type(error).__name__)
        told = Unknown(reason=f"its outcome could not be written: {type(error).__name__}")
        _settle_together(app, [settled._replace(outcome=told)], tally)
    app.unsettled.remove(settled)


def settle(conn: Connection, pending: Iterable[Settled], tally: Counter[str]) -> None:
    """Write what became of each touch, in the caller's transaction.

    A touch is found by its ref and attempt: whoever it belongs to by now, and no other attempt's outcome.
    """
    pending = list(pending)
    owners = outbox.owners(conn, [s.receipt.ref for s in pending])
    rows, ledger, reached = [], [], []
    for receipt, outcome, at in pending:
        identity = owners.get((receipt.ref, receipt.attempts))
        if identity is None:
            continue  # settled meanwhile: by a look-up, another worker or a person
        receipt = receipt._replace(enrolment=receipt.enrolment._replace(identity_id=identity))
        action, row = _outcome_row(receipt, outcome, at)
        tally[action] += 1
        rows.append({"ref": receipt.ref, "attempts": receipt.attempts, **row})
        ledger.append(_outcome_ledger(receipt, outcome, action, at))
        if isinstance(outcome, Accepted):
            reached.append({"identity_id": identity, "now": at, "channel": receipt.channel})
        if isinstance(outcome, Rejected) and outcome.suppress:
            _suppress(conn, receipt, outcome.suppress, at)
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
    """(ledger action, columns of the touch). ``counted_at`` None: it counts for nothing."""
    row: dict[str, Any] = {
        "reason": None,
        "provider_id": None,
        "not_before": now,
        "counted_at": now,
        "finished_at": None,
    }
    match outcome:
        case Accepted(provider_id=provider_id):
            row |= {"state": TouchState.SENT.value, "provider_id": _plain(provider_id), "finished_at": now}
            return "sent", row
        case Rejected():
            row |= {"state": TouchState.FAILED.value, "reason": "provider_refused", "finished_at": now}
            return "failed", row | {"counted_at": None}
        case Retry(after=after):
            wait = min(LONGEST_BACKOFF, after * 2 ** min(receipt.attempts - 1, 10))
            return "retry", row | {
                "state": TouchState.QUEUED.value,
                "not_before": now + wait,
                "counted_at": None,
            }
        case Unknown():
            return "doubt", row | {"state": TouchState.IN_DOUBT.value, "reason": "in_doubt"}


def _outcome_ledger(receipt: Receipt, outcome: Outcome, action: str, now: int) -> dict[str, Any]:
    told: dict[str, Any] = {"channel": receipt.channel, "ref": receipt.ref, "attempt": receipt.attempts}
    if isinstance(outcome, Accepted):
        told["provider_id"] = _plain(outcome.provider_id)
    else:
        told["because"] = _plain(outcome.reason)
    rule = {"failed": "provider_refused", "retry": "provider_busy", "doubt": "in_doubt"}.get(action)
    if outcome is OVERTAKEN:
        rule = "overtaken"
    reasons = [told, *orjson.loads(receipt.cleared)] if receipt.cleared else [told]
    return ledger_row(receipt.enrolment, now, receipt.step, action, rule, orjson.dumps(reasons).decode())


def _plain(text: object) -> str:
    """A provider's words as text that any database takes."""
    return str(text).encode("utf-8", "replace").decode().replace("\0", "")
