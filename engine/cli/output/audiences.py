"""``rekindle audiences list``: each list in numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from engine.cli.output.look import plain, table


def render_list(found: Sequence[Mapping[str, Any]]) -> RenderableType:
    """The lists by name; joining and leaving are those of whom the platform is yet to be told."""
    if not found:
        return Text("nobody was ever put on a list")
    body = table("list", "on it", "joining", "leaving", "have left")
    for each in found:
        numbers = (each[name] for name in ("listed", "joining", "leaving", "has_left"))
        body.add_row(plain(each["audience"]), *(f"{int(n):,}" for n in numbers))
    return body
