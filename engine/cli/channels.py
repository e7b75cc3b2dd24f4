"""``rekindle channels``: how each channel bears up."""

from __future__ import annotations

import click

from engine.cli.context import CliContext
from engine.cli.params import echo_json, format_option


@click.command("channels")
@format_option
@click.pass_obj
def command(obj: CliContext, format: str) -> None:
    """How each channel bears up: what it may send, what waits, what is in doubt, what keeps failing."""
    from engine.channel_health import channels

    with obj.open(tolerant=True) as app:
        found = channels(app)
    if format == "json":
        echo_json(found)
        return
    from engine.cli.output.channels import render

    obj.show(render(found["channels"], found["now"]))
