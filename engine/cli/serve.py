"""``rekindle serve``: pages and webhooks, until it is told to stop."""

from __future__ import annotations

import click

from engine.cli.context import CliContext


@click.command("serve")
@click.option("--host", metavar="ADDRESS", help="Listen here, whatever the project says.")
@click.option("--port", type=click.IntRange(0, 65_535), help="Listen on this port; 0 takes a free one.")
@click.option("--openapi", is_flag=True, help="Describe the routes at /openapi.json.")
@click.pass_obj
def command(obj: CliContext, host: str | None, port: int | None, openapi: bool) -> None:
    """Serve the unsubscribe and preference pages and the webhooks, until SIGTERM or Ctrl-C.

    It sends nothing by itself: a daemon does, here (daemon --http) or elsewhere. Listens where the environment's
    http: says. Logs go to standard error, one line an event, without personal data and without tokens.
    """
    from engine import logs
    from engine.cli.output.serve import screen
    from engine.clock import SystemClock
    from engine.http.run import serve
    from engine.http.server import served

    logs.configure(verbosity=obj.verbosity)
    server = served(obj.require_project(), obj.env, SystemClock(), host=host, port=port, openapi=openapi)
    obj.say(screen(server.desk, server.address))
    serve(server)
