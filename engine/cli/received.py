"""``rekindle received``: what providers told, what people wrote back, what other systems tell of."""

from __future__ import annotations

import click

from engine.cli.context import CliContext
from engine.cli.params import echo_json, format_option


@click.group("received")
def command() -> None:
    """What came back: events of providers, replies, events of other systems."""


@command.command("list")
@click.option("--open", "state", flag_value="open", help="Only what waits for its message or its person.")
@click.option("--ignored", "state", flag_value="ignored", help="Only what was let be.")
@click.option("--source", metavar="NAME", help="Only from there: channel:email, events:crm.")
@click.option("--person", metavar="WHO", help="Identity number, e-mail, phone, or key of a source.")
@click.option("--limit", type=click.IntRange(min=1), default=30, show_default=True, help="At most so many.")
@format_option
@click.pass_obj
def list_(
    obj: CliContext, state: str | None, source: str | None, person: str | None, limit: int, format: str
) -> None:
    """What came in, the newest first, and what became of it."""
    from engine.explain import find_person
    from engine.received_desk import listed

    with obj.open(tolerant=True) as app:
        identity = find_person(app, person) if person else None
        found = listed(app, state=state, source=source, identity=identity, limit=limit)
    if format == "json":
        echo_json(found)
        return
    from engine.cli.output.received import render_list

    obj.show(render_list(found))


@command.command("show")
@click.argument("number", type=int)
@format_option
@click.pass_obj
def show(obj: CliContext, number: int, format: str) -> None:
    """One of them, with its raw form as it came."""
    from engine.received_desk import shown

    with obj.open(tolerant=True) as app:
        found = shown(app, number)
    if format == "json":
        echo_json(found)
        return
    from engine.cli.output.received import render_one

    obj.show(render_one(found["received"]))
