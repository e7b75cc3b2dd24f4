"""Human tasks closed: what a person did or learnt flows back as a fact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.clock import iso
from engine.errors import RekindleError, UnknownName
from engine.events import NewEvent, record_in
from engine.suppression import suppress
from state.queries import tasks as queries

if TYPE_CHECKING:
    from engine.app import App


@dataclass(frozen=True, slots=True)
class Disposition:
    """How a task ended, and what follows. ``suppresses``: a channel, ``own`` for the task's, or ``all``."""

    means: str
    state: str = "done"  # done | declined
    event: str | None = None
    suppresses: str | None = None
    reason: str = "opt_out"


#: code -> what it means; the codes people type
DISPOSITIONS: dict[str, Disposition] = {
    "done": Disposition("sent, or done as asked"),
    "approved": Disposition("reviewed, may go on"),
    "connected": Disposition("spoke with the person", event="call_connected"),
    "left_message": Disposition("left a message"),
    "no_answer": Disposition("nobody answered"),
    "replied": Disposition("the person answered, a human has it now", event="replied"),
    "call_back": Disposition("asked to be called back", event="replied"),
    "won_back": Disposition("the person is back", event="won_back"),
    "not_interested": Disposition("no, thank you", event="refused", suppresses="own"),
    "do_not_contact": Disposition("never again, on any channel", event="refused", suppresses="all"),
    "wrong_number": Disposition("somebody else's address", suppresses="own", reason="hard_bounce"),
    "declined": Disposition("will not be done", state="declined"),
    "rejected": Disposition("reviewed, must not go on", state="declined"),
}


class TaskClosed(RekindleError):
    """The task is closed already."""

    hint = "'rekindle tasks list --all' shows how"


#: columns of a task that are instants
_INSTANTS = ("created_at", "due_at", "closed_at")


def listed(app: App, *, state: str | None, owner: str | None, kind: str | None, limit: int) -> dict[str, Any]:
    """Tasks with the person's name and addresses, soonest first; None does not narrow. ``more``: there are
    others beyond ``limit``."""
    with app.store.read() as conn:
        rows = queries.listed(conn, state=state, owner=owner, kind=kind, limit=limit + 1)
    return {
        "format_version": 1,
        "now": iso(app.clock.now()),
        "tasks": [_shown(row) for row in rows[:limit]],
        "more": len(rows) > limit,
    }


def shown(app: App, ref: str) -> dict[str, Any]:
    """One task, by its ref or an unambiguous beginning of it. Raises UnknownName."""
    with app.store.read() as conn:
        rows = queries.beginning(conn, ref)
    if len(rows) != 1:
        what = f"{len(rows)} tasks begin" if rows else "no task begins"
        raise UnknownName(f"{what} with '{ref}'", hint="'rekindle tasks list' shows what is open")
    return {"format_version": 1, "now": iso(app.clock.now()), "task": _shown(rows[0])}


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, **{name: iso(row[name]) for name in _INSTANTS}}


def close(app: App, ref: str, code: str, comment: str | None = None) -> dict[str, Any]:
    """Close a task under a disposition and record what follows, in one transaction. Returns the task.

    Raises UnknownName for a task or disposition that is not there, TaskClosed for one closed before.
    """
    disposition = DISPOSITIONS.get(code)
    if disposition is None:
        raise UnknownName(f"there is no disposition '{code}'", hint=f"There are: {', '.join(DISPOSITIONS)}")
    now = app.clock.now()
    with app.store.begin() as conn:
        task = queries.by_ref(conn, ref)
        if task is None:
            raise UnknownName(f"there is no task '{ref}'", hint="'rekindle tasks list' shows what is open")
        closed = queries.close(conn, ref, state=disposition.state, disposition=code, comment=comment, now=now)
        if not closed:
            raise TaskClosed(f"task {ref} was closed before, as {task['disposition']}")
        channel = task["kind"] if task["kind"] in ("phone", "linkedin") else "all"
        if disposition.suppresses:
            scope = channel if disposition.suppresses == "own" else "all"
            suppress(conn, task["identity_id"], scope, disposition.reason, at=now, source=f"task:{ref}")
        event = NewEvent(
            identity_id=task["identity_id"],
            name=disposition.event or "task_closed",
            at=now,
            source="tasks",
            key=ref,
            data={"disposition": code, "kind": task["kind"], "channel": channel},
        )
        record_in(conn, [event], app.listeners(), now)
    return {**task, "state": disposition.state, "disposition": code, "comment": comment, "closed_at": now}
