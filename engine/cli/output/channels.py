"""``rekindle channels``, and the same table in ``rekindle status``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from engine.cli.output.look import (
    BAD,
    DIM,
    GOOD,
    STRONG,
    WAITS,
    moment,
    number,
    plain,
    seconds_between,
    span,
    table,
)

Row = Mapping[str, Any]

_SAID = {"closed": "well", "open": "left alone", "half_open": "tried again"}


def render(channels: Sequence[Row], now: str) -> Group:
    """A row a channel, and below it what keeps failing and why."""
    heads = ("queued", "in doubt", "dead letters")
    body = table("channel", "adapter", "state", "rate", "used", *heads, numbers=heads)
    for row in channels:
        body.add_row(
            row["channel"],
            Text(row["adapter"] or "none", "" if row["adapter"] else BAD),
            _state(row),
            _rate(row),
            Text("\n".join(row["used"]), DIM),
            number(row["queued"], WAITS),
            number(row["in_doubt"], BAD),
            number(row["dead_letters"], BAD),
        )
    notes = [note for row in channels for note in _notes(row, now)]
    return Group(body, *notes)


def _state(row: Row) -> Text:
    if row["state"] == "closed":
        return Text("failing", WAITS) if row["failures"] else Text("well", GOOD)
    return Text(_SAID[row["state"]], f"{STRONG} {BAD}")


def _rate(row: Row) -> Text:
    told = Text(", ".join(row["rate"]) or "-", "" if row["rate"] else DIM)
    if row["rate_group"]:
        told.append(f" with {row['rate_group']}", DIM)
    warm_up = row["warm_up"]
    if warm_up:
        doubles = f", twice that {moment(warm_up['doubles_at'])}" if warm_up["doubles_at"] else ""
        told.append(f"\nwarming up: {warm_up['now']}, step {warm_up['step']}{doubles}", WAITS)
    return told


def _notes(row: Row, now: str) -> list[RenderableType]:
    if not row["failures"]:
        return []
    since = span(seconds_between(row["failing_since"], now), 1)
    told = f"{row['channel']} failing for {since}, {row['failures']:,} in a row: {plain(row['last_error'])}"
    again = f"; tried again {moment(row['next_try'])}" if row["next_try"] else ""
    mend = "; mend it here" if row["ours"] else ""
    return [Text(f"{told}{mend}{again}", BAD)]
