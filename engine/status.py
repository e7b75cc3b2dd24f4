"""Status: who waits, what was sent, what was not and why. Plain data; the CLI and the demo lay it out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from engine.backlog import backlog_hold
from engine.clock import iso
from state.queries import control, tasks
from state.queries import status as queries

if TYPE_CHECKING:
    from engine.app import App

_SENT = ("sent", "delivered", "bounced")


def status(app: App) -> dict[str, Any]:
    """Everything ``rekindle status`` shows. Instants are ISO 8601; counts are people or touches."""
    now = app.clock.now()
    with app.store.read() as conn:
        touches = queries.touches(conn)
        planned = queries.planned(conn)
        return {
            "format_version": 1,
            "environment": app.environment.name,
            "sends": app.environment.sends,
            "store": app.store.name,
            "now": iso(now),
            "people": _people(app, conn, now),
            "campaigns": [_campaign(app, conn, c, touches, now) for c in _ids(app, conn)],
            "touches": _totals(touches, planned),
            "not_written": _not_written(conn),
            "tasks_open": tasks.count_open(conn),
            "in_doubt": queries.in_doubt(conn),
            "hold": backlog_hold(conn),
            "jobs": _signs(conn, "job:"),
            "workers": _signs(conn, "worker:"),
            "imports": queries.imports(conn),
            "broken": {c: f"{f[0].file}:{f[0].line}" for c, f in app.loaded.campaigns_broken.items()},
        }


def _ids(app: App, conn: Connection) -> list[str]:
    """The project's campaigns, then those that only the store still knows."""
    stored = {row[0] for row in queries.enrolments(conn, 0)}
    return [*app.project.campaigns, *sorted(stored - set(app.project.campaigns))]


def _people(app: App, conn: Connection, now: int) -> dict[str, Any]:
    found = app.audience.count_segments(conn, now)
    segments = {s: found.get(s, 0) for s in app.project.segment_ids()}
    return {**queries.people(conn), "segments": segments, "none": found.get(None, 0)}


def _campaign(app: App, conn: Connection, campaign: str, touches: Iterable[Any], now: int) -> dict[str, Any]:
    declared = app.project.campaigns.get(campaign)
    states: Counter[str] = Counter()
    ended: Counter[str] = Counter()
    due = 0
    for row in queries.enrolments(conn, now):
        if row[0] == campaign:
            states[row[2]] += row[4]
            due += row[5]
            if row[2] == "ended":
                ended[row[3]] += row[4]
    by_state: Counter[str] = Counter()
    by_channel: Counter[str] = Counter()
    reasons: dict[str, Counter[str]] = defaultdict(Counter)
    for _, channel, state, reason, count in (t for t in touches if t[0] == campaign):
        by_state["sent" if state in _SENT else state] += count
        if state in _SENT:
            by_channel[channel] += count
        elif reason:
            reasons[state][reason] += count
    paused = control.get(conn, f"pause:{campaign}")
    return {
        "campaign": campaign,
        "segment": declared.segment if declared else None,
        "condition": "withdrawn" if declared is None else "paused" if paused else "running",
        "paused_since": iso(paused[1]) if paused else None,
        "enrolments": dict(states),
        "due": due,
        "ended": dict(ended),
        "touches": dict(by_state),
        "sent_by_channel": dict(by_channel),
        "reasons": {state: dict(found) for state, found in reasons.items()},
    }


def _totals(touches: Iterable[Any], planned: int) -> dict[str, Any]:
    """Touches by what became of them; they add up to the steps the ledger says came due."""
    by_state: Counter[str] = Counter()
    for _, _, state, _, count in touches:
        by_state["sent" if state in _SENT else state] += count
    return {"planned": planned, "by_state": dict(by_state), "reconciles": planned == sum(by_state.values())}


def _not_written(conn: Connection) -> dict[str, int]:
    """Reason -> how many living people got nothing for it. Everybody without a message is in exactly one."""
    rows: dict[int, list[Any]] = defaultdict(list)
    for row in queries.not_written(conn):
        rows[row[0]].append(row[1:])
    return dict(Counter(_why_nothing(found) for found in rows.values()).most_common())


def _why_nothing(rows: list[Any]) -> str:
    """The one reason that tells most: what stopped the last enrolment, else the last touch, else where it waits."""
    campaign, state, reason, touch_state, touch_reason = rows[-1]
    if campaign is None:
        return "in no segment or cohort a campaign is for"
    if touch_state in ("held", "queued", "dispatching", "in_doubt"):
        return f"{touch_state}: {touch_reason}" if touch_reason else str(touch_state)
    if state == "ended" and reason != "completed":
        return str(reason)
    if touch_reason:
        return str(touch_reason)
    return {"parked": "parked until an event", "waiting": "waiting for the first step"}.get(state, str(state))


def _signs(conn: Connection, prefix: str) -> dict[str, dict[str, Any]]:
    return {name: {**value, "at": iso(at)} for name, (value, at) in control.like(conn, prefix).items()}
