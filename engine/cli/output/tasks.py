"""``rekindle tasks``: a list to work through, and one task with all that is needed to do it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from engine.cli.output.look import (
    BAD,
    DIM,
    GOOD,
    STATES,
    STRONG,
    WAITS,
    counts,
    day,
    moment,
    number,
    plain,
    rows,
    table,
    under,
    words,
    zones,
)
from engine.cli.output.text import printable
from engine.dispositions import fitting, follows

if TYPE_CHECKING:
    from engine.task_import import OutcomeReport

Data = Mapping[str, Any]

#: so much of a ref names a task; commands take any unambiguous beginning
_SHORT = 8
#: an owner's address is kept whole up to so many columns
_OWNER = 40


def render_list(found: Data, called: str) -> Group:
    """The tasks, soonest due first. ``called``: what was asked for, before it was narrowed."""
    if not found["tasks"]:
        return Group(Text(_none(found["of"], called)))
    body = table("ref", "due", "kind", "for", "what", "owner")
    # an address that is broken in two cannot be copied
    body.columns[-1].no_wrap = max(cell_len(plain(task["owner"])) for task in found["tasks"]) <= _OWNER
    for task in found["tasks"]:
        body.add_row(
            task["ref"][:_SHORT],
            _due(task, found["now"]),
            words(task["kind"]),
            _who(task),
            plain(task["title"]),
            plain(task["owner"]),
        )
    shown = len(found["tasks"])
    more = ", and more: --limit shows them" if found["more"] else ""
    return Group(body, Text(), Text(f"{shown:,} shown{more}. rekindle tasks show REF", DIM))


def _none(count: int, called: str) -> str:
    if count == 0:
        return "nothing waits for a human"
    return (
        f"none of the {count:,} {called} match"
        if count > 1
        else f"the only one of the {called} does not match"
    )


def _due(task: Data, now: str) -> Text:
    if task["state"] != "open":
        return Text(f"{task['disposition']} {day(task['closed_at'])}", STATES.get(task["state"], ""))
    late = task["due_at"] < now
    return Text.assemble(day(task["due_at"]), (" late" if late else "", BAD))


def _who(task: Data) -> str:
    name = " ".join(task[k] for k in ("first_name", "last_name") if task[k])
    return ", ".join(plain(part) for part in (name, task["company"]) if part) or "-"


def render_one(found: Data) -> Group:
    """One task, whole; an open one with the ways to close it."""
    task = found["task"]
    grid = rows()
    grid.add_row("for", f"{_who(task)} (identity {task['identity_id']})")
    for name in ("phone", "email", "linkedin"):
        if task[name]:
            grid.add_row(name, plain(task[name]))
    grid.add_row("their zone", zones(task["zones"], known=task["zone_known"]))
    if "call_from" in task:
        grid.add_row("may be called", _hours(task, found["now"]))
    grid.add_row("owner", plain(task["owner"]))
    grid.add_row("due", f"{moment(task['due_at'])}")
    grid.add_row("campaign", f"{task['campaign']}, step {task['step']}")
    grid.add_row("state", _state(task))
    title = Text.assemble(
        (f"{words(task['kind'])}: {plain(task['title'])}", STRONG), (f"  {task['ref']}", DIM)
    )
    parts: list[RenderableType] = [title, Padding(grid, (1, 0, 0, 2))]
    body = "\n".join(printable(line) for line in task["body"].splitlines())
    parts.append(Padding(Text(body, overflow="fold"), (1, 0, 1, 2)))
    if task["refused"]:
        parts += [Text("They have said no: this is not to be done any more.", BAD), _declining(task)]
    elif task["state"] == "open":
        parts += _closing(task)
    return Group(*parts)


def _state(task: Data) -> Text:
    how = f", {task['disposition']} on {day(task['closed_at'])}" if task["closed_at"] else ""
    comment = f": {plain(task['comment'])}" if task["comment"] else ""
    return Text.assemble((task["state"], STATES.get(task["state"], "")), f"{how}{comment}")


def _hours(task: Data, now: str) -> Text:
    """When they may be called, in their own time where it is known; what is not allowed now is red."""
    if task["call_from"] is None:
        return Text("never: no hour is allowed in every zone they may be in", BAD)
    zone, of = (task["zones"][0], "their time") if task["zone_known"] else ("UTC", "UTC")
    opens, closes = moment(task["call_from"], zone), moment(task["call_until"], zone)
    if task["call_from"] <= now:
        return Text.assemble(("now", GOOD), f", until {_clock(closes)}, {of}")
    return Text.assemble(("not now", BAD), f": {opens.removesuffix(' UTC')} to {_clock(closes)}, {of}")


def _clock(told: str) -> str:
    """The time of day of a moment that was told."""
    return told.removesuffix(" UTC").rpartition(" ")[2]


def _closing(task: Data) -> list[RenderableType]:
    return [render_ways(task), _declining(task)]


def render_ways(task: Data) -> Group:
    """The codes that fit a task, and what each does: what refuses is red, what only waits is yellow."""
    ways = table("code", "means", "does")
    for code, way in fitting(task["kind"]).items():
        style = BAD if way.refuses or way.state == "declined" else WAITS if way.again else ""
        ways.add_row(
            Text(code, style, no_wrap=True), way.means, Text(follows(way, task["kind"], task["channel"]), DIM)
        )
    ways.columns[0].no_wrap = True
    done = Text(f"rekindle tasks done {task['ref'][:_SHORT]} CODE", STRONG)
    more = Text(
        "  --at 2026-03-02T15:00:00Z  --reason price  --because 'their own words'  --comment '...'", DIM
    )
    return Group(done, more, Padding(ways, (1, 0, 1, 2)))


def _declining(task: Data) -> Text:
    return Text(f"rekindle tasks decline {task['ref'][:_SHORT]} --comment '...'", STRONG)


def told_closed(task: Data, refused: Sequence[str]) -> str:
    """What became of a task, in one line; and what its words were read as."""
    if task["state"] == "open":
        said = f"{task['kind']} task {task['ref']} is put off to {moment(task['due_at'])}, as {task['disposition']}"
    else:
        said = f"{task['kind']} task {task['ref']} is closed as {task['disposition']}"
    return said + (
        f"; what you wrote reads as a refusal: suppressed on {_channels(refused)}" if refused else ""
    )


def _channels(channels: Sequence[str]) -> str:
    return "every channel" if "all" in channels else " and ".join(channels)


# ── outcomes out of a file ──

_COUNTS = ("read", "closed", "moved", "unchanged", "empty", "rejected")


def imported_as_data(report: OutcomeReport) -> dict[str, Any]:
    """The report for a program."""
    noted = [{"row": n.row, "ref": n.ref, "suppressed": list(n.channels)} for n in report.noted]
    counts = {name: getattr(report, name) for name in _COUNTS}
    rejects = str(report.rejects) if report.rejects else None
    return {
        "format_version": 1,
        **counts,
        "by_code": dict(report.by_code),
        "refusals": noted,
        "rejects": rejects,
    }


def render_import(report: OutcomeReport) -> Group:
    """What became of the rows, and the refusals that stood in their words."""
    body = table("rows", "closed", "put off", "there before", "empty", "rejected", numbers=_NUMBERS)
    body.add_row(
        number(report.read), number(report.closed, GOOD), number(report.moved, WAITS), number(report.unchanged),
        number(report.empty), number(report.rejected, BAD),
    )  # fmt: skip
    parts: list[RenderableType] = [body]
    if report.by_code:
        parts += [Text(), counts(report.by_code)]
    if report.noted:
        parts += under(
            "Read as refusals", _noted(report), "words beside a code that is none; they are suppressed"
        )
    return Group(*parts)


_NUMBERS = ("rows", "closed", "put off", "there before", "empty", "rejected")


def _noted(report: OutcomeReport) -> RenderableType:
    found = table("row", "task", "suppressed on", numbers=("row",))
    for noted in report.noted:
        found.add_row(str(noted.row), plain(noted.ref[:_SHORT]), Text(_channels(noted.channels), BAD))
    return found
