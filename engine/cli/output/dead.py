"""``rekindle dead``: what was given up, and what was tried before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group
from rich.text import Text

from engine.cli.output.look import DIM, moment, plain, rows, table, words

#: so much of a ref names a touch; commands take any unambiguous beginning
_SHORT = 8


def render_list(found: Mapping[str, Any]) -> Group:
    """The dead letters, the latest first."""
    if not found["dead_letters"]:
        return Group(Text("no dead letters"))
    body = table("ref", "since", "channel", "why", "tries", "to", "for", "campaign, step", numbers=("tries",))
    for letter in found["dead_letters"]:
        body.add_row(
            letter["ref"][:_SHORT],
            moment(letter["since"]),
            letter["channel"],
            words(letter["reason"]),
            f"{letter['failures']:,}",
            plain(letter["to"]),
            plain(_name(letter)),
            f"{letter['campaign']}, {letter['step']}",
        )
    more = ", and more: --limit shows them" if found["more"] else ""
    told = (
        f"{len(found['dead_letters']):,} shown{more}. rekindle dead show REF, dead retry REF, dead drop REF"
    )
    return Group(body, Text(), Text(told, DIM))


def render_one(letter: Mapping[str, Any]) -> Group:
    """One dead letter with all that was tried."""
    grid = rows()
    grid.add_row("message", f"{letter['channel']} {letter['ref']}")
    grid.add_row("to", plain(letter["to"]))
    grid.add_row("for", plain(_name(letter)))
    grid.add_row("of", f"{letter['campaign']}, {letter['step']}")
    grid.add_row("why", words(letter["reason"]))
    grid.add_row("may leave until", moment(letter["expires_at"]))
    body = table("when", "what", "why")
    for line in letter["history"]:
        body.add_row(moment(line["at"]), words(line["action"]), plain(line["because"]))
    return Group(grid, Text(), body)


def _name(letter: Mapping[str, Any]) -> str:
    name = " ".join(letter[key] for key in ("first_name", "last_name") if letter[key])
    return name or f"identity {letter['identity_id']}"
