"""``rekindle drill`` as a table: each way in, how fast it worked, and what is withheld by it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from engine.cli.output.look import BAD, DIM, GOOD, STRONG, mark, plain, table

Data = Mapping[str, Any]


def render(found: Data) -> Group:
    """The whole page."""
    return Group(*_head(found), _table(found), *_tail(found))


def _head(found: Data) -> Iterator[RenderableType]:
    yield Text.assemble(("Drill", STRONG), f" in {found['environment']}, at {plain(found['url'])}")


def _table(found: Data) -> RenderableType:
    body = table(
        "channel", "way in", "through", "in force after", "next message", numbers=("in force after",)
    )
    for way in found["ways"]:
        after = "" if way["milliseconds"] is None else f"{way['milliseconds']:,} ms"
        if way["passed"]:
            told = Text.assemble(mark(True), f" withheld ({way['withheld_by']})")
        else:
            told = Text.assemble(mark(False), " ", (plain(way["because"]), BAD))
        body.add_row(way["channel"], way["way"], way["through"], after, told)
    for channel in found["silent"]:
        body.add_row(Text(channel, DIM), Text("none from outside", DIM), "", "", "")
    return body


def _tail(found: Data) -> Iterator[RenderableType]:
    ways, failed = len(found["ways"]), sum(not way["passed"] for way in found["ways"])
    if found["passed"]:
        opens = "; campaigns may open here" if found["sends"] else ""
        yield Text(f"passed: a no by {_ways(ways)} stops the next message{opens}", GOOD)
    elif not ways:
        yield Text("not passed: no channel has a way in", BAD)
    else:
        stays = "; campaigns that write by them stay shut" if found["sends"] else ""
        yield Text(
            f"not passed: {failed} of {_ways(ways)} {'does' if failed == 1 else 'do'} not work{stays}", BAD
        )
    if found["swept"]:
        yield Text(f"cleaned up after {found['swept']} of a drill that did not come to its end", DIM)


def _ways(count: int) -> str:
    return f"{count} way{'' if count == 1 else 's'}"
