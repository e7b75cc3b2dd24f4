"""What a person chooses on the pages: no, not so often, not now, not by this channel, or yes again.

Each is one transaction with the person's row locked, and leaves an event. A no suppresses where it is heard. A link
travels with a forwarded message, so what it makes milder is bounded: within a day it takes back what it has said
itself, and opens e-mail alone again. The new consent is written beside the old ones, with the event as its proof.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection

from engine.clock import iso
from engine.events import Listeners, NewEvent, record_in
from engine.model import CHANNELS, DAY
from engine.people.keys import fact_key
from engine.people.values import instant
from engine.refs import person_of
from engine.suppression import ALL, Refusal, reached_on, suppress_all
from engine.tokens import Signer
from state.ids import next_ids
from state.queries import facts, people, preferences
from state.queries.bulk import BulkInsert

#: where events of the pages come from, and what their suppressions and consents name as their source
PAGES = "pages"
SOURCE = f"event:{PAGES}"

#: seconds within which a link takes back what it has said
TAKE_BACK_WITHIN = DAY
#: the channel that a link opens again. A click is no proof of whose telephone it is
OPENED_AGAIN = "email"
_EVER = 2**62

_CONSENT = BulkInsert(
    "consent", ("identity_id", "id", "channel", "type", "at", "recorded_at", "source", "proof_uri", "key")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whom a link was made for. ``identity`` None: somebody who was erased; ``channel``: what the link came by;
    ``own``: it was made for the person, and is in no message."""

    ref: str
    channel: str
    identity: int | None
    own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A pause and a frequency; None: no pause, as often as messages come. ``at_most_every`` is seconds."""

    paused_until: int | None = None
    at_most_every: int | None = None


def holder_of(conn: Connection, signer: Signer, key: bytes, token: str) -> Holder | None:
    """Whom a token is for; None for one that is not ours, or of a message that is not on record."""
    ref = signer.read(token)
    if ref is None:
        return None
    identity = person_of(key, ref)
    found = (identity, "email") if identity is not None else preferences.person_of_touch(conn, ref)
    if found is None:
        return None
    channel = found[1] if found[1] in CHANNELS else "email"
    living = people.living(conn, [found[0]]).get(found[0])
    return Holder(ref=ref, channel=channel, identity=living, own=identity is not None)


def opt_out(conn: Connection, holder: Holder, channel: str, listeners: Listeners, now: int) -> None:
    """They want no more of this: a channel, or ``all``. Saying it again changes nothing."""
    _refuse(conn, holder, "unsubscribed", channel, listeners, now)


def decline(conn: Connection, holder: Holder, channel: str, listeners: Listeners, now: int) -> None:
    """They want nothing by this channel; what others carry goes on."""
    _refuse(conn, holder, "channel_declined", channel, listeners, now)


def _refuse(
    conn: Connection, holder: Holder, name: str, channel: str, listeners: Listeners, now: int
) -> None:
    who = _locked(conn, holder)
    # what was said elsewhere may be taken back there: this holds by itself
    if who is None or preferences.opt_outs(conn, who, SOURCE).keys() & {channel, ALL}:
        return
    record_in(conn, [_event(holder, who, name, now, channel=channel)], listeners, now)


def may_take_back(conn: Connection, holder: Holder, channel: str, now: int) -> int | None:
    """Since when the no stands that this very link said, if it may take it back; of ``all`` it opens e-mail."""
    if holder.identity is None or channel not in (OPENED_AGAIN, ALL):
        return None
    since = preferences.opt_outs(conn, holder.identity, SOURCE).get(channel)
    if since is None or now - since > TAKE_BACK_WITHIN:
        return None
    said = preferences.told(conn, holder.identity, PAGES, ("unsubscribed", "channel_declined"))
    ours = (e for e in said if e["at"] == since and _by(holder, e))
    return since if any(orjson.loads(e["data"]).get("channel") == channel for e in ours) else None


def take_back(conn: Connection, holder: Holder, channel: str, listeners: Listeners, now: int) -> bool:
    """They take back the no that this link said. False where there is none that may be taken back, or it was said in
    this very second: on a tie a no holds."""
    who = _locked(conn, holder)
    since = may_take_back(conn, holder, channel, now)
    if who is None or since is None or since >= now:
        return False
    known = people.addresses_of(conn, [who])
    addresses = {a for _, email, phone in known for a in reached_on(channel, email, phone)}
    preferences.lift(conn, who, channel, since, SOURCE, sorted(addresses))
    if channel == ALL:  # what else they meant stays closed
        others = [c for c in CHANNELS if c != OPENED_AGAIN]
        suppress_all(conn, [Refusal(identity_id=who, channel=c, reason="opt_out", at=since, source=SOURCE)
                            for c in others], now)  # fmt: skip
    event = _event(holder, who, "opted_in", now, channel=OPENED_AGAIN)
    _grant_again(conn, who, event, now)
    record_in(conn, [event], listeners, now)
    return True


def choose(conn: Connection, holder: Holder, chosen: Chosen, listeners: Listeners, now: int) -> None:
    """Set the pause and the frequency, as far as ``mildest`` lets this link. What waited only for a stricter choice is
    judged again at once."""
    who = _locked(conn, holder)
    if who is None or chosen_by(conn, who, now) == chosen:
        return
    chosen = _at_least(chosen, mildest(conn, holder, now))
    preferences.put(conn, who, chosen.paused_until, chosen.at_most_every, now, PAGES)
    preferences.release(conn, who, now)
    every = chosen.at_most_every
    told = {"paused_until": iso(chosen.paused_until), "at_most_every_days": every // DAY if every else None}
    record_in(conn, [_event(holder, who, "preferences_changed", now, **told)], listeners, now)


def chosen_by(conn: Connection, identity: int, now: int) -> Chosen:
    """What is in force for a person: a pause that is over is none."""
    row = preferences.chosen(conn, identity) or {"paused_until": None, "at_most_every": None}
    until = row["paused_until"]
    paused = until if until is not None and until > now else None
    return Chosen(paused_until=paused, at_most_every=row["at_most_every"])


def mildest(conn: Connection, holder: Holder, now: int) -> Chosen:
    """The mildest choice that is open to a link: what was in force before it chose anything, for a day; then what is
    in force. A link of the person's own, which is in no message, may choose anything."""
    if holder.identity is None or holder.own:
        return Chosen()
    row = preferences.chosen(conn, holder.identity)
    if row is None:
        return Chosen()
    told = preferences.told(conn, holder.identity, PAGES, ("preferences_changed",))
    if not told or told[-1]["at"] != row["updated_at"]:  # it was chosen in another way
        return Chosen(paused_until=row["paused_until"], at_most_every=row["at_most_every"])
    while told and _by(holder, told[-1]) and now - told[-1]["at"] <= TAKE_BACK_WITHIN:
        told.pop()
    return _chosen_in(told[-1]) if told else Chosen()


def _at_least(chosen: Chosen, floor: Chosen) -> Chosen:
    """The stricter of both, pause and frequency each for itself."""
    until = max(chosen.paused_until or 0, floor.paused_until or 0)
    every = max(chosen.at_most_every or 0, floor.at_most_every or 0)
    return Chosen(paused_until=until or None, at_most_every=every or None)


def _chosen_in(event: Mapping[str, Any]) -> Chosen:
    data = orjson.loads(event["data"])
    until, days = data.get("paused_until"), data.get("at_most_every_days")
    return Chosen(paused_until=instant(until) if until else None, at_most_every=days * DAY if days else None)


def _by(holder: Holder, event: Mapping[str, Any]) -> bool:
    """This very link left that event."""
    return bool(event["key"].startswith(f"{holder.ref}:"))


def standing(conn: Connection, identity: int) -> dict[str, int]:
    """Channel, or ``all`` -> since when the person has opted out of it."""
    rows = facts.suppressions(conn, [identity])
    return {channel: at for _, channel, reason, at in rows if reason == "opt_out"}


def _locked(conn: Connection, holder: Holder) -> int | None:
    """Who the holder is now, locked; None for somebody erased."""
    if holder.identity is None:
        return None
    return people.lock_living(conn, [holder.identity]).get(holder.identity)


def _event(holder: Holder, who: int, name: str, now: int, **data: Any) -> NewEvent:
    """An event of its own: that it is not told twice is seen to before, under the lock."""
    key = f"{holder.ref}:{next_ids(1)[0]}"
    return NewEvent(identity_id=who, name=name, at=now, source=PAGES, key=key, data=data)


def _grant_again(conn: Connection, who: int, event: NewEvent, now: int) -> None:
    """The consent that the no had revoked is given again, of the kind there was, with the click as its only proof.
    Where nothing was on record it is the weakest there is."""
    history = [row for row in facts.consents(conn, [who], _EVER) if row[1] == OPENED_AGAIN]
    if not history or not _revoked_here(history[-1]) or standing(conn, who).keys() & {OPENED_AGAIN, ALL}:
        return
    before = [row[2] for row in history if not _revoked_here(row)]
    kind = before[-1] if before else "implied"
    if kind == "revoked":
        return
    key = fact_key("again", who, OPENED_AGAIN, event.key)
    proof = f"event:{PAGES}/{event.key}"
    _CONSENT(conn, [(who, next_ids(1)[0], OPENED_AGAIN, kind, now, now, SOURCE, proof, key)])


def _revoked_here(row: Any) -> bool:
    return bool(row[2] == "revoked" and row[5] == SOURCE)
