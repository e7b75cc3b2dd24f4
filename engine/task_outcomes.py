"""Outcomes of tasks: what a person did or learnt flows back as facts, many at a time, in one transaction.

Everybody's row is locked before their tasks are looked at, as whoever ends a round does; so a task is closed once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from engine.bound_channels import bound
from engine.clock import iso
from engine.dispositions import DISPOSITIONS, Disposition, channel_of, fitting, suppressed
from engine.errors import RekindleError, UnknownName
from engine.events import NewEvent, record_in
from engine.feedback import FEEDBACK, field_of, judged
from engine.inbound import Meaning, Reading
from engine.reported import refusal_in
from engine.suggest import mend
from engine.suppression import ALL, Refusal, suppress_all
from state.queries import facts, letters, notes, people
from state.queries import tasks as queries

if TYPE_CHECKING:
    from engine.app import App

#: the source of the events that tasks leave behind
SOURCE = "tasks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a task. ``at``: when it is to be tried again, ``happened``: when it was (now unless said)."""

    ref: str
    code: str
    comment: str | None = None
    reason: str | None = None
    words: str | None = None
    at: int | None = None
    happened: int | None = None


class TaskClosed(RekindleError):
    """The task is closed already."""

    hint = "'rekindle tasks list --all' shows how"


class OutcomeRefused(RekindleError):
    """An outcome that does not fit its task."""


@dataclass(slots=True, kw_only=True)
class Result:
    """What became of an outcome. ``fault``: why it did not go in. ``unchanged``: it was on record already.

    ``refused``: the channels that its words suppress although its code does not; that counts in any case.
    """

    outcome: Outcome
    task: dict[str, Any] | None = None
    fault: RekindleError | None = None
    unchanged: bool = False
    refused: tuple[str, ...] = ()

    @property
    def moved(self) -> bool:
        """True where the task stays open and was put off."""
        return self.fault is None and self.outcome.at is not None


@dataclass(slots=True)
class _Writes:
    closed: list[dict[str, Any]] = field(default_factory=list)
    moved: list[dict[str, Any]] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    events: list[NewEvent] = field(default_factory=list)
    read: list[str] = field(default_factory=list)  # replies that somebody has read


def settle(
    app: App, conn: Connection, outcomes: Sequence[Outcome], now: int, *, strictly: bool = True
) -> list[Result]:
    """Close or put off the tasks of these outcomes, and record what follows, in the caller's transaction.

    A result for each, in order. One that does not fit its task changes nothing, but a refusal in it counts.
    ``strictly``: a disposition that the kind of task does not have is a fault.
    """
    refs = {outcome.ref for outcome in outcomes}
    people.lock_living(conn, {task["identity_id"] for task in queries.by_refs(conn, refs).values()})
    tasks = queries.by_refs(conn, refs)  # read again: they may have followed their people in a merge
    persons = {p["identity_id"]: p for p in facts.people(conn, {t["identity_id"] for t in tasks.values()})}
    writes = _Writes()
    results = [_judge(app, tasks, persons, outcome, now, writes, strictly=strictly) for outcome in outcomes]
    queries.close_all(conn, writes.closed)
    letters.refuse_closed(conn, {t["identity_id"] for t in tasks.values() if t["kind"] == "letter"})
    queries.move_all(conn, writes.moved)
    notes.close_named(conn, writes.read, now)
    suppress_all(conn, writes.refusals, now)
    record_in(conn, writes.events, app.listeners(), now, app.project.values)
    return results


def _judge(
    app: App, tasks: Mapping[str, dict[str, Any]], persons: Mapping[int, Mapping[str, Any]], outcome: Outcome,
    now: int, writes: _Writes, *, strictly: bool,
) -> Result:  # fmt: skip
    task = tasks.get(outcome.ref)
    if task is None:
        hint = "'rekindle tasks list' shows what is open"
        return Result(outcome=outcome, fault=UnknownName(f"there is no task '{outcome.ref}'", hint=hint))
    result = Result(outcome=outcome, task=task)
    disposition = DISPOSITIONS.get(outcome.code)
    said = _said_no(task, outcome, disposition, now)
    result.refused = tuple(refusal.channel for refusal in said)
    try:
        disposition = _fitting(app, task, persons[task["identity_id"]], outcome, now, strictly=strictly)
    except RekindleError as fault:
        result.fault = fault
        said += _refusals(task, disposition, outcome, now) if disposition and disposition.refuses else []
    else:
        result.unchanged = _on_record(task, outcome)
        if not result.unchanged:
            _write(task, outcome, disposition, now, writes)
    if said and not result.unchanged:
        writes.refusals += said
        writes.events.append(_event(task, "refused", outcome, now, "words", disposition=outcome.code))
    return result


def _fitting(
    app: App,
    task: Mapping[str, Any],
    person: Mapping[str, Any],
    outcome: Outcome,
    now: int,
    *,
    strictly: bool,
) -> Disposition:
    """The disposition of an outcome that fits its task. Raises what is wrong with it."""
    disposition = DISPOSITIONS.get(outcome.code)
    legal = fitting(task["kind"]) if strictly else DISPOSITIONS
    if disposition is None or (outcome.code not in legal):
        what = f"a {task['kind']} task does not end as" if disposition else "there is no disposition"
        raise UnknownName(
            f"{what} '{outcome.code}'", hint=mend(outcome.code, legal) or f"There are: {', '.join(legal)}"
        )
    if outcome.at is not None and not disposition.again:
        ways = ", ".join(code for code, found in legal.items() if found.again)
        raise OutcomeRefused(
            f"'{outcome.code}' ends the task, so there is nothing to put off", hint=f"With --at: {ways}"
        )
    if outcome.at is not None and outcome.at <= now and not _on_record(task, outcome):
        raise OutcomeRefused(
            f"{iso(outcome.at)} has passed; it is {iso(now)}", hint="--at is when to try again"
        )
    if outcome.happened is not None and outcome.happened > now:
        raise OutcomeRefused(
            f"{iso(outcome.happened)} lies ahead; it is {iso(now)}", hint="Tell it when it has happened"
        )
    _listed(app, person, outcome.reason)
    if task["state"] != "open" and not _on_record(task, outcome):
        raise TaskClosed(f"task {task['ref']} was closed before, as {task['disposition']}")
    return disposition


def _listed(app: App, person: Mapping[str, Any], reason: str | None) -> None:
    """Raises UnknownName for a reason that the project's list of them does not have."""
    name = field_of(person)
    if reason is None or name is None or judged(reason, name, app.project.values) is not None:
        return
    listed = app.project.values[name]
    raise UnknownName(
        f"'{reason}' is no {name.replace('_', ' ')} of this project",
        hint=mend(reason, listed) or f"There are: {', '.join(listed)}",
    )


def _on_record(task: Mapping[str, Any], outcome: Outcome) -> bool:
    """True where the task has this very outcome already."""
    if outcome.at is not None:
        return bool(task["disposition"] == outcome.code and task["due_at"] == outcome.at)
    return bool(task["state"] != "open" and task["disposition"] == outcome.code)


def _write(
    task: dict[str, Any], outcome: Outcome, disposition: Disposition, now: int, writes: _Writes
) -> None:
    """What an outcome changes, in the task at hand too: another outcome of the same task may follow."""
    said = {"disposition": outcome.code, "comment": outcome.comment}
    if outcome.at is not None:
        kind = "call_back" if disposition.event and task["kind"] == "phone" else task["kind"]
        task |= {**said, "due_at": outcome.at, "kind": kind}
        writes.moved.append(task)
    else:
        task |= {**said, "state": disposition.state, "closed_at": now}
        writes.closed.append(task)
        if task["kind"] == "reply":
            writes.read.append(task["ref"])  # as the note beside it is called
    writes.refusals += _refusals(task, disposition, outcome, now)
    writes.events += _events(task, disposition, outcome, now)


def _refusals(task: Mapping[str, Any], disposition: Disposition, outcome: Outcome, now: int) -> list[Refusal]:
    """What the disposition suppresses, a refusal a channel."""
    channels = suppressed(disposition, task["kind"], task["channel"])
    return [_refusal(task, channel, disposition.reason, now) for channel in channels]


def _said_no(
    task: Mapping[str, Any], outcome: Outcome, disposition: Disposition | None, now: int
) -> list[Refusal]:
    """What the words beside a code suppress beyond what the code does."""
    reading = refusal_in(outcome.comment, outcome.words)
    if reading is None:
        return []
    covered = suppressed(disposition, task["kind"], task["channel"]) if disposition else ()
    reason = "hard_bounce" if reading.meaning is Meaning.WRONG_PERSON else "opt_out"
    return [
        _refusal(task, channel, reason, now)
        for channel in _meant(task, reading, outcome.comment, outcome.words)
        if channel not in covered and ALL not in covered
    ]


def _meant(task: Mapping[str, Any], reading: Reading, *words: str | None) -> tuple[str, ...]:
    """The channels a reported refusal binds; what says it is somebody else's, those at the address."""
    if reading.meaning is Meaning.WRONG_PERSON:
        return suppressed(DISPOSITIONS["wrong_number"], task["kind"], task["channel"])
    return bound(reading, channel_of(task["kind"]), *words)


def _refusal(task: Mapping[str, Any], channel: str, reason: str, now: int) -> Refusal:
    source = f"task:{task['ref']}"
    return Refusal(identity_id=task["identity_id"], channel=channel, reason=reason, at=now, source=source)


def _events(
    task: Mapping[str, Any], disposition: Disposition, outcome: Outcome, now: int
) -> Iterator[NewEvent]:
    moved = f":{outcome.at}" if outcome.at is not None else ""
    name = disposition.event or ("task_moved" if moved else "task_closed")
    told = {"disposition": outcome.code} | ({"until": iso(outcome.at)} if moved else {})
    yield _event(task, name, outcome, now, moved, **told)
    if moved and disposition.event:
        yield _event(task, "task_moved", outcome, now, f"{moved}:moved", **told)
    if disposition.also:
        yield _event(task, disposition.also, outcome, now, disposition.also, **told)
    if outcome.reason or outcome.words:
        said = {"reason": outcome.reason, "words": outcome.words}
        yield _event(
            task, FEEDBACK, outcome, now, f"{moved}:{FEEDBACK}", **{k: v for k, v in said.items() if v}
        )


def _event(
    task: Mapping[str, Any], name: str, outcome: Outcome, now: int, key: str, **data: str | None
) -> NewEvent:
    kind = task["kind"]
    return NewEvent(
        identity_id=task["identity_id"],
        name=name,
        at=now if outcome.happened is None else outcome.happened,
        source=SOURCE,
        key=f"{task['ref']}:{key.removeprefix(':')}" if key else task["ref"],
        data={**data, "kind": kind, "channel": channel_of(kind) or ALL},
    )
