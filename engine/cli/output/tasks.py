"""``rekindle tasks``: a list to work through, and one task with all that is needed to do it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from engine.cli.output.look import BAD, DIM, STATES, STRONG, day, moment, plain, rows, table, words, zones
from engine.cli.output.text import printable

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
    return f"none of the {count:,} {called} match" if count > 1 else f"the only one of the {called} does not match"


def _due(task: Data, now: str) -> Text:
    if task["state"] != "open":
        return Text(f"{task['disposition']} {day(task['closed_at'])}", STATES.get(task["state"], ""))
    late = task["due_at"] < now
    return Text.assemble(day(task["due_at"]), (" late" if late else "", BAD))


def _who(task: Data) -> str:
    name = " ".join(task[k] for k in ("first_name", "last_name") if task[k])
    return ", ".join(plain(part) for part in (name, task["company"]) if part) or "-"


def render_one(found: Data, dispositions: Mapping[str, str]) -> Group:
    """One task, whole; an open one with the ways to close it."""
    task = found["task"]
    grid = rows()
    grid.add_row("for", f"{_who(task)} (identity {task['identity_id']})")
    for name in ("phone", "email", "linkedin"):
        if task[name]:
            grid.add_row(name, plain(task[name]))
    grid.add_row("their zone", zones(task["zones"], known=task["zone_known"]))
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
        parts += _closing(task, dispositions)
    return Group(*parts)


def _state(task: Data) -> Text:
    how = f", {task['disposition']} on {day(task['closed_at'])}" if task["closed_at"] else ""
    comment = f": {plain(task['comment'])}" if task["comment"] else ""
    return Text.assemble((task["state"], STATES.get(task["state"], "")), f"{how}{comment}")


def _closing(task: Data, dispositions: Mapping[str, str]) -> list[RenderableType]:
    ways = rows()
    for code, means in dispositions.items():
        ways.add_row(code, means)
    done = Text(f"rekindle tasks done {task['ref'][:_SHORT]} --disposition CODE", STRONG)
    return [done, Padding(ways, (0, 0, 0, 2)), _declining(task)]


def _declining(task: Data) -> Text:
    return Text(f"rekindle tasks decline {task['ref'][:_SHORT]} --comment '...'", STRONG)
