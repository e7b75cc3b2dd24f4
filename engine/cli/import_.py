"""``rekindle import``: read the declared sources now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from engine.cli.context import CliContext
from engine.cli.params import echo_json, format_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.model import SourceDef
    from engine.people.importer import Progress


@click.command("import")
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@format_option
@click.pass_obj
def command(obj: CliContext, sources: tuple[str, ...], format: str) -> None:
    """Read people and events from SOURCE, or from every declared source.

    Reading twice changes nothing. Rows that cannot go in are written to var/rejects with the reason, and the
    rest goes in.
    """
    from engine.cli.output.imports import as_data, render
    from engine.sources import read_sources

    with obj.open(tolerant=True) as app, _bars(obj) as watch:
        reports, failures = read_sources(app, sources, watch)
    if format == "json":
        echo_json(as_data(reports, failures))
    elif reports:
        obj.show(render(reports))
    for report in reports:
        if report.rejects:
            obj.say(f"{report.rejected:,} rows of {report.source} did not go in; why: {report.rejects}")
        for field, cells in report.unlisted.items():
            obj.say(_unlisted(report.source, field, cells))
    if failures:
        raise failures[0]


def _unlisted(source: str, field: str, cells: int) -> str:
    """A warning of values that no condition can name. Never the values: they are somebody's data."""
    hold = "1 cell holds" if cells == 1 else f"{cells:,} cells hold"
    return (
        f"warning: {source}: {hold} another {field} than its list has, so no condition can ask for it; mend the "
        "source, or list the value under people.values in rekindle.yaml"
    )


@contextmanager
def _bars(obj: CliContext) -> Iterator[Callable[[SourceDef], Progress | None]]:
    """A progress bar for each source, on a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    console = Console(stderr=True, color_system=None if obj.color is False else "auto")
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=40),
        TaskProgressColumn(),
        TextColumn("{task.fields[rows]:,} rows"),
        TimeRemainingColumn(),
    )
    disabled = obj.verbosity < 0 or not console.is_terminal
    with Bars(*columns, console=console, disable=disabled) as bars:

        def watch(source: SourceDef) -> Progress:
            task = bars.add_task(source.id, total=None, rows=0)

            def moved(rows: int, position: int, size: int) -> None:
                bars.update(task, completed=position, total=size or None, rows=rows)

            return moved

        yield watch
