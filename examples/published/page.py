"""A rehearsal as a table: every sum of its books, both counts side by side."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from examples.published.books import Line
from examples.published.rehearsal import Rehearsal


def render(done: Rehearsal) -> Group:
    """The whole page of one set."""
    return Group(*_parts(done))


def _parts(done: Rehearsal) -> Iterator[RenderableType]:
    data = done.data
    yield Text(f"\n{data.name}: {data.file}, from {done.begins} to {done.ends}", style="bold")
    for assumption in done.assumed:
        yield Text(f"  assumed, and not in the set: {assumption}", style="yellow")
    for blemish, number in done.blemishes.items():
        if number:
            yield Text(f"  {number:>6,}  {blemish}")
    table = Table(show_edge=False, pad_edge=False)
    table.add_column("")
    for head in ("engine", "counted again", ""):
        table.add_column(head, justify="right")
    for line in done.lines:
        _add(table, line)
    yield table
    yield Text(
        "  " + ", ".join(f"{part} in {took:.1f} s" for part, took in done.seconds.items()), style="dim"
    )


def _add(table: Table, line: Line) -> None:
    first, second = line.total
    verdict = Text("adds up", style="green") if line.holds else Text("DOES NOT ADD UP", style="bold red")
    table.add_section()
    table.add_row(Text(line.what, style="bold"), f"{first:,}", f"{second:,}", verdict)
    for name, (told, own) in line.parts.items():
        if told or own:
            agrees = own is None or own == told
            counted = "" if own is None else f"{own:,}"
            table.add_row(
                Text(f"  {name}"), f"{told:,}", counted, "" if agrees else Text("differs", style="red")
            )
