"""``rekindle audiences``: who is on which retargeting list."""

from __future__ import annotations

import click

from engine.cli.context import CliContext
from engine.cli.params import echo_json, format_option


@click.group("audiences")
def command() -> None:
    """Retargeting lists: how many are on each, and everybody on one as the platform reads them."""


@command.command("list")
@format_option
@click.pass_obj
def list_(obj: CliContext, format: str) -> None:
    """Every list, with how many are on it and of how many its platform is yet to be told."""
    from engine.retargeting import listed

    with obj.open(tolerant=True) as app:
        found = listed(app)
    if format == "json":
        echo_json({"format_version": 1, "lists": found})
        return
    from engine.cli.output.audiences import render_list

    obj.show(render_list(found))


@command.command("export")
@click.argument("name")
@click.pass_obj
def export(obj: CliContext, name: str) -> None:
    """Everybody on a list as CSV, hashed, in the columns of its platform: to put it there whole."""
    from engine.retargeting import exported

    with obj.open(tolerant=True) as app:
        found = exported(app, name)
    click.echo(found, nl=False)
