"""How laid-out results look: one set of colours, marks, tables and words for every view.

Green is done, yellow waits for something, red was refused or needs a human. No view says anything by colour
alone, so that each reads the same without any.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich import box
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from engine.cli.output.text import printable

GOOD, WAITS, BAD, DIM, STRONG = "green", "yellow", "red", "dim", "bold"

#: colour of a touch's or a task's state
STATES = {
    "sent": GOOD, "delivered": GOOD, "done": GOOD,
    "held": WAITS, "queued": WAITS, "dispatching": WAITS, "open": WAITS, "parked": WAITS,
    "skipped": BAD, "cancelled": BAD, "failed": BAD, "bounced": BAD, "in_doubt": BAD, "declined": BAD,
}  # fmt: skip

#: rules and reasons in a reader's words, where the code does not speak for itself
WORDS = {
    "capacity": "the owner's day is full",
    "channel": "no usable address",
    "condition": "not for them (if, unless)",
    "consent": "no consent",
    "content": "message cannot be written",
    "do_not_contact": "do not contact",
    "escalation": "open escalation",
    "dropped": "dropped by a person",
    "fatigue": "cap is full",
    "gave_up": "given up after too many tries",
    "holdout": "kept back to compare",
    "not_sent": "found not to have left",
    "offer_expired": "offer has ended",
    "preference": "as they chose",
    "provider_refused": "refused by the provider",
    "quiet_hours": "quiet hours",
    "recent_discount": "had a discount lately",
    "suppression": "suppressed",
    "window": "outside the send window",
}

#: how many of the zones a person may be in are named
_ZONES = 4


def words(code: str | None) -> str:
    """A rule or reason for a reader; ``held: window`` is one in a state."""
    if code is None:
        return ""
    state, _, reason = code.rpartition(": ")
    told = WORDS.get(reason, reason.replace("_", " "))
    return f"{state.replace('_', ' ')}, {told}" if state else told


def plain(value: Any) -> str:
    """A value of somebody's data, made harmless for a terminal; a dash where there is none."""
    return "-" if value is None or value == "" else printable(str(value))


def number(count: int, style: str = "") -> Text:
    """A count with thousands set off; a dot for none, so that what is there stands out."""
    return Text(f"{count:,}", style) if count else Text("·", DIM)


def mark(truth: bool | None) -> Text:
    """A tick or a cross; a dash where a value was missing and nothing can be said."""
    return Text("-", DIM) if truth is None else Text("✓", GOOD) if truth else Text("✗", BAD)


def counts(found: Mapping[str, int], style: str = "") -> Text:
    """``reason 12, other 3``, most first."""
    said: Counter[str] = Counter()
    for code, count in found.items():
        said[words(code)] += count
    ordered = sorted(said.items(), key=lambda item: (-item[1], item[0]))
    return Text(", ").join(Text.assemble((name, style), f" {count:,}") for name, count in ordered)


def table(*columns: str, numbers: Iterable[str] = ()) -> Table:
    """A table without walls. Columns named in ``numbers`` stand to the right; the others wrap, never cut."""
    made = Table(
        box=box.SIMPLE_HEAD, header_style=STRONG, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False
    )
    for name in columns:
        if name in numbers:
            made.add_column(name, justify="right", no_wrap=True)
        else:
            made.add_column(name, overflow="fold")
    return made


def rows() -> Table:
    """A bare grid for facts under a title."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style=DIM, no_wrap=True)
    grid.add_column(overflow="fold")
    return grid


def under(title: str, body: Any, note: str = "") -> list[Any]:
    """A titled part of a view, with a blank line before it."""
    return [
        Text(),
        Text.assemble((title, STRONG), (f"  {note}" if note else "", DIM)),
        Padding(body, (0, 0, 0, 2)),
    ]


def moment(instant: str | None, zone: str = "UTC", *, year: bool = True) -> str:
    """An ISO instant for a reader, in a zone."""
    if instant is None:
        return "-"
    there = datetime.fromisoformat(instant).astimezone(ZoneInfo(zone) if zone != "UTC" else UTC)
    return f"{there:%a %d %b{' %Y' if year else ''} %H:%M}{' UTC' if zone == 'UTC' else ''}"


def zones(possible: Sequence[str], *, known: bool) -> str:
    """The zones a person may be in, and how far the record settles it."""
    if not possible:
        return "unknown, so no moment is surely within lawful hours"
    if known:
        return f"{possible[0]}, on record"
    if len(possible) == 1:
        return f"{possible[0]}, the only one that fits the record"
    named = ", ".join(possible[:_ZONES]) + (" ..." if len(possible) > _ZONES else "")
    return f"not on record: one of {named}; a moment must suit them all"


def day(instant: str | None) -> str:
    """The date of an ISO instant."""
    return "-" if instant is None else f"{datetime.fromisoformat(instant):%d %b %Y}"


def seconds_between(start: str, end: str) -> int:
    """Seconds from one ISO instant to another."""
    return int((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds())


def span(seconds: int, units: int = 2) -> str:
    """A length of time in its largest units: ``3d 4h``."""
    sizes = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
    parts, left = [], max(0, seconds)
    for name, size in sizes:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{name}")
    return " ".join(parts[:units]) or "0s"
