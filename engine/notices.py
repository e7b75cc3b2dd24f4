"""Answers that are no marketing: that a STOP was heard, that a START was, and whom to ask.

One at most of a kind to an address in a day, none where the provider has answered, none later than five minutes
(47 CFR 64.1200(a)(12)). They alone go to somebody who has said no; to somebody who complained or was erased not even
they. The receipt is written before the call, and what may have left is never sent again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection

from channels.base import Accepted, Message, Outcome, Rejected, Retry, Unknown
from channels.events import Keyword
from engine import breaker, rates
from engine.model import DAY
from engine.notice_words import words
from engine.people.keys import fact_key
from engine.refs import touch_ref
from engine.suppression import ALL, suppress_addresses
from state.ids import next_ids
from state.queries import events, facts
from state.queries import notices as queries

if TYPE_CHECKING:
    from engine.app import App

#: channels whose keywords are answered
CHANNELS = frozenset({"sms"})
#: seconds after the message within which its answer goes; later it is left out
IN_TIME = 300

_KINDS = {Keyword.STOP: "opt_out", Keyword.START: "opt_in", Keyword.HELP: "help"}
#: reasons to be silent altogether
_NEVER = frozenset({"erased", "complaint"})


class Asked(NamedTuple):
    """A message as far as it wants an answer. ``word`` None: it wants none."""

    word: Keyword | None
    sender: str
    keys: tuple[str, ...]
    who: tuple[int, ...]
    at: int


class Wanted(NamedTuple):
    """An answer to be given."""

    identity_id: int
    kind: str
    address: str
    at: int


def wanted(conn: Connection, app: App, channel: str, asked: Iterable[Asked]) -> Iterator[Wanted]:
    """The answers that messages call for, by what was on record before them."""
    due = [a for a in asked if a.word is not None and a.keys]
    if not due:
        return
    said = _said_no(conn, channel, due)
    for one in due:
        assert one.word is not None
        names: tuple[int | str, ...] = (*one.who, *one.keys)
        reasons = {reason for name in names for reason in said.get(name, ())}
        again = one.word is Keyword.STOP and "opt_out" in reasons
        silent = one.word is Keyword.STOP and not app.project.policy.confirm_opt_out
        synthetic = any(identity < 0 for identity in one.who)  # a drill writes to nobody
        if not (reasons & _NEVER or again or silent or synthetic):
            yield Wanted(next(iter(one.who), events.NOBODY), _KINDS[one.word], one.sender, one.at)


def _said_no(conn: Connection, channel: str, asked: Sequence[Asked]) -> dict[int | str, set[str]]:
    """Identity or address -> reasons for which it is suppressed on the channel."""
    found: dict[int | str, set[str]] = {}
    people = {identity for a in asked for identity in a.who}
    rows: list[Any] = [*facts.suppressions(conn, people)]
    rows += facts.address_suppressions(conn, {key for a in asked for key in a.keys})
    for name, where, reason, _at in rows:
        if where in (channel, ALL) or reason in _NEVER:
            found.setdefault(name, set()).add(reason)
    return found


def put(conn: Connection, app: App, channel: str, answers: Sequence[Wanted], now: int) -> None:
    """Queue the answers; one that would be the second of its kind to an address in a day is left out."""
    rows = []
    for answer, number in zip(answers, next_ids(len(answers)), strict=True):
        key = fact_key("notice", answer.kind, channel, answer.address, answer.at // DAY)
        ref, ends = touch_ref(app.ref_key, answer.identity_id, "notice", 0, key), answer.at + IN_TIME
        rows.append(
            (answer.identity_id, number, key, ref, answer.kind, channel, answer.address, "queued", now, ends)
        )
    queries.put(conn, rows)


def answer(app: App) -> Counter[str]:
    """Send what waits, and settle receipts whose worker is gone: those are in doubt, and stay so.

    The clock is read before each: a channel that is slow must not make the rest late. They leave by the channel's
    rate, as every message does; what has to wait for it is tried again until its time is over.
    """
    tally: Counter[str] = Counter()
    with app.store.read() as conn:
        rows = queries.unfinished(conn)
        resting = breaker.resting(conn) if rows else frozenset()
    used_up: set[str] = set()
    for row in rows:
        if app.stopping:
            break
        if row["state"] == "dispatching":
            if app.is_orphan(row["worker"]):
                _settle(app, row, Unknown(reason="the worker that was sending is gone"), tally)
        elif app.clock.now() > row["not_after"]:
            _expire(app, row, tally)
        elif row["channel"] not in app.channels or row["channel"] in resting | used_up:
            continue
        elif not _send(app, row, tally):
            used_up.add(row["channel"])
    return tally


def _send(app: App, row: dict[str, Any], tally: Counter[str]) -> bool:
    """Send one, if nobody else has it. False where the channel's rate lets none leave now."""
    with app.store.begin() as conn:
        [language] = {p["language"] for p in facts.people(conn, [row["identity_id"]])} or {None}
        gone = any(s[2] in _NEVER for s in facts.address_suppressions(conn, [row["address"]]))
        if gone:
            return True
        share = rates.draw_one(app, conn, row["channel"], app.worker_id)
        taken = share.count == 1 and queries.take(conn, row["ref"], app.worker_id)
    if not taken:
        rates.close_one(app, share, left=False)
        return share.count == 1
    message = Message(
        ref=row["ref"],
        channel=row["channel"],
        to=row["address"],
        text=words(app.project.brand, row["kind"], language),
        sender_name=app.project.brand.name,
        marketing=False,
    )
    try:
        outcome = app.channels[row["channel"]].send(message)
    except Exception as error:  # an adapter of someone else's may raise anything
        app.log.error("channel_raised", channel=row["channel"], error=type(error).__name__, notice=row["ref"])
        outcome = Unknown(reason=f"the adapter failed with {type(error).__name__}")
    _settle(app, row, outcome, tally)
    rates.close_one(app, share, left=True)
    return True


def _expire(app: App, row: dict[str, Any], tally: Counter[str]) -> None:
    """Its time is over, unless somebody is sending it this moment."""
    with app.store.begin() as conn:
        if queries.expire(conn, row["ref"], app.moment(0)):
            tally["notice_expired"] += 1


def _settle(app: App, row: dict[str, Any], outcome: Outcome, tally: Counter[str]) -> None:
    provider_id = None
    match outcome:
        case Accepted():
            state, reason, provider_id = "sent", None, outcome.provider_id
        case Rejected():
            state, reason = "failed", outcome.reason
        case Retry():
            state, reason = "queued", outcome.reason
        case Unknown():
            state, reason = "in_doubt", outcome.reason
    with app.store.begin() as conn:
        queries.settle(conn, row["ref"], state, reason, provider_id, app.moment(0))
        if isinstance(outcome, Rejected) and outcome.suppress:
            at, address = app.clock.now(), row["address"]
            suppress_addresses(conn, [address], row["channel"], outcome.suppress, at=at, source="provider")
    tally[f"notice_{state}"] += 1
