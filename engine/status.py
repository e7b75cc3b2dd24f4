"""Status: who waits, what was sent, what was not and why. Plain data; the CLI and the demo lay it out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from engine.backlog import backlog_hold
from engine.channel_health import health
from engine.clock import VirtualClock, iso
from engine.drill import gate as drill_gate
from engine.gates.notes import HOLDING
from engine.received_desk import in_short
from state.queries import control, notes, tasks
from state.queries import status as queries

if TYPE_CHECKING:
    from engine.app import App

#: why somebody who was never enrolled was not
_NOWHERE = "in no segment or cohort a campaign is for"
_NOT_YET = "not enrolled yet (next refresh)"

_SENT = ("sent", "delivered", "bounced")


def status(app: App) -> dict[str, Any]:
    """Everything ``rekindle status`` shows. Instants are ISO 8601; counts are people or touches."""
    now = app.clock.now()
    with app.store.read() as conn:
        touches = queries.touches(conn)
        enrolments = queries.enrolments(conn, now)
        paused = control.like(conn, "pause:")
        closed = app.closed(conn)
        reach = _reach(conn, app.project.segment_ids(), _newcomers(app, conn, now))
        return {
            "format_version": 1,
            "project": app.project.name,
            "environment": app.environment.name,
            "sends": app.environment.sends,
            "store": app.store.name,
            "now": iso(now),
            "virtual": isinstance(app.clock, VirtualClock),
            "people": _people(app, conn, now),
            "campaigns": [
                _campaign(
                    app, c, [e for e in enrolments if e[0] == c], [t for t in touches if t[0] == c], paused, closed
                )
                for c in _ids(app, enrolments)
            ],
            "touches": _totals(touches, queries.planned(conn)),
            "reach": reach,
            "not_written": _summed(row["not_written"] for row in reach),
            "received": in_short(conn),
            "tasks_open": tasks.count_open(conn),
            "open_notes": notes.count_open(conn, HOLDING),
            "in_doubt": queries.in_doubt(conn),
            "channels": health(app, conn),
            "hold": _hold(backlog_hold(conn)),
            "drill": _drill(app, closed, drill_gate.passed(conn, app.environment)),
            "jobs": _signs(conn, "job:"),
            "workers": _signs(conn, "worker:"),
            "imports": [{**row, "finished_at": iso(row["finished_at"])} for row in queries.imports(conn)],
            "sources": {s: v.get("error") for s, (v, _) in control.like(conn, "source:").items()},
            "broken": {c: f"{f[0].file}:{f[0].line}" for c, f in app.loaded.campaigns_broken.items()},
        }


def campaign_ids(app: App) -> list[str]:
    """Every campaign one can speak of: the project's, the broken ones, those only the store knows."""
    with app.store.read() as conn:
        return _ids(app, queries.enrolments(conn, 0))


def _ids(app: App, enrolments: Iterable[Any]) -> list[str]:
    known = dict.fromkeys((*app.project.campaigns, *sorted(app.loaded.campaigns_broken)))
    return [*known, *sorted({row[0] for row in enrolments} - set(known))]


def _people(app: App, conn: Connection, now: int) -> dict[str, Any]:
    found = app.audience.count_segments(conn, now)
    segments = {s: found.get(s, 0) for s in app.project.segment_ids()}
    return {**queries.people(conn), "segments": segments, "none": found.get(None, 0)}


def _campaign(
    app: App, campaign: str, enrolments: Iterable[Any], touches: Iterable[Any], pauses: Mapping[str, Any],
    closed: Collection[str],
) -> dict[str, Any]:  # fmt: skip
    declared = app.project.campaigns.get(campaign)
    states: Counter[str] = Counter()
    ended: Counter[str] = Counter()
    due = 0
    for _, _, state, reason, count, of_them_due in enrolments:
        states[state] += count
        due += of_them_due
        if state == "ended":
            ended[reason] += count
    paused = pauses.get(campaign)
    return {
        "campaign": campaign,
        "segment": declared.segment if declared else None,
        "condition": _condition(app, campaign, paused is not None, campaign in closed),
        "paused_since": iso(paused[1]) if paused else None,
        "enrolments": dict(states),
        "due": due,
        "ended": dict(ended),
        **_of_touches(touches),
    }


def _drill(
    app: App, closed: Mapping[str, list[str]], passed: tuple[dict[str, Any], int] | None
) -> dict[str, Any]:
    """When the drill passed here last, and the campaigns that wait for it, each with its channels."""
    mend = drill_gate.mend(app.environment) if closed else None
    return {"passed_at": iso(passed[1]) if passed else None, "closed": dict(closed), "mend": mend}


def _condition(app: App, campaign: str, paused: bool, closed: bool) -> str:
    if campaign in app.loaded.campaigns_broken:
        return "broken"
    if campaign not in app.project.campaigns:
        return "withdrawn"
    if paused:
        return "paused"
    return "not drilled" if closed else "running"


def _of_touches(touches: Iterable[Any]) -> dict[str, Any]:
    by_state: Counter[str] = Counter()
    by_channel: Counter[str] = Counter()
    reasons: dict[str, Counter[str]] = defaultdict(Counter)
    for _, channel, state, reason, count in touches:
        by_state["sent" if state in _SENT else state] += count
        if state in _SENT:
            by_channel[channel] += count
        elif reason:
            reasons[state][reason] += count
    return {
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


def _newcomers(app: App, conn: Connection, now: int) -> int:
    open_soon = {*app.running(conn), *app.closed(conn)}
    campaigns = [c for c in app.project.campaigns.values() if c.id in open_soon]
    return app.audience.count_newcomers(conn, campaigns, now)


def _reach(conn: Connection, segments: Iterable[str], newcomers: int) -> list[dict[str, Any]]:
    """For each segment people were last entered from, and for those never entered (None): how many there are,
    how many of them were written to, and why the others were not. Everybody living is in exactly one row, and
    everybody without a message under exactly one reason. ``newcomers``: those never entered whom the next refresh
    takes."""
    silent: dict[str | None, Counter[str]] = defaultdict(Counter)
    for segment, *story, people in queries.not_written(conn):
        silent[segment][_why_nothing(*story)] += people
    taken = min(newcomers, silent[None][_NOWHERE])
    silent[None] += Counter({_NOT_YET: taken})
    silent[None] -= Counter({_NOWHERE: taken})
    written = dict(queries.written(conn))
    seen: dict[str | None, None] = {
        **dict.fromkeys(segments),
        **dict.fromkeys(written),
        **dict.fromkeys(silent),
    }
    names = [s for s in seen if s is not None] + [None]
    return [
        {
            "segment": segment,
            "people": written.get(segment, 0) + silent[segment].total(),
            "written": written.get(segment, 0),
            "not_written": dict(silent[segment].most_common()),
        }
        for segment in names
    ]


def _summed(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return dict(total.most_common())


def _hold(found: dict[str, Any] | None) -> dict[str, Any] | None:
    return found and {**found, "since": iso(found["since"])}


def _why_nothing(
    campaign: str | None, state: str, reason: str | None, touch_state: str | None, touch_reason: str | None
) -> str:
    """The reason that tells most: what ended the last enrolment, else its last touch, else where it waits."""
    if campaign is None:
        return _NOWHERE
    if touch_state in ("held", "queued", "dispatching", "in_doubt"):
        return f"{touch_state}: {touch_reason}" if touch_reason else str(touch_state)
    if state == "ended" and reason != "completed":
        return str(reason)
    if touch_reason:
        return str(touch_reason)
    return {"parked": "parked until an event", "waiting": "waiting for the first step"}.get(state, str(state))


def _signs(conn: Connection, prefix: str) -> dict[str, dict[str, Any]]:
    return {name: {**value, "at": iso(at)} for name, (value, at) in control.like(conn, prefix).items()}
