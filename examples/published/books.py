"""The books of a rehearsal: every sum the engine reports, added up, and counted a second time.

The second count takes another way. Rows are counted in the published file, the prepared one, the file of rejects
and the table of people; people by the Python meaning of the segments, one by one, where the engine asks SQL;
touches by replaying the ledger, where the engine counts the outbox; messages by listing what lies in the folder.
Only the reasons why somebody was not written to are the engine's alone: they have to add up.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from engine.app import App
from engine.endings import segment_of
from engine.gather import Scope, gather
from engine.model import CHANNELS
from engine.sources import REJECTS
from engine.status import status
from examples.published.dataset import KEY, NUMBER, Published

_SENT = ("sent", "delivered", "bounced")
_PEOPLE_AT_ONCE = 2_000

#: ledger action -> what it leaves the touch as; a step is due from the first of these three on
_DUE = {"queue": "queued", "hold": "held", "skip": "skipped"}
_STATES = {
    **_DUE, "dispatch": "dispatching", "retry": "queued", "sent": "sent", "failed": "failed",
    "doubt": "in_doubt", "cancel": "cancelled", "end": "cancelled",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One sum of the books: ``total`` is made of ``parts``, and both were counted twice.

    A part's second count is None where there is no other way to count it.
    """

    what: str
    total: tuple[int, int]
    parts: Mapping[str, tuple[int, int | None]]

    @property
    def holds(self) -> bool:
        """True when the parts add up to the total and both counts agree everywhere."""
        first, second = self.total
        agree = all(own is None or own == told for told, own in self.parts.values())
        return first == second == sum(told for told, _ in self.parts.values()) and agree


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Where everybody living is at one moment: segment, or "no segment" -> how many."""

    living: tuple[int, int]
    told: Mapping[str, int]
    counted: Mapping[str, int]

    def line(self, what: str) -> Line:
        """People = each segment + none."""
        return Line(what=what, total=self.living, parts=paired(self.told, self.counted))


def paired(told: Mapping[str, int], counted: Mapping[str, int]) -> dict[str, tuple[int, int | None]]:
    """Both counts of each part; a part that only one of them knows is 0 for the other."""
    return {name: (told.get(name, 0), counted.get(name, 0)) for name in dict.fromkeys([*told, *counted])}


def people_now(app: App) -> People:
    """Everybody, by the engine's own count and one by one."""
    found = status(app)["people"]
    one_by_one = _segments_one_by_one(app)
    return People(
        living=(found["living"], sum(one_by_one.values())),
        told={**found["segments"], "no segment": found["none"]},
        counted=one_by_one,
    )


def audit(app: App, published: Published, prepared: Path, before: People) -> tuple[Line, ...]:
    """Every line of the books of a rehearsal that began with ``before`` and is over."""
    found = status(app)
    with app.store.read() as conn:
        touches = Touches.of(conn)
    carried, after = _carried(app), people_now(app)
    return (
        _prepared(published, prepared),
        _rows(app, found, published),
        before.line("people at the start"),
        after.line("people at the end"),
        _planned(found, touches),
        _written(found, touches, carried, after.living[1]),
        _sent(found, touches, carried),
    )


def _number(conn: Connection, sql: str) -> int:
    return int(conn.execute(text(sql)).scalar_one())


# ── rows ──────────────────────────────────────────────────────────────────────────────────────────────


def _prepared(published: Published, prepared: Path) -> Line:
    """Every published row is in the prepared file once."""
    with prepared.open(encoding="utf-8", newline="") as file:
        rows = [(int(row[NUMBER]), bool(row[KEY])) for row in csv.DictReader(file)]
    numbers = {number for number, _ in rows} & set(range(1, published.rows + 1))
    named = sum(has_key for _, has_key in rows)
    return Line(
        what="rows published",
        total=(len(rows), published.rows),
        parts={
            "that name somebody": (named, published.named),
            "that name nobody": (len(rows) - named, len(numbers) - published.named),
        },
    )


def _rows(app: App, found: Mapping[str, Any], published: Published) -> Line:
    """Rows read = rejected by reason + new people + rows about people who are known."""
    told = Counter[str]()
    for run in found["imports"]:
        told.update({k: run[k] for k in ("read", "rejected", "created", "merged", "updated", "unchanged")})
    rejects = Counter(_reject_reasons(app))
    why = f": {'; '.join(sorted(rejects))}" if rejects else ""
    with app.store.read() as conn:
        created = _number(conn, "SELECT count(*) FROM person")
    known = told["merged"] + told["updated"] + told["unchanged"]
    return Line(
        what="rows read",
        total=(told["read"], published.rows),
        parts={
            f"rejected{why}": (told["rejected"], rejects.total()),
            "new people": (told["created"], created),
            "about people already known": (known, published.named - published.people),
        },
    )


def _reject_reasons(app: App) -> Iterator[str]:
    for path in sorted((Path(app.project.root) / REJECTS).glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            yield from (row["reason"] for row in csv.DictReader(file))


# ── people ────────────────────────────────────────────────────────────────────────────────────────────


def _segments_one_by_one(app: App) -> dict[str, int]:
    """Every living person asked by the Python meaning of the predicates."""
    project, now = app.project, app.clock.now()
    scope = Scope.of(project, project.campaigns.values())
    found = Counter(dict.fromkeys([*project.segment_ids(), "no segment"], 0))
    with app.store.read() as conn:
        sql = "SELECT identity_id FROM person WHERE merged_into IS NULL AND deleted_at IS NULL"
        ids = [row[0] for row in conn.execute(text(sql))]
        for start in range(0, len(ids), _PEOPLE_AT_ONCE):
            facts = gather(conn, scope, ids[start : start + _PEOPLE_AT_ONCE], now)
            found.update(segment_of(project, one, now) or "no segment" for one in facts.values())
    return dict(found)


# ── touches ───────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Touches:
    """What the ledger says became of every step that came due, and who the touches belong to."""

    #: "sent", "skipped: consent" ... -> how many
    outcomes: Mapping[str, int]
    #: ref of a touch -> (identity, channel)
    refs: Mapping[str, tuple[int, str]]

    @classmethod
    def of(cls, conn: Connection) -> Touches:
        """Replay the whole ledger."""
        last: dict[tuple[Any, ...], str] = {}
        sql = "SELECT identity_id, campaign, cycle, step, action, rule FROM decision ORDER BY identity_id, at, id"
        for *key, action, rule in conn.execute(text(sql)):
            step = tuple(key)
            if action in _DUE or (step in last and _moves(last[step], action)):
                last[step] = _outcome(_STATES[action], rule)
        refs = conn.execute(text("SELECT ref, identity_id, channel FROM touch"))
        return cls(Counter(last.values()), {ref: (identity, channel) for ref, identity, channel in refs})


def _moves(outcome: str, action: str) -> bool:
    """An enrolment that ends takes a postponed touch with it, and no other."""
    return action in _STATES and (action != "end" or outcome.startswith("held"))


def _outcome(state: str, rule: str | None) -> str:
    if state in _SENT:
        return "sent"
    return f"{state}: {rule}" if rule and state not in ("queued", "dispatching") else state


def _planned(found: Mapping[str, Any], touches: Touches) -> Line:
    """Steps that came due = sent + held + queued + skipped and cancelled by reason + failed + in doubt."""
    told = Counter[str]()
    for campaign in found["campaigns"]:
        reasons = campaign["reasons"]
        for state, number in campaign["touches"].items():
            by_reason = Counter({f"{state}: {rule}": n for rule, n in reasons.get(state, {}).items()})
            told.update(by_reason)
            told[state] += number - by_reason.total()
    return Line(
        what="touches planned",
        total=(found["touches"]["planned"], sum(touches.outcomes.values())),
        parts=paired({"sent": 0, **+told}, touches.outcomes),
    )


@dataclass(frozen=True, slots=True)
class Carried:
    """What lies where messages go: (channel, ref), each as often as it is there."""

    files: Counter[tuple[str, str]]
    tasks: Counter[tuple[str, str]]

    @property
    def channels(self) -> Counter[str]:
        """How many each channel carried."""
        return Counter(channel for channel, _ in (self.files + self.tasks).elements())

    @property
    def refs(self) -> Counter[str]:
        """Every ref that was carried out, and how often."""
        return Counter(ref for _, ref in (self.files + self.tasks).elements())


def _carried(app: App) -> Carried:
    """Files of the outbox, ``channel/campaign/step/ref.*``, and tasks that carry a channel's message."""
    outbox = Path(app.project.root) / "var" / "outbox"
    files = Counter((path.parts[-4], path.stem) for path in outbox.glob("*/*/*/*.*"))
    with app.store.read() as conn:
        tasks = conn.execute(text("SELECT kind, ref FROM task"))
        return Carried(files, Counter((kind, ref) for kind, ref in tasks if kind in CHANNELS))


def _written(found: Mapping[str, Any], touches: Touches, carried: Carried, living: int) -> Line:
    """People = written to + not written to, by reason."""
    people = found["people"]["living"]
    written = sum(row["written"] for row in found["reach"])
    reached = len({touches.refs[ref][0] for ref in carried.refs if ref in touches.refs})
    return Line(
        what="people",
        total=(people, living),
        parts={
            "written to": (written, reached),
            **{f"not written to: {why}": (n, None) for why, n in found["not_written"].items()},
        },
    )


def _sent(found: Mapping[str, Any], touches: Touches, carried: Carried) -> Line:
    """Every touch that was sent is one file or one task, and nothing else is."""
    told = Counter[str]()
    for campaign in found["campaigns"]:
        told.update(campaign["sent_by_channel"])
    twice_or_unknown = sum(n > 1 or ref not in touches.refs for ref, n in carried.refs.items())
    return Line(
        what="touches sent",
        total=(found["touches"]["by_state"].get("sent", 0), carried.refs.total()),
        parts={**paired(told, carried.channels), "twice, or of no touch": (0, twice_or_unknown)},
    )
