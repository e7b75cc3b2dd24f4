"""``rekindle pause``: a campaign's timeline stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.cli.context import CliContext
from engine.cli.params import echo_json, format_option
from engine.errors import UnknownName

if TYPE_CHECKING:
    from engine.app import App


@click.command("pause")
@click.argument("campaign")
@format_option
@click.pass_obj
def command(obj: CliContext, campaign: str, format: str) -> None:
    """Hold CAMPAIGN: nobody enters, nothing of it is decided or sent, and nothing is lost.

    A running daemon obeys at its next turn, within seconds.
    """
    from engine.backlog import pause

    with obj.open(tolerant=True) as app:
        require_campaign(app, campaign)
        now = app.clock.now()
        with app.store.begin() as conn:
            paused = pause(conn, campaign, now)
    if format == "json":
        echo_json({"format_version": 1, "campaign": campaign, "changed": paused})
    elif paused:
        click.echo(f"{campaign} is paused; 'rekindle resume {campaign}' lets it go on where it stopped")
    else:
        click.echo(f"{campaign} was paused already")


def require_campaign(app: App, campaign: str) -> None:
    """Raises UnknownName unless the project or the store knows the campaign, be its file sound or not."""
    from engine.status import campaign_ids

    known = campaign_ids(app)
    if campaign not in known:
        raise UnknownName(f"there is no campaign '{campaign}'", hint=f"There are: {', '.join(known)}")
