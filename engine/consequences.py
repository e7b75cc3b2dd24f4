"""What an event does the moment it is recorded: a no is obeyed in the transaction that hears it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from engine.bound_channels import bound, with_voice
from engine.inbound import Meaning, classify
from engine.model import CHANNELS
from engine.people.keys import fact_key
from engine.people.normalise import email_key
from engine.suppression import ALL, Refusal, suppress_addresses, suppress_all, told_by
from state.ids import next_ids
from state.queries import facts
from state.queries.bulk import BulkInsert

#: the event recorded beside a reply that refuses
REPLY_REFUSED = "refused"
#: what a reply is on record as that a program wrote: nobody has answered, so it ends and moves nothing
AUTO_REPLIED = "auto_replied"

_CONSENT = BulkInsert(
    "consent", ("identity_id", "id", "channel", "type", "at", "recorded_at", "source", "key")
)
_NOTE = BulkInsert("note", ("identity_id", "id", "kind", "opened_at", "source", "key"))

#: meaning of a reply -> kind of the note it leaves; the gates hold everything while some kinds are open
_NOTES = {
    Meaning.REFUSAL: "refusal",
    Meaning.WRONG_PERSON: "wrong_person",
    Meaning.LEGAL: "complaint",
    Meaning.AMBIGUOUS: "review_reply",
}
_EVER = 2**62


class Happened(NamedTuple):
    """An event that was not on record before."""

    identity_id: int
    name: str
    at: int
    source: str
    key: str
    data: Mapping[str, Any]
    sender: str = ""


class _Note(NamedTuple):
    identity_id: int
    kind: str
    at: int
    source: str
    key: str


class _Revoked(NamedTuple):
    identity_id: int
    channel: str
    at: int
    source: str
    key: str


class Understood(NamedTuple):
    """What an event comes to by itself, whatever the campaigns make of it.

    ``meaning``: of a reply, else None. ``suppresses``: channels or ``all``, under ``reason``. ``note``: the kind of
    note it leaves. ``bad_address``: the address it went to is suppressed.
    """

    meaning: Meaning | None = None
    suppresses: tuple[str, ...] = ()
    reason: str = "opt_out"
    note: str | None = None
    bad_address: bool = False


def as_read(name: str, data: Mapping[str, Any]) -> str:
    """The name under which an event goes on record: an automatic reply is no reply. Pure."""
    if name == "replied" and classify(str(data.get("text") or "")).meaning is Meaning.AUTO:
        return AUTO_REPLIED
    return name


def understood(name: str, data: Mapping[str, Any]) -> Understood:
    """What an event of that name calls for at once. Pure."""
    match name:
        case "replied":
            text = str(data.get("text") or "")
            reading = classify(text)
            scope = bound(reading, _channel(data), text) if reading.refuses else ()
            return Understood(reading.meaning, scope, note=_NOTES.get(reading.meaning))
        case "feedback":  # why they left; a survey has no channel of its own, so it speaks for e-mail
            text = str(data.get("words") or "")
            reading = classify(text)
            if reading.refuses:
                scope = bound(reading, _channel(data) or "email", text)
                return Understood(reading.meaning, scope, note=_NOTES.get(reading.meaning))
        case "unsubscribed":
            return Understood(suppresses=with_voice([_named(data)]))
        case "channel_declined":  # one of several, each chosen for itself
            return Understood(suppresses=(_named(data),))
        case "complained":
            return Understood(suppresses=(ALL,), reason="complaint")
        case "bounced":
            return Understood(bad_address=data.get("hard") in (True, "true", "1", 1))
    return Understood()


def note_key(source: str, key: str, kind: str) -> str:
    """What the note of a kind is called that the event (source, key) leaves. Pure."""
    return fact_key("event", source, key, kind)


def act_on(conn: Connection, happened: Sequence[Happened], now: int) -> set[tuple[str, str]]:
    """Suppress, revoke and note what the events call for, in the caller's transaction.

    Returns (source, key) of the replies that refuse.
    """
    orders: list[Refusal] = []
    notes: list[_Note] = []
    refused: set[tuple[str, str]] = set()
    for event in happened:
        what = understood(event.name, event.data)
        if what.note:
            key = note_key(event.source, event.key, what.note)
            notes.append(_Note(event.identity_id, what.note, event.at, event.source, key))
        orders += [_order(event, channel, what.reason, now) for channel in what.suppresses]
        if what.suppresses and what.meaning:
            refused.add((event.source, event.key))
        if what.bad_address:
            _bounced(conn, event, now)
    suppress_all(conn, orders, now)
    _revoke(conn, orders, now)
    numbers = next_ids(len(notes))
    _NOTE(conn, [(n.identity_id, i, *n[1:]) for n, i in zip(notes, numbers, strict=True)])
    return refused


def _named(data: Mapping[str, Any]) -> str:
    """The channel that a no names, or every one; without a word of it, e-mail."""
    return ALL if data.get("channel") == ALL else _channel(data) or "email"


def _channel(data: Mapping[str, Any]) -> str | None:
    channel = str(data.get("channel") or "").lower()
    return channel if channel in CHANNELS else None


def _order(event: Happened, channel: str, reason: str, now: int) -> Refusal:
    at = min(event.at, now)
    source = told_by(event.source, event.sender)
    return Refusal(identity_id=event.identity_id, channel=channel, reason=reason, at=at, source=source)


def _bounced(conn: Connection, event: Happened, now: int) -> None:
    """The address is bad, not the person; without one in the event it is the one they are written to now."""
    channel = _channel(event.data) or "email"
    address = str(event.data.get("address") or "")
    key = email_key(address) if channel == "email" else address
    if not key:
        person = facts.people(conn, [event.identity_id])[0]
        key = person["email_key"] if channel == "email" else person["phone"]
    if key:
        source = f"event:{event.source}"
        suppress_addresses(conn, [key], channel, "hard_bounce", at=min(event.at, now), source=source)


def _revoke(conn: Connection, orders: Sequence[Refusal], now: int) -> None:
    """A refusal of a channel revokes its consent; a refusal of all revokes every consent there is."""
    if not orders:
        return
    given: dict[int, set[str]] = {}
    for row in facts.consents(conn, {o.identity_id for o in orders}, _EVER):
        given.setdefault(row[0], set()).add(row[1])
    rows: dict[str, _Revoked] = {}
    for order in orders:
        channels = {order.channel} if order.channel != ALL else given.get(order.identity_id, set())
        for channel in sorted(channels):
            key = fact_key("revoked", order.identity_id, channel, order.at, order.source)
            rows[key] = _Revoked(order.identity_id, channel, order.at, order.source, key)
    numbered = zip(rows.values(), next_ids(len(rows)), strict=True)
    _CONSENT(
        conn, [(r.identity_id, n, r.channel, "revoked", r.at, now, r.source, r.key) for r, n in numbered]
    )
