"""``rekindle doubts list``: what to look for, and where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group
from rich.text import Text

from engine.cli.output.look import DIM, moment, plain, table

#: so much of a ref names a touch; commands take any unambiguous beginning
_SHORT = 8


def render_list(found: Mapping[str, Any]) -> Group:
    """The touches in doubt, the oldest first."""
    if not found["doubts"]:
        return Group(Text("nothing is in doubt"))
    body = table("ref", "since", "channel", "to", "for", "campaign, step")
    for doubt in found["doubts"]:
        name = " ".join(doubt[k] for k in ("first_name", "last_name") if doubt[k])
        body.add_row(
            doubt["ref"][:_SHORT],
            moment(doubt["since"]),
            doubt["channel"],
            plain(doubt["to"]),
            plain(name or f"identity {doubt['identity_id']}"),
            f"{doubt['campaign']}, {doubt['step']}",
        )
    more = ", and more: --limit shows them" if found["more"] else ""
    told = f"{len(found['doubts']):,} shown{more}. rekindle doubts settle REF --sent, or --not-sent"
    return Group(body, Text(), Text(told, DIM))
