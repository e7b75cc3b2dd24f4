"""``rekindle schema``: the JSON Schemas that editors complete and explain by."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli.context import CliContext
from schemas import KINDS


@click.command("schema")
@click.argument("kind", metavar="[KIND]", required=False, type=click.Choice(KINDS))
@click.option("--plain", is_flag=True, help="As it is published: without the project's own names.")
@click.option(
    "--write",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    is_flag=False,
    flag_value="",
    metavar="[FOLDER]",
    help="Write those of all kinds into FOLDER instead; when not said, .schemas in the project.",
)
@click.pass_obj
def command(obj: CliContext, kind: str | None, plain: bool, folder: Path | None) -> None:
    """The JSON Schema of a KIND of file: project, segments, incentives, campaign or tests.

    In a project it knows the project's own names - segments, offers, templates, steps, attributes, events - so that
    an editor offers them; it accepts others, too. Write them anew when there are new names, or after an upgrade.
    """
    from engine.compile import read_files
    from engine.editor_schema import SCHEMA_FOLDER, Names, as_text, fitted, names_of, write

    if (kind is None) == (folder is None):
        raise click.UsageError("Name one KIND, or --write them all.")
    there = (obj.project_dir / "rekindle.yaml").is_file()
    names = names_of(read_files(obj.project_dir)) if there and not plain else Names()
    if kind is not None:
        click.echo(as_text(fitted(kind, names)), nl=False)
        return
    assert folder is not None
    target = folder if folder != Path() else obj.require_project() / SCHEMA_FOLDER
    write(target, names)
    click.echo(f"wrote {target}")
