"""What the preference page shows of a person: their choices, the ways to reach them, their consents.

A link travels with a forwarded message, so whoever has it is told nothing that the message did not already tell:
addresses are shortened, and neither names nor proofs are shown.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection

from engine import choices
from engine.choices import SOURCE, Chosen
from engine.gates.address import address_of
from engine.model import CHANNELS, DAY
from engine.suppression import ALL
from state.queries import facts, preferences

#: days between two messages, and days of a pause, that can be chosen; 0 is none
FREQUENCIES = (0, 7, 30, 90)
PAUSES = (0, 30, 60, 90, 180)

_DOTS = "•••"
_EVER = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A channel that can reach them. ``fixed``: closed by a no that was not said on these pages."""

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
    """All of it. ``often`` is days; ``stopped``: since when everything is off."""

    frequencies: tuple[int, ...]
    often: int
    pauses: tuple[int, ...]
    paused_until: int | None
    ways: tuple[Way, ...]
    stopped: int | None
    stopped_here: bool
    consents: tuple[Held, ...]


def view_of(conn: Connection, identity: int, channels: Collection[str], now: int) -> View:
    """What to show a person; ``channels`` are those that the environment has."""
    chosen = choices.chosen_by(conn, identity, now)
    out, here = choices.standing(conn, identity), preferences.opt_outs(conn, identity, SOURCE)
    often = days_of(chosen)
    return View(
        frequencies=tuple(sorted({*FREQUENCIES, often})),
        often=often,
        pauses=PAUSES,
        paused_until=chosen.paused_until,
        ways=_ways(conn, identity, channels, out, here),
        stopped=out.get(ALL),
        stopped_here=ALL in here,
        consents=_consents(conn, identity),
    )


def days_of(chosen: Chosen) -> int:
    """The frequency in days; 0: none was chosen."""
    return (chosen.at_most_every or 0) // DAY


def _ways(
    conn: Connection, identity: int, channels: Collection[str], out: dict[str, int], here: dict[str, int]
) -> tuple[Way, ...]:
    person = facts.people(conn, [identity])[0]
    found = ((c, address_of(c, person)) for c in CHANNELS if c in channels)
    return tuple(
        Way(channel=c, address=shortened(c, a), off_since=out.get(c), fixed=c in out and c not in here)
        for c, a in found
        if a is not None
    )


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
