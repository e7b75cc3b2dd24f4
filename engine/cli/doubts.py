"""``rekindle doubts``: messages that may or may not have left, and the word of whoever found out."""

from __future__ import annotations

import click

from engine.cli.context import CliContext
from engine.cli.params import echo_json, format_option


@click.group("doubts")
def command() -> None:
    """Messages that may or may not have left: what is in doubt, and what became of it."""


@command.command("list")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many.")
@format_option
@click.pass_obj
def list_(obj: CliContext, limit: int, format: str) -> None:
    """What is in doubt, the oldest first, with the address to look for at the provider."""
    from engine.doubts_desk import listed

    with obj.open(tolerant=True) as app:
        found = listed(app, limit=limit)
    if format == "json":
        echo_json(found)
        return
    from engine.cli.output.doubts import render_list

    obj.show(render_list(found))


@command.command("settle")
@click.argument("ref")
@click.option("--sent/--not-sent", default=None, help="What you found: it has left, or it has not.")
@click.option("--comment", help="How you know: for whoever looks later.")
@click.option("--by", metavar="NAME", help="Who found out; else the name you are logged in by.")
@format_option
@click.pass_obj
def settle(obj: CliContext, ref: str, sent: bool | None, comment: str | None, by: str | None, format: str) -> None:
    """Say what became of a message in doubt.

    What was sent counts for caps, as it did in doubt. What was not has failed and counts for nothing; it is not
    sent again, and the person's cadence goes on.
    """
    if sent is None:
        raise click.UsageError("Say what you found: --sent or --not-sent.")
    from engine.doubts_desk import settle as settle_doubt
    from engine.settings import login

    with obj.open(tolerant=True) as app:
        found = settle_doubt(app, ref, sent=sent, by=by or login(), comment=comment)
    if format == "json":
        echo_json({"format_version": 1, "doubt": found})
    else:
        click.echo(f"{found['channel']} message {found['ref']} is settled as {'sent' if sent else 'not sent'}")
