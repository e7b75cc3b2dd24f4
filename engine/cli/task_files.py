"""``rekindle tasks export`` and ``import``: a day's work as a file, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from engine.cli.context import CliContext
from engine.cli.params import echo_json, format_option


class _Zone(click.ParamType[Any]):
    """A zone of the time zone database."""

    name = "zone"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from engine.places import zone_exists

        if not zone_exists(str(value)):
            self.fail(f"there is no time zone '{value}': write it as Europe/London", param, ctx)
        return str(value)


@click.command("export")
@click.option(
    "--format", type=click.Choice(["csv", "ics", "json"]), default="csv", show_default=True, help="As what."
)
@click.option("--owner", metavar="EMAIL", help="Of this owner only.")
@click.option("--kind", metavar="KIND", help="Of this kind only.")
@click.option(
    "--zone",
    type=_Zone(),
    help="Write a calendar's moments in this zone; else in UTC, which it shows in its own.",
)
@click.option(
    "--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Into this file; else shown."
)
@click.pass_obj
def export(
    obj: CliContext, format: str, owner: str | None, kind: str | None, zone: str | None, output: Path | None
) -> None:
    """Everything that is open, as a table to fill in, a calendar or data.

    The table has empty columns for the outcome: fill them in, and 'rekindle tasks import FILE' reads it.
    """
    from engine.task_export import as_csv, as_ics, open_tasks

    with obj.open(tolerant=True) as app:
        found = open_tasks(app, owner, kind)
        name, now = app.project.name, app.clock.now()
    if format == "json":
        import orjson

        data = {"format_version": 1, "tasks": found}
        written = orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    elif format == "ics":
        written = as_ics(found, name, now, zone)
    else:
        written = as_csv(found).encode()
    if output is None:
        click.echo(written, nl=False)
    else:
        _write(output, written)
    obj.say(
        f"{len(found):,} open {'task' if len(found) == 1 else 'tasks'}" + (f" in {output}" if output else "")
    )


def _write(path: Path, content: bytes) -> None:
    from engine.errors import ConfigurationError
    from engine.private_files import private

    try:
        with open(path, "wb", opener=private) as file:  # names, numbers and addresses
            file.write(content)
    except OSError as error:
        raise ConfigurationError(f"cannot write {path}: {error.strerror}") from error


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@format_option
@click.pass_obj
def import_(obj: CliContext, file: Path, format: str) -> None:
    """Read outcomes from FILE, a table with the columns ref and code.

    It may have at, happened_at, comment, reason and words too. Reading it twice changes nothing. Rows that cannot go
    in are written to var/rejects/outcomes.csv with the reason, and the rest goes in. A refusal that stands in a
    comment counts, whatever the code, and whether or not the row goes in.
    """
    from engine.cli.output.tasks import imported_as_data, render_import
    from engine.task_import import import_outcomes

    with obj.open(tolerant=True) as app, _bar(obj, file) as moved:
        report = import_outcomes(app, file, moved)
    if format == "json":
        echo_json(imported_as_data(report))
        return
    obj.show(render_import(report))
    if report.rejects:
        obj.say(f"{report.rejected:,} of the rows did not go in; why: {report.rejects}")


@contextmanager
def _bar(obj: CliContext, file: Path) -> Iterator[Callable[[int, int, int], None]]:
    """A progress bar, on a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    console = Console(stderr=True, color_system=None if obj.color is False else "auto")
    columns = (
        TextColumn("{task.description}"), BarColumn(bar_width=40), TaskProgressColumn(),
        TextColumn("{task.fields[rows]:,} rows"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, disable=obj.verbosity < 0 or not console.is_terminal) as bars:
        task = bars.add_task(file.name, total=None, rows=0)

        def moved(rows: int, position: int, size: int) -> None:
            bars.update(task, completed=position, total=size or None, rows=rows)

        yield moved
