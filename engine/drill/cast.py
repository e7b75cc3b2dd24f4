"""The people of a drill: synthetic, one for each way in, at addresses that belong to nobody.

They live in the real tables, since the real way in looks there; an identity below zero tells them from everybody
else. What was made is written down first, so that a drill that was killed is cleaned up by the next one.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from channels.base import Message
from engine.fields import FieldType
from engine.model import BUILT_IN, DAY, Campaign, Project, SegmentDef, Step, StepKind, Then, Track
from engine.people.normalise import email_key, email_keys
from engine.people.phones import phone_number
from engine.predicate import Compare, Op
from engine.refs import touch_ref
from state.ids import next_id
from state.queries import control, synthetic

if TYPE_CHECKING:
    from engine.app import App

#: the campaign that synthetic people are on: no file can have this name
CAMPAIGN = "(drill)"
SOURCE = "drill"
#: a drill that began so many seconds ago and is still there was killed
FORGOTTEN = 900
_KEY = "drilling:"
_TRIES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """A synthetic person who was sent one message, by ``channel``, under ``ref``."""

    identity: int
    channel: str
    ref: str
    email: str
    phone: str


def campaign_for(channel: str) -> tuple[Campaign, Step]:
    """A campaign of one step, by which the gates are asked about a next message."""
    step = Step(id="next", kind=StepKind.SEND, at=0, channel=channel, expires=DAY, source=BUILT_IN)
    campaign = Campaign(
        id=CAMPAIGN, version="drill", owner=SOURCE, objective=SOURCE, group=CAMPAIGN, priority=0, segment=CAMPAIGN,
        where=None, re_enter_after=None, consent={}, caps=(), cohorts=(),
        main=Track(id="main", steps=(step,), source=BUILT_IN), triggers=(), then=Then(), exits=(), goal=None,
        holdout=0, templates={}, offers={}, source=BUILT_IN,
    )  # fmt: skip
    return campaign, step


def project_for(app: App) -> Project:
    """The project with one segment more, in which every synthetic person is: the gates and the policy are its own."""
    everybody = Compare("source", FieldType.TEXT, Op.PRESENT, None, BUILT_IN)
    segment = SegmentDef(id=CAMPAIGN, where=everybody, description=SOURCE, source=BUILT_IN)
    return replace(app.project, segments=(segment,))


def hire(app: App, conn: Connection, channel: str) -> Extra:
    """A new synthetic person who was written to by ``channel`` a moment ago."""
    now, identity, name = app.clock.now(), -next_id(), secrets.token_hex(6)
    extra = Extra(
        identity=identity,
        channel=channel,
        ref=touch_ref(app.ref_key, identity, CAMPAIGN, 1, channel),
        email=f"drill-{name}@example.com",
        phone=_free_phone(conn),
    )
    control.put(conn, f"{_KEY}{-identity}", {"id": identity, "addresses": _addresses(extra)}, now)
    synthetic.put(conn, _rows(extra, now))
    return extra


def _free_phone(conn: Connection) -> str:
    """A number out of those reserved for fiction, which nobody in the store has either, nor has had in a drill that is
    not swept yet."""
    kept = {address for value, _ in control.like(conn, _KEY).values() for address in value["addresses"]}
    for _ in range(_TRIES):
        phone = f"+1{secrets.choice(range(201, 990))}55501{secrets.randbelow(100):02}"
        if phone not in kept and phone_number(phone, None) and not synthetic.is_taken(conn, phone):
            return phone
    raise AssertionError("every reserved number is taken")


def _addresses(extra: Extra) -> list[str]:
    return [*email_keys(email_key(extra.email) or ""), extra.phone]


def _rows(extra: Extra, now: int) -> dict[str, dict[str, Any]]:
    round_ = {"identity_id": extra.identity, "campaign": CAMPAIGN, "cycle": 1}
    past = dict.fromkeys(("planned_at", "not_before", "decided_at", "counted_at", "finished_at"), now)
    # marketing=False: this message is on record for its address, and never leaves
    message = Message(
        ref=extra.ref, channel=extra.channel, text=SOURCE, marketing=False,
        to=extra.email if extra.channel == "email" else extra.phone,
    )  # fmt: skip
    return {
        "person": {
            "identity_id": extra.identity, "created_at": now, "updated_at": now, "email": extra.email,
            "email_key": email_key(extra.email), "phone": extra.phone, "first_name": "Drill", "country": "US",
            "timezone": "America/New_York", "source": SOURCE, "attributes": "{}",
        },
        "enrolment": {
            **round_, "version": "drill", "exclusivity_group": CAMPAIGN, "segment": CAMPAIGN, "track": "main",
            "state": "ended", "reason": "completed", "entered_at": now, "shift": 0, "ended_at": now,
        },
        "touch": {
            **round_, **past, "step": extra.channel, "ref": extra.ref, "state": "sent", "channel": extra.channel,
            "priority": 0, "expires_at": now + DAY, "attempts": 1, "failures": 0,
        },
        "message": {**round_, "step": extra.channel, "payload": message.to_json()},
        "consent": {
            "identity_id": extra.identity, "id": next_id(), "channel": extra.channel, "type": "express_written",
            "at": now, "recorded_at": now, "source": SOURCE, "key": f"{SOURCE}:{extra.identity}",
        },
    }  # fmt: skip


def dismiss(conn: Connection, identities: set[int], *, late: bool = False) -> None:
    """These synthetic people go, with all that is on record about them. ``late``: a no of theirs may still be worked
    off, so that their addresses are kept for the sweep."""
    found = {k: v for k, (v, _) in control.like(conn, _KEY).items() if v["id"] in identities}
    _drop(conn, found, forget=not late)


def sweep(conn: Connection, before: int) -> int:
    """Clean up after people of drills that began before a moment: those of one that never came to its end, and what
    was worked off after its end; how many people that were."""
    forgotten = {k: v for k, (v, at) in control.like(conn, _KEY).items() if at <= before}
    _drop(conn, forgotten, forget=True)
    return len(forgotten)


def _drop(conn: Connection, found: dict[str, dict[str, Any]], *, forget: bool) -> None:
    if not found:
        return
    synthetic.drop(
        conn, [v["id"] for v in found.values()], [a for v in found.values() for a in v["addresses"]]
    )
    for key in found if forget else ():
        control.drop(conn, f"{_KEY}{key}")
