"""``rekindle letters``: where each is, what it looks like, and how it went; ``rekindle tasks sign`` is here too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from engine.cli.context import CliContext
from engine.cli.params import Instant, echo_json, format_option

_FILE = click.Path(dir_okay=False, path_type=Path)
_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
_STATES = ("unsigned", "signed", "posted", "delivered", "refused", "all")


@click.group("letters")
def command() -> None:
    """Letters as documents: look at one, say how it went, prove that it is unchanged."""


@command.command("list")
@click.option(
    "--state", type=click.Choice(_STATES), help="In this state only; else what is still to be done."
)
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many.")
@format_option
@click.pass_obj
def list_(obj: CliContext, state: str | None, limit: int, format: str) -> None:
    """Letters that wait for a signature, for the post or for word of their arrival; the oldest first."""
    from engine.letters import listed

    with obj.open(tolerant=True) as app:
        found = listed(app, state=state, limit=limit)
    if format == "json":
        echo_json(found)
        return
    from engine.cli.output.letters import render_list

    obj.show(render_list(found))


@command.command("show")
@click.argument("ref")
@format_option
@click.pass_obj
def show(obj: CliContext, ref: str, format: str) -> None:
    """One letter: whom it is to, who signs it, and every step of its way."""
    from engine.letters import shown

    with obj.open(tolerant=True) as app:
        found = shown(app, ref)
    if format == "json":
        echo_json(found)
        return
    from engine.cli.output.letters import render_one

    obj.show(render_one(found["letter"]))


@command.command("export")
@click.argument("ref")
@click.option(
    "--to", "path", type=_FILE, required=True, help="Where to write the PDF; nothing is overwritten."
)
@click.pass_obj
def export(obj: CliContext, ref: str, path: Path) -> None:
    """Write the PDF as it stands: unsigned before the signature, signed after it."""
    from engine.letters import document
    from engine.private_files import private

    with obj.open(tolerant=True) as app:
        whole, pdf = document(app, ref)
    try:
        with open(path, "xb", opener=private) as file:
            file.write(pdf)
    except OSError as error:
        raise click.ClickException(f"cannot write {path}: {error.strerror}") from None
    click.echo(f"letter {whole} is in {path}")


@command.command("verify")
@click.argument("file", type=_EXISTING)
@format_option
@click.pass_obj
def verify(obj: CliContext, file: Path, format: str) -> None:
    """Is this PDF a letter of ours, and unchanged? By its signature, and by the record of what was signed.

    Exits with 1 when it was changed, or is no letter that is known.
    """
    from engine.letter_proof import verify as verify_letter

    with obj.open(tolerant=True) as app:
        found = verify_letter(app, file.read_bytes())
    if format == "json":
        echo_json(found)
    else:
        click.echo(f"{file}: {found['said']}")
    if not found["good"]:
        raise click.exceptions.Exit(1)


@command.command("send")
@click.argument("ref")
@click.option("--not-sent", is_flag=True, help="You found that what is in doubt did not leave.")
@click.pass_obj
def send(obj: CliContext, ref: str, not_sent: bool) -> None:
    """Hand a signed letter on that could not leave at once. What is in doubt is not sent again without --not-sent."""
    from engine.letter_delivery import did_not_leave, hand_on

    with obj.open(tolerant=True) as app:
        if not_sent:
            did_not_leave(app, ref)
        said = hand_on(app, ref)
    click.echo(said)


@command.command("posted")
@click.argument("ref")
@click.option("--carrier", required=True, metavar="NAME", help="Who carries it: USPS, DHL, a courier.")
@click.option("--tracking", metavar="NUMBER", help="The carrier's number for it.")
@click.option("--on", "at", type=Instant(), help="When; else now.")
@format_option
@click.pass_obj
def posted(
    obj: CliContext, ref: str, carrier: str, tracking: str | None, at: int | None, format: str
) -> None:
    """Say that a signed letter is on its way. Its task is done; cadences that wait for letter_posted go on."""
    from engine.letters import posted as post

    with obj.open(tolerant=True) as app:
        found = post(app, ref, carrier=carrier, tracking=tracking, at=at)
    _say(found, f"is on its way by {carrier}", format)


@command.command("delivered")
@click.argument("ref")
@click.option("--on", "at", type=Instant(), help="When; else now.")
@click.option("--proof", metavar="URI", help="Where the carrier's proof of delivery is kept.")
@format_option
@click.pass_obj
def delivered(obj: CliContext, ref: str, at: int | None, proof: str | None, format: str) -> None:
    """Say that a posted letter has arrived. Cadences that wait for letter_delivered go on."""
    from engine.letters import delivered as deliver

    with obj.open(tolerant=True) as app:
        found = deliver(app, ref, at=at, proof=proof)
    _say(found, "has arrived", format)


@click.command("sign")
@click.argument("ref")
@click.option(
    "--by", metavar="NAME", help="Who signs: a name or a mailbox; else the name you are logged in by."
)
@click.option("--image", type=_EXISTING, help="A picture of your signature, PNG or JPEG, set on the letter.")
@format_option
@click.pass_obj
def sign(obj: CliContext, ref: str, by: str | None, image: Path | None, format: str) -> None:
    """Sign a letter you have read, and let it go. Only the signatory may; nobody signs for another.

    'rekindle letters export' writes what you are about to sign.
    """
    from engine.letter_delivery import hand_on
    from engine.letters import LetterWaits
    from engine.letters import sign as sign_letter
    from engine.settings import login

    with obj.open(tolerant=True) as app:
        found = sign_letter(app, ref, by=by or login(), image=image.read_bytes() if image else None)
        try:
            said = hand_on(app, found["ref"])
        except LetterWaits as later:
            said = str(later)
    _say(found, f"is signed by {found['signatory']}: {said}", format)


def _say(letter: dict[str, Any], what: str, format: str) -> None:
    if format == "json":
        echo_json({"format_version": 1, "letter": letter})
    else:
        click.echo(f"letter {letter['ref']} {what}")
