"""Bounces that say "not now" again and again: an address that is full or away for weeks is as good as gone.

``TIMES`` in a row, the last at least ``SPAN`` after the first, with nothing delivered between them, and the address is
suppressed as after a hard bounce. Fewer, or faster, is a full mailbox or a greylist, and nothing but a mark. What a
policy or a filter refused says nothing of the address, and does not count (compliance BN-06).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection

from engine.intake_events import address_keys
from engine.model import DAY
from engine.suppression import suppress_addresses
from state.queries import facts

TIMES = 3
SPAN = 7 * DAY

_NAMES = ("bounced", "delivered")


def given_up(events: Iterable[tuple[int, str, Mapping[str, Any]]]) -> bool:
    """Is an address gone, by what became of the messages to it: (moment, ``bounced`` or ``delivered``, data)?"""
    row: list[int] = []
    for at, name, data in sorted(events, key=lambda e: (e[0], e[1])):
        if name == "delivered":
            row = []
        elif data.get("soft"):
            row.append(at)
        if len(row) >= TIMES and row[-1] - row[0] >= SPAN:
            return True
    return False


def suppress_gone(conn: Connection, bounced: Mapping[int, str], channel: str, source: str, now: int) -> None:
    """Suppress the addresses, by identity, that have softly bounced once too often. The people are locked."""
    if not bounced:
        return
    story: dict[int, list[tuple[int, str, Mapping[str, Any]]]] = {}
    for identity, _, name, at, data in facts.events(conn, bounced.keys(), _NAMES, now):
        if data.get("channel") == channel and data.get("address", bounced[identity]) == bounced[identity]:
            story.setdefault(identity, []).append((at, name, data))
    gone = [bounced[identity] for identity, events in story.items() if given_up(events)]
    keys = {key for address in gone for key in address_keys(channel, address)}
    suppress_addresses(conn, keys, channel, "hard_bounce", at=now, source=f"soft_bounces:{source}")
