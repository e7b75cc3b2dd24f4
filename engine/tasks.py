"""Human tasks, for whoever does them: what is open, all about one, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from engine.calling import CALLS, calling_hours
from engine.clock import iso
from engine.dispositions import DISPOSITIONS, KINDS, fitting
from engine.errors import UnknownName
from engine.places import Place, place_of
from engine.task_outcomes import Outcome, Result, TaskClosed, settle
from state.queries import facts as fact_queries
from state.queries import tasks as queries

if TYPE_CHECKING:
    from engine.app import App

__all__ = ["DISPOSITIONS", "TaskClosed", "close", "conclude", "fitting", "listed", "shown"]


#: columns of a task that are instants
_INSTANTS = ("created_at", "due_at", "closed_at")


def listed(app: App, *, state: str | None, owner: str | None, kind: str | None, limit: int) -> dict[str, Any]:
    """Tasks with the person's name and addresses, soonest first; None does not narrow. ``more``: there are
    others beyond ``limit``; ``of``: so many there are in that state, whatever their owner and kind.
    Raises UnknownName for a kind no task can have."""
    now = app.clock.now()
    with app.store.read() as conn:
        if kind is not None:
            _known_kind(app, conn, kind)
        rows = queries.listed(conn, state=state, owner=owner, kind=kind, limit=limit + 1)
        count = queries.count(conn, state=state)
    return {
        "format_version": 1,
        "now": iso(now),
        "tasks": [_shown(row) for row in rows[:limit]],
        "more": len(rows) > limit,
        "of": count,
    }


def _known_kind(app: App, conn: Connection, kind: str) -> None:
    named = {e.task for campaign in app.project.campaigns.values() for e in campaign.exits if e.task}
    known = {*KINDS, *named, *queries.kinds(conn)}
    if kind not in known:
        raise UnknownName(f"there is no kind of task '{kind}'", hint=f"There are: {', '.join(sorted(known))}")


def shown(app: App, ref: str) -> dict[str, Any]:
    """One task, by its ref or an unambiguous beginning of it. Raises UnknownName.

    An open one whose person has said no is ``refused``: it is shown without the means to do it.
    """
    with app.store.read() as conn:
        rows = queries.beginning(conn, ref)
        if len(rows) != 1:
            what = f"{len(rows)} tasks begin" if rows else "no task begins"
            raise UnknownName(f"{what} with '{ref}'", hint="'rekindle tasks list' shows what is open")
        place = _place(app, conn, rows[0]["identity_id"])
    task = _shown(_withheld(rows[0])) | {"zones": list(place.zones), "zone_known": place.zone_known}
    if task["kind"] in CALLS:
        hours = calling_hours(app.project.policy, place, app.clock.now())
        task |= {"call_from": iso(hours and hours.opens), "call_until": iso(hours and hours.closes)}
    return {"format_version": 1, "now": iso(app.clock.now()), "task": task}


def _place(app: App, conn: Connection, identity_id: int) -> Place:
    """Where the person may be: whoever calls them keeps to lawful hours in all of it."""
    person = fact_queries.people(conn, [identity_id])[0]
    return place_of(person, app.project.default_country, app.project.policy.markets)


def _withheld(row: dict[str, Any]) -> dict[str, Any]:
    refused = bool(row["refused"])
    blank = {"email": None, "phone": None, "linkedin": None, "body": ""} if refused else {}
    return {**row, **blank, "refused": refused}


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, **{name: iso(row[name]) for name in _INSTANTS}}


def close(app: App, ref: str, code: str, comment: str | None = None) -> dict[str, Any]:
    """Close a task under a disposition and record what follows, in one transaction. Returns the task.

    Raises UnknownName for a task or disposition that is not there, TaskClosed for one closed before.
    """
    found = conclude(app, Outcome(ref=ref, code=code, comment=comment), strictly=False)
    return found.task or {}


def conclude(app: App, outcome: Outcome, *, strictly: bool = True) -> Result:
    """Close a task, or put it off, and record what follows, in one transaction.

    Raises UnknownName for a task, disposition or reason that is not there, TaskClosed for a task closed before and
    OutcomeRefused for what does not fit. A refusal in the words of it counts all the same.
    """
    app.versions.refresh(app.store)  # what people are on listens too, not only what the files say now
    now = app.clock.now()
    with app.store.begin() as conn:
        (result,) = settle(app, conn, [outcome], now, strictly=strictly)
    if result.fault is not None:
        raise result.fault
    if result.unchanged and result.task:
        raise TaskClosed(f"task {outcome.ref} was closed before, as {result.task['disposition']}")
    return result
