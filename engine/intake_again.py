"""What came in and is still open, taken up again: openings and clicks when they have been watched for long enough,
and what found no touch or person, for some days."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import Connection

from channels.events import EventKind, InboundMessage, Keyword, ProviderEvent
from engine import telling
from engine.intake import WATCHED, Coming, Intake, Item
from engine.machines import WATCH, Act, by_machines
from engine.model import DAY
from state.queries import people, received

if TYPE_CHECKING:
    from engine.app import App

#: seconds for which what finds no place is tried again; an import may bring its person
KEPT_OPEN = 3 * DAY
#: rows in one transaction
_CHUNK = 500

Open = dict[str, Any]


def judge_watched(app: App, now: int) -> Counter[str]:
    """Tell people's openings and clicks from programs', where the first of a message has waited long enough."""
    tally: Counter[str] = Counter()
    with app.store.read() as conn:
        due = received.due_watched(conn, WATCHED, now - WATCH, _CHUNK)
        rows = received.open_of(conn, due, WATCHED) if due else []
    ripe = {row["ref"] for row in rows if row["received_at"] <= now - WATCH}
    rows = [row for row in rows if row["ref"] in ripe]
    for (source, channel), group in _grouped(rows).items():
        with app.store.begin() as conn:
            people.lock_living(
                conn, {row["identity_id"] for row in group}
            )  # before their rows, as erasing does
            coming = _judged(conn, received.still_open(conn, [row["id"] for row in group]))
            tally.update(_again(conn, app, source, channel, coming, now))
    return tally


def place_open(app: App, now: int) -> Counter[str]:
    """Look again for the touch or the person of what had none; what stays without for too long is let be."""
    tally: Counter[str] = Counter()
    last = 0
    while not app.stopping:
        with app.store.read() as conn:
            rows = received.unplaced(conn, WATCHED, last, _CHUNK)
        if not rows:
            break
        last = rows[-1]["id"]
        for (source, channel), group in _grouped(rows).items():
            numbers = [row["id"] for row in group]
            if source.startswith(telling.PREFIX):
                tally.update(telling.place_again(app, source, group, now))
            else:
                with app.store.begin() as conn:
                    coming = [_coming(row) for row in received.still_open(conn, numbers)]
                    tally.update(_again(conn, app, source, channel, coming, now))
            with app.store.begin() as conn:
                received.give_up(conn, numbers, now - KEPT_OPEN)
    return tally


def _again(
    conn: Connection, app: App, source: str, channel: str, coming: list[Coming], now: int
) -> Counter[str]:
    """Read and obey what is open once more, as if it came now."""
    if not coming:
        return Counter()
    intake = Intake(conn, app, source, channel, now, watch=False)
    intake.read(coming)
    done = [row for row in intake.rows if row.state != "open"]
    received.close(conn, [(r.id, r.identity_id, r.machine, r.state, r.reason, None) for r in done])
    intake.act()
    return Counter(row.state for row in done)


def _grouped(rows: Iterable[Open]) -> Mapping[tuple[str, str], list[Open]]:
    """By source and channel: a transaction locks its people at once."""
    found: dict[tuple[str, str], list[Open]] = defaultdict(list)
    for row in rows:
        found[row["source"], row["channel"] or ""].append(row)
    return found


def _judged(conn: Connection, rows: list[Open]) -> list[Coming]:
    delivered = received.delivered_at(conn, {row["ref"] for row in rows})
    by_ref: dict[str, list[Coming]] = defaultdict(list)
    for row in rows:
        by_ref[row["ref"]].append(_coming(row))
    found: list[Coming] = []
    for ref, coming in by_ref.items():
        events = [c.item for c in coming if isinstance(c.item, ProviderEvent)]
        machine = by_machines([Act(e.id, e.at, e.url) for e in events], delivered.get(ref))
        for c in coming:
            assert isinstance(c.item, ProviderEvent)
            found.append(c._replace(item=replace(c.item, machine=True)) if c.item.id in machine else c)
    return found


def _coming(row: Open) -> Coming:
    return Coming(row["id"], _item(orjson.loads(row["said"]), row["raw"]), row["received_at"])


def _item(said: dict[str, Any], raw: str) -> Item:
    """The item ``engine.intake.to_json`` wrote."""
    if "sender" in said:
        said = {"to": "", **said, "media": tuple(said.get("media", ()))}
        if "answered" in said:
            said["answered"] = Keyword(said["answered"])
        return InboundMessage(raw=raw, **said)
    return ProviderEvent(raw=raw, **{**said, "kind": EventKind(said["kind"])})
