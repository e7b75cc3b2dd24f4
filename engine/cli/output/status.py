"""``rekindle status`` as a page: alarms, who was written to, campaigns, messages and why not, the machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from engine.cli.output.channels import render as render_channels
from engine.cli.output.look import (
    BAD,
    DIM,
    GOOD,
    STRONG,
    WAITS,
    counts,
    mark,
    moment,
    number,
    plain,
    rows,
    seconds_between,
    span,
    table,
    under,
    words,
)

Data = Mapping[str, Any]

#: what becomes of a message, in the order of the columns; together they are all that came due
_STATES = ("sent", "held", "queued", "skipped", "cancelled", "failed", "in_doubt")
_SAID = {"in_doubt": "in doubt"}
_COLOUR = {"sent": GOOD, "held": WAITS, "queued": WAITS, "skipped": BAD, "failed": BAD, "in_doubt": BAD}
_CONDITION = {"running": GOOD, "paused": WAITS, "not drilled": WAITS, "broken": BAD, "withdrawn": DIM}
#: a daemon that has shown no life for so many seconds is worth a look
_SILENT = 120


def render(s: Data) -> Group:
    """The whole page."""
    return Group(
        *_head(s),
        *_alarms(s),
        *_reach(s),
        *_campaigns(s),
        *_messages(s),
        *_why(s),
        *under("Channels", render_channels(s["channels"], s["now"])),
        *_machine(s),
    )


def render_short(s: Data, by_hand: Collection[str] = ()) -> Group:
    """What a run ends with: who was written to, and what became of the messages. ``by_hand``: channels on which
    a message is a task for a human."""
    return Group(*_head(s), *_alarms(s), *_read(s), *_reach(s), *_messages(s), *_by_channel(s, by_hand))


# ── what needs a human ────────────────────────────────────────────────────────────────────────────────


def _head(s: Data) -> Iterator[RenderableType]:
    reaches = (
        Text("sends to real people", f"{STRONG} {WAITS}") if s["sends"] else Text("reaches nobody", GOOD)
    )
    yield Text.assemble(
        (plain(s["project"]), STRONG), f" in {s['environment']} (", reaches, f")  {s['store']}"
    )
    kind = "virtual time" if s["virtual"] else "now"
    yield Text(f"{kind} {moment(s['now'])}{_heard(s['received'])}", DIM)


def _heard(received: Data) -> str:
    """What came back last, and how much of it found no place yet."""
    if received["last"] is None:
        return ""
    waiting = f", {received['open']:,} open (rekindle received list --open)" if received["open"] else ""
    return f"; last heard from outside {moment(received['last'])}{waiting}"


def _alarms(s: Data) -> Iterator[RenderableType]:
    for line, what_to_do in _alarm_lines(s):
        yield Text.assemble(("! ", f"{STRONG} {BAD}"), (line, f"{STRONG} {BAD}"), f"  {what_to_do}")


def _alarm_lines(s: Data) -> Iterator[tuple[str, str]]:
    hold = s["hold"]
    if hold:
        share = f"{hold['overdue']:,} of {hold['of']:,} overdue"
        yield f"held since {moment(hold['since'])}: {share}", "rekindle resume --backlog"
    if closed := s["drill"]["closed"]:
        channels = ", ".join(sorted({c for each in closed.values() for c in each}))
        yield f"{_campaigns_wait(len(closed))} for the drill ({channels})", s["drill"]["mend"]
    if s["in_doubt"]:
        by_channel = Counter(row["channel"] for row in s["in_doubt"])
        told = ", ".join(f"{n:,} by {channel}" for channel, n in sorted(by_channel.items()))
        yield f"in doubt: {told}", "rekindle doubts list: may have left, will not be sent again by itself"
    for row in s["channels"]:
        if row["state"] != "closed":
            told = f"{row['channel']} is left alone: {row['failures']:,} failures in a row, {plain(row['last_error'])}"
            yield told, "rekindle channels" if not row["ours"] else "mend it: the provider refuses all of ours"
    if dead := {row["channel"]: row["dead_letters"] for row in s["channels"] if row["dead_letters"]}:
        told = ", ".join(f"{n:,} by {channel}" for channel, n in dead.items())
        yield f"given up: {told}", "rekindle dead list"
    if unread := s["open_notes"].get("review_reply"):
        told = f"{unread:,} {'reply waits' if unread == 1 else 'replies wait'} to be read by a human"
        yield told, "rekindle people notes PERSON, then people close-note"
    if answers := s["received"]["answers_in_doubt"]:
        told = f"{answers:,} {'answer' if answers == 1 else 'answers'} to STOP or HELP in doubt"
        yield told, "may have left; never sent again"
    for campaign, at in sorted(s["broken"].items()):
        yield f"campaign {campaign} is broken at {at}", "rekindle validate"
    for source, error in s["sources"].items():
        if error:
            yield f"cannot read {plain(source)}: {plain(error)}", "rekindle import"
    for job, sign in s["jobs"].items():
        if sign.get("error"):
            yield f"job {job} failed {moment(sign['at'])}: {sign['error']}", "the log has the place"
    if not s["touches"]["reconciles"]:
        yield "the messages do not add up to what the ledger says came due", "this is a fault of rekindle"


def _campaigns_wait(count: int) -> str:
    return "1 campaign waits" if count == 1 else f"{count} campaigns wait"


# ── people ────────────────────────────────────────────────────────────────────────────────────────────


def _reach(s: Data) -> list[RenderableType]:
    body = table("segment", "people", "written to", "not", "why not", numbers=("people", "written to", "not"))
    written = people = 0
    for row in s["reach"]:
        silent = row["people"] - row["written"]
        people, written = people + row["people"], written + row["written"]
        name = Text(row["segment"]) if row["segment"] else Text("in no campaign", DIM)
        body.add_row(
            name,
            number(row["people"]),
            number(row["written"], GOOD),
            number(silent),
            counts(row["not_written"]),
        )
    living = s["people"]["living"]
    _total(
        body,
        "everybody",
        number(people),
        number(written, GOOD),
        number(people - written),
        _sum(people == living),
    )
    return under("People", body, _gone(s["people"]))


def _gone(people: Data) -> str:
    told = [f"{people[k]:,} {k}" for k in ("merged", "erased") if people[k]]
    return f"and {', '.join(told)}" if told else ""


def _sum(right: bool) -> Text:
    return Text.assemble(mark(right), " adds up" if right else " does not add up")


def _total(body: Table, *cells: RenderableType) -> None:
    body.add_section()
    body.add_row(*cells, style=STRONG)


# ── campaigns ─────────────────────────────────────────────────────────────────────────────────────────


def _campaigns(s: Data) -> list[RenderableType]:
    places = ("waiting", "parked", "held", "ended")
    head = ("entered", *places, "due now")
    body = table("campaign", "state", "segment", "in it now", *head, numbers=("in it now", *head))
    for c in s["campaigns"]:
        found = c["enrolments"]
        body.add_row(
            c["campaign"],
            Text(c["condition"], _CONDITION.get(c["condition"], "")),
            Text(c["segment"] or "-"),
            number(s["people"]["segments"].get(c["segment"], 0)),
            number(sum(found.values())),
            *(number(found.get(place, 0)) for place in places),
            number(c["due"], WAITS),
        )
    return under("Campaigns", body, _in_none(s["people"]["none"]))


def _in_none(count: int) -> str:
    match count:
        case 0:
            return "everybody is in a segment now"
        case 1:
            return "1 person is in no segment now"
        case _:
            return f"{count:,} people are in no segment now"


# ── messages ──────────────────────────────────────────────────────────────────────────────────────────


def _messages(s: Data) -> list[RenderableType]:
    heads = ("came due", *(_SAID.get(state, state) for state in _STATES))
    body = table("campaign", *heads, numbers=heads)
    for c in s["campaigns"]:
        _message_row(body, c["campaign"], _merged(c["touches"]))
    body.add_section()
    _message_row(body, "all", _merged(s["touches"]["by_state"]), style=STRONG)
    return under("Messages", Group(body, _reconciled(s["touches"])))


def _merged(states: Mapping[str, int]) -> Counter[str]:
    """A message the channel has in hand is still on its way."""
    found = Counter(states)
    found["queued"] += found.pop("dispatching", 0)
    return found


def _message_row(body: Table, name: str, states: Counter[str], style: str = "") -> None:
    cells = [number(states[state], _COLOUR.get(state, "")) for state in _STATES]
    body.add_row(name, number(states.total()), *cells, style=style)


def _reconciled(touches: Data) -> Text:
    states = _merged(touches["by_state"])
    parts = " + ".join(f"{states[state]:,} {_SAID.get(state, state)}" for state in _STATES if states[state])
    sign = "=" if touches["reconciles"] else "is not"
    return Text.assemble(
        mark(touches["reconciles"]), f" {touches['planned']:,} came due {sign} {parts or '0'}"
    )


def _by_channel(s: Data, by_hand: Collection[str]) -> list[RenderableType]:
    channels = sorted({channel for c in s["campaigns"] for channel in c["sent_by_channel"]})
    body = table("campaign", *channels, numbers=channels)
    total: Counter[str] = Counter()
    for c in s["campaigns"]:
        total.update(c["sent_by_channel"])
        body.add_row(c["campaign"], *(number(c["sent_by_channel"].get(name, 0), GOOD) for name in channels))
    _total(body, "all", *(number(total[name], GOOD) for name in channels))
    noted = _with_footnote(body, [name for name in channels if name in by_hand])
    return under("Sent, by channel", noted) if channels else []


def _with_footnote(body: Table, by_hand: list[str]) -> RenderableType:
    """What a human does was not sent by the machine, and the table must not look as if."""
    if not by_hand:
        return body
    listed = " and ".join(filter(None, (", ".join(by_hand[:-1]), by_hand[-1])))
    return Group(body, Text(f"{listed}: tasks opened for a human", DIM))


def _why(s: Data) -> list[RenderableType]:
    body = table("campaign", "sent by", "not sent, and why", "ended, and why")
    for c in s["campaigns"]:
        lines = [
            Text.assemble((f"{_SAID.get(state, state)}: ", _COLOUR.get(state, "")), counts(found))
            for state, found in sorted(c["reasons"].items())
        ]
        body.add_row(
            c["campaign"], counts(c["sent_by_channel"], GOOD), Text("\n").join(lines), counts(c["ended"])
        )
    return under("How and why", body)


# ── the machine ───────────────────────────────────────────────────────────────────────────────────────


def _machine(s: Data) -> list[RenderableType]:
    grid = rows()
    open_tasks = s["tasks_open"]
    told = (
        Text.assemble((f"{open_tasks:,} open", WAITS), "  rekindle tasks list")
        if open_tasks
        else Text("none open")
    )
    grid.add_row("tasks", told)
    grid.add_row("daemons", _daemons(s))
    grid.add_row("last runs", _jobs(s))
    _add_imports(grid, s)
    return under("Work", grid)


def _read(s: Data) -> list[RenderableType]:
    grid = rows()
    _add_imports(grid, s)
    return under("Read", grid) if s["imports"] else []


def _add_imports(grid: Table, s: Data) -> None:
    for row in s["imports"]:
        grid.add_row(f"{row['kind']} from {plain(row['source'])}", _import(row))


def _daemons(s: Data) -> Text:
    if not s["workers"]:
        return Text("none")
    lines = []
    for sign in s["workers"].values():
        ago = seconds_between(sign["at"], s["now"])
        alive = Text("alive", GOOD) if ago <= _SILENT else Text("silent", f"{STRONG} {BAD}")
        lines.append(Text.assemble(alive, f", last sign {span(ago, 1)} ago"))
    return Text("\n").join(lines)


def _jobs(s: Data) -> Text:
    """Jobs that ran at the same moment stand together."""
    at: dict[str, list[Text]] = {}
    for name, sign in s["jobs"].items():
        at.setdefault(_ago(sign["at"], s), []).append(Text.assemble(mark(not sign.get("error")), f" {name}"))
    told = [Text.assemble(Text(" ").join(names), f" {when}") for when, names in at.items()]
    return Text(", ").join(told) if told else Text("nothing has run yet")


def _ago(at: str, s: Data) -> str:
    return moment(at, year=False) if s["virtual"] else f"{span(seconds_between(at, s['now']), 1)} ago"


def _import(row: Data) -> Text:
    """What all readings took in, and how the latest one adds up."""
    last = row["last"]
    kinds = ("rejected", "created", "merged", "updated", "unchanged", "future")
    parts = " + ".join(f"{last[kind]:,} {words(kind)}" for kind in kinds if last[kind])
    right = last["read"] == sum(last[kind] for kind in kinds)
    which = (
        f", {row['created']:,} taken in; the last of {row['runs']:,} readings:" if row["runs"] != 1 else ""
    )
    return Text.assemble(mark(right), f"{which} {last['read']:,} rows = {parts or '0'}".removeprefix(","))
