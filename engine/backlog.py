"""Backlog: after long downtime nothing stampedes. When an unusual share is overdue, decisions are held until
an operator has looked.

Pausing a campaign is the operator's own hold: its timeline stops, and goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection

from engine.model import HOUR
from state.queries import control, due

#: later than this is overdue: a worker that runs is never so late
GRACE = 6 * HOUR
#: fewer than this many overdue are no stampede, whatever share they are
FEW = 200
#: overdue share of all that have a next moment, from which on a person should look
SHARE = 0.2

_HOLD = "hold:backlog"
_CLEARED = "hold:cleared"


def backlog_hold(
    conn: Connection, campaigns: Collection[str] = (), now: int | None = None
) -> dict[str, Any] | None:
    """The hold in force, or None. With ``now`` it is declared when too much is overdue.

    Costs one look at the front of the due index while there is no backlog.
    """
    held = control.get(conn, _HOLD)
    if held is not None:
        return {**held[0], "since": held[1]}
    if now is None or not campaigns:
        return None
    # after an operator's word the backlog is worked off undisturbed, for as long as working it off may take
    cleared = control.get(conn, _CLEARED)
    if cleared is not None and now - cleared[1] < 24 * HOUR:
        return None
    if due.overdue(conn, now - GRACE, campaigns, FEW) < FEW:
        return None
    late = due.overdue(conn, now - GRACE, campaigns, 1 << 40)
    every = due.asleep_or_due(conn)
    if late < every * SHARE:
        return None
    value = {"overdue": late, "of": every}
    control.put(conn, _HOLD, value, now)
    return {**value, "since": now}


def clear_hold(conn: Connection, now: int) -> bool:
    """The operator's word: work the backlog off. False when nothing was held."""
    if control.get(conn, _HOLD) is None:
        return False
    control.drop(conn, _HOLD)
    control.put(conn, _CLEARED, {}, now)
    return True


def pause(conn: Connection, campaign: str, now: int) -> bool:
    """Stop a campaign's timeline. False when it was paused already."""
    if control.get(conn, f"pause:{campaign}") is not None:
        return False
    control.put(conn, f"pause:{campaign}", {}, now)
    return True


def resume(conn: Connection, campaign: str, now: int) -> int | None:
    """Let a paused campaign go on where it stopped: every moment moves by the pause's length, so nothing is
    late and nothing comes at once. Returns the seconds, or None when it was not paused."""
    paused = control.get(conn, f"pause:{campaign}")
    if paused is None:
        return None
    since = min(paused[1], now)
    due.shift_timeline(conn, campaign, since, now)
    control.drop(conn, f"pause:{campaign}")
    return now - since
