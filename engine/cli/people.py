"""``rekindle people``: who is known, who may be the same, and who is to be forgotten."""

from __future__ import annotations

import click

from engine.cli.context import CliContext
from engine.cli.params import echo_json, format_option


@click.group("people")
def command() -> None:
    """Who is known, and who may be the same person."""


@command.command("show")
@click.argument("person")
@format_option
@click.pass_obj
def show(obj: CliContext, person: str, format: str) -> None:
    """What is on record about PERSON: identity number, e-mail, phone, or key of a source."""
    from engine.explain import find_person
    from engine.people.show import person_as_data

    with obj.open(tolerant=True) as app:
        identity = find_person(app, person)
        with app.store.read() as conn:
            found = person_as_data(conn, identity)
    if format == "json":
        echo_json(found)
        return
    from engine.cli.output.people import render_person

    obj.show(render_person(found))


@command.command("link")
@click.argument("person")
@format_option
@click.pass_obj
def link_(obj: CliContext, person: str, format: str) -> None:
    """The preference page of PERSON, for support: who has the link can choose for them.

    It shows addresses shortened, and works for as long as the signing key is kept.
    """
    from engine.explain import find_person
    from engine.http.link import page_of

    with obj.open(tolerant=True) as app:
        url = page_of(app, find_person(app, person))
    if format == "json":
        echo_json({"format_version": 1, "url": url})
        return
    click.echo(url)


@command.command("suspects")
@click.option(
    "--limit", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many phones."
)
@format_option
@click.pass_obj
def suspects(obj: CliContext, limit: int, format: str) -> None:
    """Phones that several mailboxes share. Nobody is joined by a phone alone."""
    from engine.people.show import suspects_as_data

    with obj.open(tolerant=True) as app, app.store.read() as conn:
        found = suspects_as_data(conn, limit)
    if format == "json":
        echo_json(found)
        return
    from engine.cli.output.people import render_suspects

    obj.show(render_suspects(found))


@command.command("notes")
@click.argument("person")
@format_option
@click.pass_obj
def notes_(obj: CliContext, person: str, format: str) -> None:
    """The notes on PERSON: escalations, complaints, replies to be read. Some hold all messages while open."""
    from engine.explain import find_person
    from engine.people.notes import notes_as_data

    with obj.open(tolerant=True) as app:
        identity = find_person(app, person)
        with app.store.read() as conn:
            found = notes_as_data(conn, identity)
    if format == "json":
        echo_json(found)
        return
    from engine.cli.output.people import render_notes

    obj.show(render_notes(found))


@command.command("close-note")
@click.argument("person")
@click.argument("kind")
@click.option("--comment", help="What was found; it stays with the note.")
@click.pass_obj
def close_note(obj: CliContext, person: str, kind: str, comment: str | None) -> None:
    """Close the open notes of KIND on PERSON, e.g. review_reply, complaint or escalation.

    What the note held goes on: a held message is decided again when its time comes, within a day.
    Suppressions stay as they are.
    """
    from engine.explain import find_person
    from engine.people.notes import close_notes

    with obj.open(tolerant=True) as app:
        identity = find_person(app, person)
        count = close_notes(app.store, identity, kind, app.clock, comment)
    what = "note is" if count == 1 else "notes are"
    click.echo(f"{count} {kind} {what} closed; person {identity} is looked at again")


@command.command("erase")
@click.argument("person")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def erase_(obj: CliContext, person: str, yes: bool) -> None:
    """Forget PERSON for good. Their addresses stay suppressed, so that no import brings them back."""
    from engine.explain import find_person
    from engine.people.erase import erase

    with obj.open(tolerant=True) as app:
        identity = find_person(app, person)
        if not yes:
            click.confirm(f"Erase person {identity}? This cannot be undone", abort=True, err=True)
        erase(app.store, identity, app.clock)
    click.echo(f"person {identity} is erased")
