"""START: who texted STOP takes it back with the same telephone.

It counts only where the provider vouches for the sender. It lifts the STOP that came from that number, by that channel
and before it; what was said otherwise, elsewhere or in the same second stays. It weakens no consent that stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from channels.events import InboundMessage
from engine.people.keys import fact_key
from engine.suppression import ALL, told_by
from state.ids import next_ids
from state.queries import facts, people, received
from state.queries.bulk import BulkInsert

#: what the message proves, and what is no weaker
_GIVES = "express"
_AS_STRONG = frozenset({_GIVES, "express_written"})
#: reasons for which somebody is suppressed without having said no
_NO_CHOICE = frozenset({"hard_bounce"})
_EVER = 2**62

_CONSENT = BulkInsert(
    "consent", ("identity_id", "id", "channel", "type", "at", "recorded_at", "source", "proof_uri", "key")
)


class Start(NamedTuple):
    """A START that counts. ``name``: the message's in ``source``; ``keys``: of its sender's address, whom ``who`` have;
    ``at``: when it came, UTC epoch seconds."""

    source: str
    name: str
    sender: str
    keys: Sequence[str]
    who: Sequence[int]
    at: int


def sender_of(message: InboundMessage, keys: Sequence[str]) -> str:
    """What a message's sender is called, where the provider vouches for them; else nothing. A hash: it stands in
    rows that outlive the person."""
    return fact_key("sender", keys[0]) if message.vouched and keys else ""


def take_back(conn: Connection, starts: Iterable[Start], channel: str, now: int) -> None:
    """Lift what these had said by the same number, and write the consent they give. The people are locked."""
    for start in sorted(starts, key=lambda s: (s.at, s.name)):
        known = people.addresses_of(conn, start.who) if start.who else ()
        addresses = {*start.keys, *(a for _, *pair in known for a in pair if a)}
        no = told_by(start.source, start.sender)
        received.lift(conn, start.who, addresses, channel, no, start.at)
        _CONSENT(conn, list(_given(conn, start, channel, no, now)))


def _given(conn: Connection, start: Start, channel: str, no: str, now: int) -> Iterable[tuple[Any, ...]]:
    """Rows of the consents that a START gives: nobody's whom another no binds."""
    if _bound(facts.address_suppressions(conn, start.keys), channel):
        return
    bound = _bound(facts.suppressions(conn, start.who), channel)
    rows = [row for row in facts.consents(conn, start.who, _EVER) if row[1] == channel]
    source, proof = f"event:{start.source}", f"received:{start.source}:{start.name}"
    for identity in sorted(set(start.who) - bound):
        if _is_weaker([row for row in rows if row[0] == identity], no, start.at):
            key = fact_key("opted_in", identity, channel, start.source, start.name)
            [number] = next_ids(1)
            yield (identity, number, channel, _GIVES, start.at, now, source, proof, key)


def _bound(rows: Iterable[Any], channel: str) -> set[Any]:
    return {who for who, on, reason, _at in rows if on in (channel, ALL) and reason not in _NO_CHOICE}


def _is_weaker(history: Sequence[Any], no: str, at: int) -> bool:
    """What stands is less than the message gives, and is no revocation but the one that it takes back."""
    if not history:
        return True
    lifted = [row for row in history if row[2] == "revoked" and row[5] == no and row[3] < at]
    before = [row for row in history if row not in lifted]
    if history[-1] in lifted:
        return not before or before[-1][2] != "revoked"
    return history[-1][2] != "revoked" and history[-1][2] not in _AS_STRONG
