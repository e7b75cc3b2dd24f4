"""``rekindle bounces``: mail from the mailbox that bounces and replies come to."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import click

from engine.cli.context import CliContext
from engine.cli.failures import report
from engine.cli.params import echo_json, format_option
from engine.errors import ExitCode


@click.command("bounces")
@click.option(
    "--maildir",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Take every new mail of this Maildir, instead of one from standard input.",
)
@format_option
@click.pass_obj
def command(obj: CliContext, maildir: Path | None, format: str) -> None:
    """Take in bounces, complaints and replies.

    Without --maildir one mail is read from standard input, as a mail server's pipe hands it over. The exit code is 75
    when it could not be stored, so that the server keeps it and tries again. A mail that comes twice counts once.
    """
    if maildir is not None:
        tally = _of_maildir(obj, maildir)
    elif sys.stdin.isatty():
        raise click.UsageError("Hand a mail over on standard input, or name a folder: --maildir DIR.")
    else:
        tally = _of_pipe(obj)
    if format == "json":
        echo_json({"format_version": 1, **{name: tally[name] for name in _COUNTED}})
    else:
        click.echo(_told(tally))
    if tally["failed"]:
        raise click.exceptions.Exit(ExitCode.FINDINGS)


_COUNTED = ("mails", "applied", "open", "ignored", "known", "failed")


def _of_maildir(obj: CliContext, maildir: Path) -> Counter[str]:
    from engine.bounces import take_maildir

    with obj.open(tolerant=True) as app:
        return take_maildir(app, maildir)


def _of_pipe(obj: CliContext) -> Counter[str]:
    """Whatever goes wrong, the mail server has to keep the mail."""
    from channels.mailbox_mail import MOST
    from engine.bounces import take_mail

    try:
        data = sys.stdin.buffer.read(MOST)
        while sys.stdin.buffer.read(MOST):
            pass  # a server whose pipe is not emptied takes that for a failure
        with obj.open(tolerant=True) as app:
            return take_mail(app, data)
    except Exception as error:
        report(error)
        raise click.exceptions.Exit(ExitCode.TRY_AGAIN) from None


#: what became of mails, in words
_WORDS = {
    "applied": "acted upon",
    "open": "to be placed later",
    "ignored": "kept and no more",
    "known": "known already",
}


def _told(tally: Counter[str]) -> str:
    said = [f"{tally['mails']:,} mail{'' if tally['mails'] == 1 else 's'} taken in"]
    said += [f"{tally[name]:,} {word}" for name, word in _WORDS.items() if tally[name]]
    if tally["failed"]:
        said.append(f"{tally['failed']:,} left where they are: see the log")
    return "; ".join(said)
