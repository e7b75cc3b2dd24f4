"""Delivery: the call to the channel. What is delivered has its receipt committed; what became of it is committed after
(``outcomes``).

Where an adapter may be in several threads at a time, so many of its messages are under way together. Everything but the
call itself stays in the worker's own thread.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import TYPE_CHECKING

from channels.base import Accepted, Adapter, Outcome, Rejected, Retry, Unknown
from engine import breaker
from engine.breaker import ILL_AFTER
from engine.outcomes import NOT_TRIED, OVERTAKEN, Receipt, Settled, is_try, settle_pending
from engine.rates import Share
from state.queries import outbox

if TYPE_CHECKING:
    from engine.app import App

#: seconds after its receipt within which a message leaves; later, every gate is asked again first
LEAVES_WITHIN = 60


def deliver(
    app: App,
    receipts: Sequence[Receipt],
    now: int,
    tally: Counter[str],
    share: Share | None = None,
    *,
    probe: str | None = None,
) -> list[Outcome]:
    """Send what has its receipt committed at ``now``, and commit what became of it. Returns the outcomes in order.

    Who says no while a batch is leaving is heard: what is known about the rest of the batch is never older than
    ``app.look_age`` seconds when a message goes. What cannot leave within ``LEAVES_WITHIN`` of its receipt, or is
    behind an ill channel, is not tried. ``share``: what of the channel's rate they leave by. ``probe``: the channel
    whose health they are to show; where none of them was tried, the next may.
    """
    batch = _Outgoing(app, receipts, now, share)
    try:
        for n, receipt in enumerate(receipts):
            batch.make_room(receipt.channel)
            batch.pass_on(n)
    finally:
        batch.end()
    settle_pending(app, tally)
    outcomes = [batch.outcomes[n] for n in sorted(batch.outcomes)]
    if probe is not None and receipts and not any(map(is_try, outcomes)):
        with app.store.begin() as conn:
            breaker.untried(conn, probe, now)
    return outcomes


class _Outgoing:
    """A batch on its way out: what is known about it, for how long, and how its channels bear up."""

    def __init__(self, app: App, receipts: Sequence[Receipt], now: int, share: Share | None) -> None:
        self._app, self._receipts, self._now, self._share = app, receipts, now, share
        self._looked_at = app.monotonic()
        self._started = self._looked_at if share is None or share.began is None else share.began
        self._ours = {r.ref for r in receipts}
        self._said_no = frozenset[str]()
        self._failures: Counter[str] = Counter()
        self._parallel = {channel: max(1, app.parallel(channel)) for channel in {r.channel for r in receipts}}
        self._passed = 0
        self._under_way: dict[Future[Outcome], int] = {}
        #: calls that were begun
        self._asked = 0
        #: place in the batch -> what became of it
        self.outcomes: dict[int, Outcome] = {}

    def make_room(self, channel: str) -> None:
        """Wait until one more message may be under way."""
        while len(self._under_way) >= self._parallel[channel]:
            self._collect()

    def pass_on(self, n: int) -> None:
        """Send the n-th message, or say why it does not go."""
        receipt = self._receipts[n]
        outcome = self._before(n)
        self._passed = n + 1  # from here on it may have left
        if receipt.ref not in self._ours:
            # another worker has it, because this one was taken for dead: it is not ours to send
            self._app.log.warning("receipt_lost", channel=receipt.channel, touch=receipt.ref)
        elif outcome is not None:
            self._record(n, outcome)
        else:
            self._call(n, receipt)

    def _call(self, n: int, receipt: Receipt) -> None:
        adapter = self._app.channels[receipt.channel]
        self._asked += 1
        if self._parallel[receipt.channel] > 1:
            self._under_way[self._app.threads.submit(_send, self._app, adapter, receipt)] = n
        else:
            self._sent(n, _send(self._app, adapter, receipt))

    def end(self) -> None:
        """Wait for what is under way. Whatever broke the batch off, this much is certain: the rest was not tried."""
        broken: BaseException | None = None
        while self._under_way:
            try:
                self._collect()
            except BaseException as error:
                broken = error
        for n in range(self._passed, len(self._receipts)):
            self._record(n, NOT_TRIED)
        if self._share is not None and self._share.key:
            self._share.note(self._app.monotonic(), self._asked)
            self._app.shares.append(self._share)
        if broken is not None:
            raise broken

    def _collect(self) -> None:
        """Take the outcomes that are there by now, at least one. One whose call ended in an exception has none: its
        touch is in doubt, and the exception goes on once the others are taken."""
        done, _ = wait(self._under_way, return_when=FIRST_COMPLETED)
        broken: BaseException | None = None
        for future in sorted(done, key=lambda each: self._under_way[each]):
            n = self._under_way.pop(future)
            error = future.exception()
            if error is None:
                self._sent(n, future.result())
            broken = error or broken
        if broken is not None:
            raise broken

    def _before(self, n: int) -> Outcome | None:
        """What becomes of the n-th message without its being sent; None: it may go."""
        moment, receipt = self._app.monotonic(), self._receipts[n]
        if moment - self._looked_at >= self._app.look_age:
            self._ours, self._said_no = _last_look(self._app, self._receipts[n:])
            self._looked_at = moment
        if receipt.ref in self._said_no:
            return OVERTAKEN
        ill = self._failures[receipt.channel] >= ILL_AFTER
        return NOT_TRIED if ill or moment - self._started >= LEAVES_WITHIN else None

    def _sent(self, n: int, outcome: Outcome) -> None:
        """The channel was asked. Failures in a row make it ill, and one that is ours to mend does so by itself."""
        channel = self._receipts[n].channel
        if self._share is not None and self._share.key:
            self._share.note(self._app.monotonic(), len(self._share.left) + 1)
        if isinstance(outcome, Accepted | Rejected):
            self._failures[channel] = 0
        elif is_try(outcome):
            self._failures[channel] += ILL_AFTER if isinstance(outcome, Retry) and outcome.ours else 1
        self._record(n, outcome)

    def _record(self, n: int, outcome: Outcome) -> None:
        self.outcomes[n] = outcome
        self._app.unsettled.append(Settled(self._receipts[n], outcome, self._app.moment(self._now)))


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
