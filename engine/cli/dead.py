"""``rekindle dead``: dead letters, messages that were tried so often that they were given up."""

from __future__ import annotations

import click

from engine.cli.context import CliContext
from engine.cli.params import echo_json, format_option


@click.group("dead")
def command() -> None:
    """Dead letters: messages that were given up after too many tries, or too late for another."""


@command.command("list")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many.")
@click.option("--all", "refused", is_flag=True, help="Those that a provider refused for good, too.")
@format_option
@click.pass_obj
def list_(obj: CliContext, limit: int, refused: bool, format: str) -> None:
    """What was given up, the latest first."""
    from engine.dead_letters import listed

    with obj.open(tolerant=True) as app:
        found = listed(app, limit=limit, refused=refused)
    if format == "json":
        echo_json(found)
        return
    from engine.cli.output.dead import render_list

    obj.show(render_list(found))


@command.command("show")
@click.argument("ref")
@format_option
@click.pass_obj
def show(obj: CliContext, ref: str, format: str) -> None:
    """One of them: what was tried when, and what the provider said."""
    from engine.dead_letters import shown

    with obj.open(tolerant=True) as app:
        found = shown(app, ref)
    if format == "json":
        echo_json(found)
        return
    from engine.cli.output.dead import render_one

    obj.show(render_one(found))


@command.command("retry")
@click.argument("refs", nargs=-1, required=True, metavar="REF...")
@click.option("--by", metavar="NAME", help="Who wants it; else the name you are logged in by.")
@format_option
@click.pass_obj
def retry(obj: CliContext, refs: tuple[str, ...], by: str | None, format: str) -> None:
    """Have it tried again.

    Every gate is asked again. What has expired, or may not be sent any more, is refused with the reason.
    """
    from engine.dead_letters import retry as try_again
    from engine.settings import login

    with obj.open(tolerant=True) as app:
        for ref in refs:
            found = try_again(app, ref, by=by or login())
            if format == "json":
                echo_json({"format_version": 1, "dead_letter": found})
            else:
                click.echo(f"{found['channel']} message {found['ref']} is in the queue again")


@command.command("drop")
@click.argument("ref")
@click.option("--comment", help="Why: for whoever looks later.")
@click.option("--by", metavar="NAME", help="Who says so; else the name you are logged in by.")
@format_option
@click.pass_obj
def drop(obj: CliContext, ref: str, comment: str | None, by: str | None, format: str) -> None:
    """Take it off the list: it is not sent, and the person's cadence goes on."""
    from engine.dead_letters import drop as drop_letter
    from engine.settings import login

    with obj.open(tolerant=True) as app:
        found = drop_letter(app, ref, by=by or login(), comment=comment)
    if format == "json":
        echo_json({"format_version": 1, "dead_letter": found})
    else:
        click.echo(f"{found['channel']} message {found['ref']} is dropped")
