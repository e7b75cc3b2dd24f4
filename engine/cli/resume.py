"""``rekindle resume``: a paused campaign, or a daemon that holds a backlog, goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from engine.cli.context import CliContext
from engine.cli.params import echo_json, format_option

if TYPE_CHECKING:
    from engine.app import App


@click.command("resume")
@click.argument("campaign", required=False)
@click.option("--backlog", is_flag=True, help="Work off what was held because too much was overdue.")
@format_option
@click.pass_obj
def command(obj: CliContext, campaign: str | None, backlog: bool, format: str) -> None:
    """Let paused CAMPAIGN go on where it stopped, or --backlog let a held daemon go on.

    After a pause every planned moment moves by its length: nothing is late, and nothing comes at once.
    """
    if backlog == (campaign is not None):
        raise click.UsageError("Name a campaign, or say --backlog.")
    with obj.open(tolerant=True) as app:
        said, data = _backlog(app) if campaign is None else _campaign(app, campaign)
    if format == "json":
        echo_json({"format_version": 1, **data})
    else:
        click.echo(said)


def _backlog(app: App) -> tuple[str, dict[str, Any]]:
    from engine.backlog import clear_hold

    with app.store.begin() as conn:
        cleared = clear_hold(conn, app.clock.now())
    said = "the backlog is worked off from the next turn on" if cleared else "no backlog was held"
    return said, {"backlog": True, "changed": cleared}


def _campaign(app: App, campaign: str) -> tuple[str, dict[str, Any]]:
    from engine.backlog import resume
    from engine.cli.output.look import span
    from engine.cli.pause import require_campaign

    require_campaign(app, campaign)
    with app.store.begin() as conn:
        moved = resume(conn, campaign, app.clock.now())
    said = (
        f"{campaign} was not paused"
        if moved is None
        else f"{campaign} goes on, its timeline moved by {span(moved)}"
    )
    return said, {"campaign": campaign, "changed": moved is not None, "moved_by_seconds": moved}
