"""``rekindle status``: who waits, what was sent, what was not and why."""

from __future__ import annotations

import click

from engine.cli.context import CliContext
from engine.cli.params import echo_json, format_option


@click.command("status")
@format_option
@click.pass_obj
def command(obj: CliContext, format: str) -> None:
    """Who waits, what was sent, what was not and why; what needs a human first.

    A database that a virtual run has filled is shown at the moment the run has reached.
    """
    from engine.status import status

    with obj.open(tolerant=True) as app:
        found = status(app)
    if format == "json":
        echo_json(found)
        return
    from engine.cli.output.status import render

    obj.show(render(found))
