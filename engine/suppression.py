"""The single door to a suppression. What goes through it binds the identity, and its addresses whoever has
them now or later. Work for humans is closed at once, since nothing stands between them and it; messages are
not cancelled: the gates look again in the transaction that sends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from engine.people.normalise import keys_of
from state.queries import letters, tasks
from state.queries.bulk import BulkInsert
from state.queries.people import addresses_of
from state.queries.retargeting import leave_refused

ALL = "all"
#: channels that write to a telephone number
_BY_PHONE = frozenset({"sms", "phone", ALL})
_BY_EMAIL = frozenset({"email", ALL})


def _latest(table: str, whose: str) -> str:
    """A no that somebody says again is as young as its last time; a source that is read again says nothing new."""
    return f"""ON CONFLICT ({whose}, channel, reason, source) DO UPDATE SET at = excluded.at
WHERE excluded.at > {table}.at AND substr(excluded.source, 1, 6) = 'event:'"""


_SUPPRESS = BulkInsert("suppression", ("identity_id", "channel", "reason", "at", "source", "note"),
                       _latest("suppression", "identity_id"))  # fmt: skip
_ADDRESS = BulkInsert("address_suppression", ("address", "channel", "reason", "at", "source"),
                      _latest("address_suppression", "address"))  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Somebody is not to be written to on ``channel`` (or ``all``).

    ``reason``: opt_out complaint hard_bounce erased do_not_contact; ``at``: since when.
    """

    identity_id: int
    channel: str
    reason: str
    at: int
    source: str
    note: str | None = None


def suppress(
    conn: Connection,
    identity_id: int,
    channel: str,
    reason: str,
    *,
    at: int,
    source: str,
    note: str | None = None,
) -> None:
    """Suppress one person as of ``at``, which is now, in the caller's transaction. Doing it twice changes nothing."""
    order = Refusal(identity_id=identity_id, channel=channel, reason=reason, at=at, source=source, note=note)
    suppress_all(conn, [order], at)


def suppress_all(conn: Connection, orders: Sequence[Refusal], now: int) -> None:
    """Suppress many people, at every address any source ever gave for them (SUP-06, SUP-07), and close what
    humans were to do for them on those channels. The people are locked."""
    if not orders:
        return
    last = {(o.identity_id, o.channel, o.reason, o.source): o for o in sorted(orders, key=lambda o: o.at)}
    _SUPPRESS(conn, [(*who, o.at, source, o.note) for (*who, source), o in sorted(last.items())])
    known: dict[int, list[tuple[str | None, str | None]]] = {}
    for identity, email, phone in addresses_of(conn, {o.identity_id for o in orders}):
        known.setdefault(identity, []).append((email, phone))
    rows = {
        (address, o.channel, o.reason, o.source): (address, o.channel, o.reason, o.at, o.source)
        for o in sorted(last.values(), key=lambda o: o.at)
        for email, phone in known.get(o.identity_id, ())
        for address in reached_on(o.channel, email, phone)
    }
    _ADDRESS(conn, sorted(rows.values()))
    tasks.close_refused(conn, {o.identity_id for o in orders}, now)
    leave_refused(conn, {o.identity_id for o in orders})
    letters.refuse_closed(conn, {o.identity_id for o in orders})


def suppress_addresses(
    conn: Connection, addresses: Iterable[str], channel: str, reason: str, *, at: int, source: str
) -> None:
    """Suppress addresses alone (match keys or E.164): a bounce says nothing about the person."""
    _ADDRESS(conn, [(address, channel, reason, at, source) for address in sorted(set(addresses))])


def told_by(source: str, sender: str = "") -> str:
    """The source of a suppression that an event of ``source`` calls for. ``sender``: who is known to have said it, so
    that nobody else takes it back."""
    return ":".join(filter(None, ("event", source, sender)))


def reached_on(channel: str, email: str | None, phone: str | None) -> tuple[str, ...]:
    """The match keys of the addresses a channel writes to. ``email`` is a key, ``phone`` E.164."""
    by_email = keys_of(email) if email and channel in _BY_EMAIL else ()
    return (*by_email, phone) if phone and channel in _BY_PHONE else by_email
