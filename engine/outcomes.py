"""What became of messages: committed after the call, until then kept in memory and tried again first of all.

A crash between the call and the commit leaves a receipt without an outcome: the touch is in doubt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from sqlalchemy import Connection

from channels.base import Accepted, Message, Outcome, Rejected, Retry, Unknown
from engine import breaker, rates
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

#: seconds to which the pause before another try grows; what a provider asks for comes on top
LONGEST_BACKOFF = 6 * HOUR
#: so often a message is tried where its channel does not say
ATTEMPTS = 10

#: certainly not sent; back to the queue at once, where every gate is asked again and says why
OVERTAKEN = Retry(reason="the person said no after the receipt was written", after=0)
NOT_TRIED = Retry(reason="not tried: its batch was broken off", after=0)
ABSENT = Retry(reason="the channel is certain that it never had it", after=0)
#: none of these is the channel's fault, and none is a try
_NO_TRY = (OVERTAKEN, NOT_TRIED, ABSENT)


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
    most: int = ATTEMPTS  # so often it is tried
    #: the moment it has counted at since, where that is not the one of its outcome: it left then, if it did
    since: int | None = None
    again: bool = False  # a doubt sent once more: only its being taken settles it


class Settled(NamedTuple):
    """A receipt and what became of it, at the moment it did."""

    receipt: Receipt
    outcome: Outcome
    at: int


def is_try(outcome: Outcome) -> bool:
    """Was the channel asked at all?"""
    return not any(outcome is each for each in _NO_TRY)


def settle_pending(app: App, tally: Counter[str]) -> None:
    """Commit outcomes that are known and not yet written. They stay in memory until the commit has happened."""
    if not app.unsettled and not app.shares:
        return
    try:
        _settle_together(app, app.unsettled, tally, app.shares)
    except StateError:
        raise  # the database is away: all of it is tried again
    except Exception as error:  # one that cannot be written must not hold back the others
        app.log.exception("outcomes_not_written", error=type(error).__name__)
        for settled in list(app.unsettled):
            _settle_alone(app, settled, tally)
    app.unsettled.clear()
    app.shares.clear()


def _settle_together(
    app: App, pending: Sequence[Settled], tally: Counter[str], shares: Sequence[rates.Share] = ()
) -> None:
    counted: Counter[str] = Counter()
    with app.store.begin() as conn:
        settle(conn, pending, counted)
        tries = [(s.receipt.channel, s.outcome, s.at) for s in pending if is_try(s.outcome)]
        news = breaker.note(conn, tries)
        rates.close(conn, shares)
    tally.update(counted)
    for each in news:
        tell = app.log.error if each.event == "channel_ill" else app.log.info
        tell(each.event, **each.told)


def _settle_alone(app: App, settled: Settled, tally: Counter[str]) -> None:
    try:
        _settle_together(app, [settled], tally)
    except StateError:
        raise
    except Exception as error:
        app.log.exception("outcome_not_written", touch=settled.receipt.ref, error=type(error).__name__)
        _obey_alone(app, settled)
        told = Unknown(reason=f"its outcome could not be written: {type(error).__name__}")
        _settle_together(app, [settled._replace(outcome=told)], tally)
    app.unsettled.remove(settled)


def _obey_alone(app: App, settled: Settled) -> None:
    """Obey a no whose outcome cannot be written."""
    try:
        with app.store.begin() as conn:
            owner = outbox.lock_owners(conn, [settled.receipt.ref]).get(settled.receipt.ref)
            if owner is not None:
                _obey(conn, _of(settled.receipt, owner), settled.outcome, settled.at)
    except StateError:
        raise
    except Exception as error:
        app.log.exception("no_not_obeyed", touch=settled.receipt.ref, error=type(error).__name__)


def settle(conn: Connection, pending: Iterable[Settled], tally: Counter[str]) -> None:
    """Write what became of each touch, in the caller's transaction, which has locked nobody yet.

    A touch is found by its ref and attempt: whoever it belongs to by now, and no other attempt's outcome. What the
    provider says about the person is obeyed even so.
    """
    pending = list(pending)
    owners = outbox.lock_owners(conn, [s.receipt.ref for s in pending])
    rows, ledger, reached = [], [], []
    for receipt, outcome, at in pending:
        owner = owners.get(receipt.ref)
        if owner is None:
            continue  # a drill's, and swept
        identity = owner.identity_id
        receipt = _of(receipt, owner)
        _obey(conn, receipt, outcome, at)
        if not owner.open or owner.attempts != receipt.attempts:
            continue  # settled meanwhile: by a look-up, another worker or a person
        if receipt.again and not isinstance(outcome, Accepted):
            outcome = Unknown(
                reason=f"sent once more and not taken: {outcome.reason}"
            )  # the first may have arrived
        action, row = _outcome_row(receipt, outcome, owner.failures, at)
        tally[action] += 1
        rows.append({"ref": receipt.ref, "attempts": receipt.attempts, **row})
        ledger.append(_outcome_ledger(receipt, outcome, action, at))
        if isinstance(outcome, Accepted):
            reached.append({"identity_id": identity, "now": at, "channel": receipt.channel})
    outbox.settle(conn, rows)
    outbox.put_last_touch(conn, reached)
    record.put_ledger(conn, ledger)


def _of(receipt: Receipt, owner: outbox.Owner) -> Receipt:
    """The receipt, in the round of whoever its touch belongs to by now."""
    now_in = receipt.enrolment._replace(identity_id=owner.identity_id, cycle=owner.cycle)
    return receipt._replace(enrolment=now_in)


def _obey(conn: Connection, receipt: Receipt, outcome: Outcome, now: int) -> None:
    """What the provider says about an address or a person is taken at its word, whatever becomes of the touch: a
    bounce binds the address, an opt-out the person."""
    if not isinstance(outcome, Rejected) or not outcome.suppress:
        return
    reason, source = outcome.suppress, "provider"
    identity, channel = receipt.enrolment.identity_id, receipt.channel
    if reason != "hard_bounce" or receipt.message is None:
        suppress(conn, identity, channel, reason, at=now, source=source)
        return
    to = receipt.message.to
    suppress_addresses(conn, reached_on(channel, email_key(to), to), channel, reason, at=now, source=source)


def _outcome_row(receipt: Receipt, outcome: Outcome, failures: int, now: int) -> tuple[str, dict[str, Any]]:
    """(ledger action, columns of the touch). ``counted_at`` None: it counts for nothing."""
    row: dict[str, Any] = {
        "reason": None,
        "provider_id": None,
        "not_before": now,
        "counted_at": now if receipt.since is None else receipt.since,
        "finished_at": None,
        "failures": failures,
    }
    match outcome:
        case Accepted(provider_id=provider_id):
            row |= {"state": TouchState.SENT.value, "provider_id": _plain(provider_id), "finished_at": now}
            return "sent", row
        case Rejected():
            row |= {"state": TouchState.FAILED.value, "reason": "provider_refused", "finished_at": now}
            return "failed", row | {"counted_at": None}
        case Retry():
            return _put_off(receipt, outcome, row, now)
        case Unknown():
            return "doubt", row | {"state": TouchState.IN_DOUBT.value, "reason": "in_doubt"}


def _put_off(receipt: Receipt, outcome: Retry, row: dict[str, Any], now: int) -> tuple[str, dict[str, Any]]:
    """Another try, later each time; after the last one it is a dead letter."""
    row |= {"state": TouchState.QUEUED.value, "counted_at": None}
    if not is_try(outcome):
        return "retry", row
    failures = row["failures"] + 1
    row |= {"failures": failures}
    if failures >= receipt.most:
        return "failed", row | {"state": TouchState.FAILED.value, "reason": "gave_up", "finished_at": now}
    return "retry", row | {"not_before": now + backoff(outcome.after, failures, receipt.ref)}


def backoff(after: int, failures: int, ref: str) -> int:
    """Seconds until a message is tried again that has been put off so often. Never less than the provider asks for;
    on top comes a part, different for each message and try, of a stretch that doubles: what failed together does not
    come back together. The part follows from the ref, so that a virtual run gives the same numbers again."""
    stretch: int = min(LONGEST_BACKOFF, max(after, 1) * 2 ** min(failures - 1, 20))
    digest = blake2b(f"{ref}/{failures}".encode(), digest_size=8, person=b"rekindle.retry").digest()
    return after + stretch * int.from_bytes(digest) // 2**64


def _outcome_ledger(receipt: Receipt, outcome: Outcome, action: str, now: int) -> dict[str, Any]:
    told: dict[str, Any] = {"channel": receipt.channel, "ref": receipt.ref, "attempt": receipt.attempts}
    if isinstance(outcome, Accepted):
        told["provider_id"] = _plain(outcome.provider_id)
    else:
        told["because"] = _plain(outcome.reason)
    refused = "gave_up" if isinstance(outcome, Retry) else "provider_refused"
    rule = {"failed": refused, "retry": "provider_busy", "doubt": "in_doubt"}.get(action)
    if outcome is OVERTAKEN:
        rule = "overtaken"
    reasons = [told, *orjson.loads(receipt.cleared)] if receipt.cleared else [told]
    return ledger_row(receipt.enrolment, now, receipt.step, action, rule, orjson.dumps(reasons).decode())


def _plain(text: object) -> str:
    """A provider's words as text that any database takes."""
    return str(text).encode("utf-8", "replace").decode().replace("\0", "")
