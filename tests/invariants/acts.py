"""What people, operators and other processes do to a world, each told to the store and to the oracle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text

from engine import backlog, tasks
from engine.events import Listeners, NewEvent, record
from engine.people.erase import erase as forget
from engine.people.merge import merge
from engine.suppression import suppress
from state.ids import next_id
from tests.invariants.people import Human
from tests.invariants.world import World

CAMPAIGNS = frozenset({"recall", "checkin", "second", "burst", "welcome"})


def event(world: World, human: Human, name: str, data: Mapping[str, Any] | None = None) -> None:
    """Something a person did becomes known."""
    new = NewEvent(identity_id=human.identity, name=name, at=world.now, source="trial", key=f"trial-{next_id()}",
                   data=dict(data or {}))  # fmt: skip
    listeners: Listeners = world.workers[0].listeners() if world.workers else {name: CAMPAIGNS}
    record(world.front, [new], world.clock, listeners)


def refuse(world: World, human: Human, channel: str) -> None:
    """A person says no on a channel, or on all: it binds them and the addresses they have."""
    with world.front.begin() as conn:
        suppress(conn, human.identity, channel, "opt_out", at=world.now, source="trial")
    human.refused.add(channel)
    for address in _addresses(human, channel):
        world.oracle.dead.setdefault((address, channel), world.now)


def bounce(world: World, human: Human, channel: str) -> None:
    """The provider says that the address does not exist: the address is dead, the person is not."""
    for address in _addresses(human, channel):
        world.oracle.dead.setdefault((address, channel), world.now)


def _addresses(human: Human, channel: str) -> list[str]:
    email, phone = human.email.lower(), human.phone
    by_channel: dict[str, list[str | None]] = {"email": [email], "sms": [phone], "linkedin": []}
    wanted = by_channel.get(channel, [email, phone])
    return [a for a in wanted if a]


def join(world: World, survivor: Human, loser: Human) -> None:
    """Two identities turn out to be one person."""
    with world.front.begin() as conn:
        merge(conn, [(survivor.identity, loser.identity)], world.now)
    ours, theirs = dict(_standing(survivor)), dict(_standing(loser))
    for channel in ours.keys() & theirs.keys():
        kinds = {ours[channel][0], theirs[channel][0]}
        if "revoked" in kinds and len(kinds) > 1:
            survivor.consents.append((channel, "revoked", max(ours[channel][1], theirs[channel][1]), False))
    survivor.consents = sorted([*survivor.consents, *loser.consents], key=lambda c: c[2])
    survivor.refused |= loser.refused
    loser.merged_into = survivor.badge


def _standing(human: Human) -> list[tuple[str, tuple[str, int]]]:
    found = []
    for channel in {c[0] for c in human.consents}:
        kind, _, at = human.consent(channel, 1 << 62)
        assert kind is not None and at is not None
        found.append((channel, (kind, at)))
    return found


def pause(world: World, campaign: str) -> None:
    """The operator stops a campaign's timeline."""
    with world.front.begin() as conn:
        backlog.pause(conn, campaign, world.now)


def resume(world: World, campaign: str) -> None:
    """The operator lets it go on."""
    with world.front.begin() as conn:
        backlog.resume(conn, campaign, world.now)


def close_reviews(world: World, disposition: str) -> None:
    """Everything that waits for a human's approval is closed: ``approved`` or ``rejected``."""
    with world.front.read() as conn:
        refs = [
            r[0] for r in conn.execute(text("SELECT ref FROM task WHERE kind = 'review' AND state = 'open'"))
        ]
    if not world.workers:
        return
    for ref in refs:
        tasks.close(world.workers[0], ref, disposition)


def make(world: World, human: Human, **columns: Any) -> None:
    """The system of record says something new about a person."""
    assignments = ", ".join(f"{name} = :{name}" for name in columns)
    with world.front.begin() as conn:
        conn.execute(
            text(f"UPDATE person SET {assignments} WHERE identity_id = :id"),
            {**columns, "id": human.identity},
        )


def leave_segment(world: World, human: Human) -> None:
    """The system of record knows the person as a customer again."""
    make(world, human, status_at_last_touch="customer")


def erase(world: World, human: Human) -> None:
    """The person asks to be forgotten."""
    forget(world.front, human.identity, world.clock)
    human.gone = True
    for address in _addresses(human, "all"):
        world.oracle.dead.setdefault((address, "all"), world.now)
