"""Doubts: receipts whose worker is gone, and channels that can tell what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from channels.base import Accepted, CannotTell, Found, Lookup, NotFound, Outcome, Unknown
from engine.again import send_again
from engine.facts import EnrolmentFact
from engine.flow import TouchState
from engine.outcomes import ABSENT, Receipt, Settled, settle, settle_pending
from state.queries import outbox

if TYPE_CHECKING:
    from engine.app import App

#: seconds between two look-ups of the same doubt
ASK_AGAIN = 600


def recover(app: App, now: int) -> Counter[str]:
    """Find receipts whose worker is gone, and ask the channels that can tell what became of them.

    Found: sent. Certainly never there: back in the queue. Cannot tell: in doubt until somebody settles it, or it may be
    sent once more (``again``).
    """
    tally: Counter[str] = Counter()
    settle_pending(app, tally)
    with app.store.read() as conn:
        rows = outbox.open_receipts(conn)
    # one question a worker, however many receipts it holds
    gone = {
        w for w in {r["worker"] for r in rows if r["state"] == TouchState.DISPATCHING} if app.is_orphan(w)
    }
    orphans = [r for r in rows if r["worker"] in gone or _worth_asking(app, r, now)]
    answers = [(r, _lookup(app, r)) for r in orphans]
    news = [
        (r, a) for r, a in answers if r["state"] == TouchState.DISPATCHING or not isinstance(a, CannotTell)
    ]
    if news:
        with app.store.begin() as conn:
            settle(conn, [Settled(_orphan(r), _as_outcome(a), now) for r, a in news], tally)
    send_again(app, rows, now, tally)
    return tally


def _worth_asking(app: App, row: Mapping[str, Any], now: int) -> bool:
    """A doubt is asked about again now and then, not in every turn."""
    adapter = app.channels.get(row["channel"])
    if row["state"] != TouchState.IN_DOUBT or adapter is None or not adapter.capabilities.lookup:
        return False
    if now < app.doubts_asked.get(row["ref"], 0):
        return False
    app.doubts_asked[row["ref"]] = now + ASK_AGAIN
    return True


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
            return ABSENT
        case CannotTell(reason=reason):
            return Unknown(reason=f"the worker that was sending is gone, and {reason}")


def _orphan(row: Mapping[str, Any]) -> Receipt:
    enrolment = EnrolmentFact(
        identity_id=row["identity_id"], campaign=row["campaign"], cycle=row["cycle"], version=row["version"],
        exclusivity_group="", segment="", cohort=None, track="", state="", step=None, entered_at=0, shift=0,
        resume_at=None, trigger_event_id=None,
    )  # fmt: skip
    return Receipt(enrolment=enrolment, step=row["step"], ref=row["ref"], channel=row["channel"],
                   attempts=row["attempts"], message=None, since=row["counted_at"])  # fmt: skip
