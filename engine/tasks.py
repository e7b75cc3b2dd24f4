"""Human tasks closed: what a person did or learnt flows back as a fact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from engine.clock import iso
from engine.errors import RekindleError, UnknownName
from engine.events import NewEvent, record_in
from engine.places import Place, place_of
from engine.suppression import ALL, Refusal, suppress_all
from state.queries import facts as fact_queries
from state.queries import people
from state.queries import tasks as queries

if TYPE_CHECKING:
    from engine.app import App


@dataclass(frozen=True, slots=True)
class Disposition:
    """How a task ended, and what follows. ``suppresses``: ``own`` for the task's channel, ``address``
    for every channel that writes to the address it was tried at, or ``all``."""

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
    "wrong_number": Disposition(
        "somebody else's number or address", suppresses="address", reason="hard_bounce"
    ),
    "declined": Disposition("will not be done", state="declined"),
    "rejected": Disposition("reviewed, must not go on", state="declined"),
}


#: ways to end a task that only some kinds have
_OF_REVIEWS = frozenset({"approved", "rejected"})
_OF_CALLS = frozenset({"connected", "left_message", "no_answer"})
#: kinds there are without a campaign that names them: the channels a human serves, and reviews
_KINDS = ("letter", "linkedin", "phone", "review")


def fitting(kind: str) -> dict[str, Disposition]:
    """The dispositions that make sense for a kind of task; a kind a campaign names may well be a call."""
    if kind == "review":
        unfit = _OF_CALLS | {"done", "declined"}  # it is approved or rejected
    else:
        unfit = _OF_REVIEWS | (_OF_CALLS if kind in ("linkedin", "letter") else frozenset())
    return {code: disposition for code, disposition in DISPOSITIONS.items() if code not in unfit}


class TaskClosed(RekindleError):
    """The task is closed already."""

    hint = "'rekindle tasks list --all' shows how"


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
        rows = queries.listed(conn, state=state, owner=owner, kind=kind, limit=limit + 1, now=now)
        count = queries.count(conn, state=state, now=now)
    return {
        "format_version": 1,
        "now": iso(now),
        "tasks": [_shown(row) for row in rows[:limit]],
        "more": len(rows) > limit,
        "of": count,
    }


def _known_kind(app: App, conn: Connection, kind: str) -> None:
    named = {e.task for campaign in app.project.campaigns.values() for e in campaign.exits if e.task}
    known = {*_KINDS, *named, *queries.kinds(conn)}
    if kind not in known:
        raise UnknownName(f"there is no kind of task '{kind}'", hint=f"There are: {', '.join(sorted(known))}")


def shown(app: App, ref: str) -> dict[str, Any]:
    """One task, by its ref or an unambiguous beginning of it. Raises UnknownName.

    An open one whose person has said no is ``refused``: it is shown without the means to do it.
    """
    with app.store.read() as conn:
        rows = queries.beginning(conn, ref, app.clock.now())
        if len(rows) != 1:
            what = f"{len(rows)} tasks begin" if rows else "no task begins"
            raise UnknownName(f"{what} with '{ref}'", hint="'rekindle tasks list' shows what is open")
        place = _place(app, conn, rows[0]["identity_id"])
    task = _shown(_withheld(rows[0])) | {"zones": list(place.zones), "zone_known": place.zone_known}
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
    disposition = DISPOSITIONS.get(code)
    if disposition is None:
        raise UnknownName(f"there is no disposition '{code}'", hint=f"There are: {', '.join(DISPOSITIONS)}")
    app.versions.refresh(app.store)  # what people are on listens too, not only what the files say now
    now = app.clock.now()
    with app.store.begin() as conn:
        people.lock_living(conn, [_task(conn, ref)["identity_id"]])  # the person first, as everybody does
        task = _task(conn, ref)  # read again: it may have followed its person in a merge
        closed = queries.close(conn, ref, state=disposition.state, disposition=code, comment=comment, now=now)
        if not closed:
            raise TaskClosed(f"task {ref} was closed before, as {task['disposition']}")
        suppress_all(conn, _refusals(task, disposition, now), now)
        record_in(conn, [_event(task, code, disposition, now)], app.listeners(), now)
    return {**task, "state": disposition.state, "disposition": code, "comment": comment, "closed_at": now}


def _task(conn: Connection, ref: str) -> dict[str, Any]:
    task = queries.by_ref(conn, ref)
    if task is None:
        raise UnknownName(f"there is no task '{ref}'", hint="'rekindle tasks list' shows what is open")
    return task


def _channel(task: dict[str, Any]) -> str:
    """The channel the task is for; a review or a call back is for none in particular."""
    return task["kind"] if task["kind"] in ("phone", "linkedin", "letter") else ALL


def _refusals(task: dict[str, Any], disposition: Disposition, now: int) -> list[Refusal]:
    """What the disposition suppresses, a refusal a channel."""
    match disposition.suppresses:
        case None:
            return []
        case "address":
            # whoever finds out in a review or a call back has dialled; texts go to the same number
            channels = (_channel(task),) if _channel(task) in ("linkedin", "letter") else ("phone", "sms")
        case "own":
            channels = (_channel(task),)
        case channel:
            channels = (channel,)
    source = f"task:{task['ref']}"
    return [
        Refusal(identity_id=task["identity_id"], channel=c, reason=disposition.reason, at=now, source=source)
        for c in channels
    ]


def _event(task: dict[str, Any], code: str, disposition: Disposition, now: int) -> NewEvent:
    return NewEvent(
        identity_id=task["identity_id"],
        name=disposition.event or "task_closed",
        at=now,
        source="tasks",
        key=task["ref"],
        data={"disposition": code, "kind": task["kind"], "channel": _channel(task)},
    )
