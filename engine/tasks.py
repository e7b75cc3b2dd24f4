"""Human tasks closed: what a person did or learnt flows back as a fact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.errors import RekindleError, UnknownName
from engine.events import NewEvent, record_in
from engine.suppress import suppress
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
            suppress(conn, task["identity_id"], scope, disposition.reason, now, source=f"task:{ref}",
                     address_only=disposition.reason == "hard_bounce")  # fmt: skip
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
