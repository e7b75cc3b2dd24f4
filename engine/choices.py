"""What a person chooses on the pages: no, not so often, not now, not by this channel, or yes again.

Each is one transaction with the person's row locked, and leaves an event. A no suppresses where it is heard. A yes
takes back only the no that was said on these pages: a new consent is written beside the old ones, with the event as
its proof.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from engine.clock import iso
from engine.events import Listeners, NewEvent, record_in
from engine.model import CHANNELS, DAY
from engine.people.keys import fact_key
from engine.refs import person_of
from engine.suppression import ALL, reached_on
from engine.tokens import Signer
from state.ids import next_ids
from state.queries import facts, people, preferences
from state.queries.bulk import BulkInsert

#: where events of the pages come from, and what their suppressions and consents name as their source
PAGES = "pages"
SOURCE = f"event:{PAGES}"

#: a click on a page is no written consent to be called or texted: there only what was given before is given again
_WRITTEN_ONLY = frozenset({"sms", "phone"})
_EVER = 2**62

_CONSENT = BulkInsert(
    "consent", ("identity_id", "id", "channel", "type", "at", "recorded_at", "source", "proof_uri", "key")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whom a link was made for. ``identity`` None: somebody who was erased; ``channel``: what the link came by."""

    ref: str
    channel: str
    identity: int | None


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
    return Holder(ref=ref, channel=channel, identity=people.living(conn, [found[0]]).get(found[0]))


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
    if who is None or standing(conn, who).keys() & {channel, ALL}:
        return
    record_in(conn, [_event(holder, who, name, now, channel=channel)], listeners, now)


def take_back(conn: Connection, holder: Holder, channel: str, listeners: Listeners, now: int) -> bool:
    """They take back the no they said on these pages. False where there is none to take back."""
    who = _locked(conn, holder)
    if who is None:
        return False
    since = preferences.opt_outs(conn, who, SOURCE).get(channel)
    if since is None:
        return False
    known = people.addresses_of(conn, [who])
    addresses = {a for _, email, phone in known for a in reached_on(channel, email, phone)}
    preferences.lift(conn, who, channel, since, SOURCE, sorted(addresses))
    event = _event(holder, who, "opted_in", now, channel=channel)
    _grant_again(conn, who, channel, event, now)
    record_in(conn, [event], listeners, now)
    return True


def choose(conn: Connection, holder: Holder, chosen: Chosen, listeners: Listeners, now: int) -> None:
    """Set the pause and the frequency. What waited only for a stricter choice is judged again at once."""
    who = _locked(conn, holder)
    if who is None or chosen_by(conn, who, now) == chosen:
        return
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


def _grant_again(conn: Connection, who: int, channel: str, event: NewEvent, now: int) -> None:
    """What the no had revoked is given again: as it was, or where nothing was on record, expressly."""
    history: dict[str, list[Any]] = {}
    for row in facts.consents(conn, [who], _EVER):
        history.setdefault(row[1], []).append(row)
    still = standing(conn, who).keys()
    rows = []
    for name in sorted(history):
        again = _as_before(name, history[name])
        if channel in (name, ALL) and not still & {name, ALL} and again is not None:
            kind, proof = again
            # after the no, also within the same second: on a tie the no holds
            at = max(now, history[name][-1][3] + 1)
            rows.append((name, kind, at, proof or f"event:{PAGES}/{event.key}"))
    numbered = zip(rows, next_ids(len(rows)), strict=True)
    _CONSENT(conn, [(who, n, name, kind, at, now, SOURCE, proof, fact_key("again", who, name, event.key))
                    for (name, kind, at, proof), n in numbered])  # fmt: skip


def _as_before(channel: str, history: Sequence[Any]) -> tuple[str, str | None] | None:
    """(type, proof) of the consent that a no on these pages revoked, by the channel's rows, oldest first; None where
    another no holds, or the page cannot give it."""
    if not _revoked_here(history[-1]):
        return None
    before = [row for row in history if not _revoked_here(row)]
    if before:
        return None if before[-1][2] == "revoked" else (before[-1][2], before[-1][4])
    return None if channel in _WRITTEN_ONLY else ("express", None)


def _revoked_here(row: Any) -> bool:
    return bool(row[2] == "revoked" and row[5] == SOURCE)
