"""``rekindle daemon``: the wheel, until it is told to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.cli.context import CliContext

if TYPE_CHECKING:
    from engine.http.server import Server


@click.command("daemon")
@click.option("--http", is_flag=True, help="Serve the pages and webhooks too, as 'rekindle serve' does.")
@click.pass_obj
def command(obj: CliContext, http: bool) -> None:
    """Import, enrol, decide and send until SIGTERM or Ctrl-C; then stop cleanly.

    It outlives a broken campaign file, a database that is away for a while and a channel that fails. On
    PostgreSQL several may run at once. Logs go to standard error, one line an event, without personal data.
    """
    from engine import logs
    from engine.clock import SystemClock
    from engine.daemon import Daemon

    logs.configure(verbosity=obj.verbosity)
    project, clock = obj.require_project(), SystemClock()

    def beside() -> Server:
        from engine.http.server import served

        return served(project, obj.env, clock)

    Daemon(project, obj.env, clock, beside=beside if http else None).run()
