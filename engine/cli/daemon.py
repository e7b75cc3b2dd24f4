"""``rekindle daemon``: the wheel, until it is told to stop."""

from __future__ import annotations

import click

from engine.cli.context import CliContext


@click.command("daemon")
@click.pass_obj
def command(obj: CliContext) -> None:
    """Import, enrol, decide and send until SIGTERM or Ctrl-C; then stop cleanly.

    It outlives a broken campaign file, a database that is away for a while and a channel that fails. On
    PostgreSQL several may run at once. Logs go to standard error, one line an event, without personal data.
    """
    from engine import logs
    from engine.clock import SystemClock
    from engine.daemon import Daemon

    logs.configure(verbosity=obj.verbosity)
    Daemon(obj.require_project(), obj.env, SystemClock()).run()
