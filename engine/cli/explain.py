"""``rekindle explain``: one person, and every reason."""

from __future__ import annotations

import click

from engine.cli.context import CliContext
from engine.cli.params import echo_json, format_option


@click.command("explain")
@click.argument("person")
@format_option
@click.pass_obj
def command(obj: CliContext, person: str, format: str) -> None:
    """Why PERSON got this message, why not that one, what comes next and when.

    PERSON is an identity number, an e-mail address, a phone number or a key of a source. Times are the
    person's own; a rule that stands in the way is shown with its file and line, those that allow are counted.
    """
    from engine.explain import explain, find_person

    with obj.open(tolerant=True) as app:
        identity = find_person(app, person)
        found = explain(app, identity)
    if person.isdecimal():  # one namespace for two kinds of numbers
        taken = "an identity number" if int(person) == identity else "a source's key, or a phone number"
        obj.say(f"{person} is taken for {taken}: this is identity {identity}\n")
    if format == "json":
        echo_json(found)
        return
    from engine.cli.output.explain import render

    obj.show(render(found))
