"""What the preference page shows of a person: their choices, the ways to reach them, their consents.

A link travels with a forwarded message, so whoever has it is told nothing that the message did not already tell:
addresses are shortened, and neither names nor proofs are shown.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection

from engine import choices
from engine.choices import SOURCE, Chosen, Holder
from engine.gates.address import address_of
from engine.model import CHANNELS, DAY
from engine.suppression import ALL
from state.queries import facts

#: days between two messages, and days of a pause, that can be chosen; 0 is none
FREQUENCIES = (0, 7, 30, 90)
PAUSES = (0, 30, 60, 90, 180)

_DOTS = "•••"
_EVER = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A channel that can reach them. ``fixed``: closed by a no that this link cannot take back."""

    channel: str
    address: str  # shortened
    off_since: int | None
    fixed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A consent on record. ``here``: it was given or withdrawn on these pages."""

    channel: str
    type: str
    at: int
    source: str
    here: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """All of it. ``often`` is days; ``frequencies`` and ``pauses``: what this link may choose, ``bounded`` where that
    is not everything; ``stopped``: since when everything is off, ``undo``: this link may take that back."""

    frequencies: tuple[int, ...]
    often: int
    pauses: tuple[int, ...]
    paused_until: int | None
    bounded: bool
    ways: tuple[Way, ...]
    stopped: int | None
    undo: bool
    consents: tuple[Held, ...]


def view_of(conn: Connection, holder: Holder, channels: Collection[str], now: int) -> View:
    """What to show who holds a link of somebody alive; ``channels`` are those that the environment has."""
    assert holder.identity is not None
    chosen = choices.chosen_by(conn, holder.identity, now)
    floor = choices.mildest(conn, holder, now)
    out, often = choices.standing(conn, holder.identity), days_of(chosen)
    frequencies = tuple(d for d in sorted({*FREQUENCIES, often}) if d >= days_of(floor))
    pauses = tuple(d for d in PAUSES if d * DAY + now >= (floor.paused_until or 0))
    return View(
        frequencies=frequencies,
        often=often,
        pauses=pauses,
        paused_until=chosen.paused_until,
        bounded=0 not in frequencies or 0 not in pauses,
        ways=_ways(conn, holder, channels, out, now),
        stopped=out.get(ALL),
        undo=choices.may_take_back(conn, holder, ALL, now) is not None,
        consents=_consents(conn, holder.identity),
    )


def days_of(chosen: Chosen) -> int:
    """The frequency in days; 0: none was chosen."""
    return (chosen.at_most_every or 0) // DAY


def _ways(
    conn: Connection, holder: Holder, channels: Collection[str], out: dict[str, int], now: int
) -> tuple[Way, ...]:
    assert holder.identity is not None
    person = facts.people(conn, [holder.identity])[0]
    found = ((c, address_of(c, person)) for c in CHANNELS if c in channels)
    undo = {c for c in out if choices.may_take_back(conn, holder, c, now) is not None}
    return tuple(
        Way(channel=c, address=shortened(c, a), off_since=out.get(c), fixed=c in out and c not in undo)
        for c, a in found
        if a is not None
    )  # fmt: skip


def _consents(conn: Connection, identity: int) -> tuple[Held, ...]:
    """The consent in force by channel: the last one of each."""
    current = {row[1]: row for row in facts.consents(conn, [identity], _EVER)}
    return tuple(
        Held(channel=c, type=row[2], at=row[3], source=_plain(row[5]), here=row[5] == SOURCE)
        for c, row in sorted(current.items())
        if c in CHANNELS
    )


def _plain(source: str) -> str:
    return source.removeprefix("event:")


def shortened(channel: str, address: str) -> str:
    """An address that its owner knows again and nobody else learns."""
    if "@" in address:
        local, _, domain = address.rpartition("@")
        return f"{local[:1]}{_DOTS}@{domain[:1]}{_DOTS}"
    if channel in ("sms", "phone"):
        return f"{_DOTS} {address[-2:]}"
    return _DOTS
