"""``rekindle drill``: does a no, by every way there is into the running system, stop the next message?"""

from __future__ import annotations

import click

from engine.cli.context import CliContext
from engine.cli.params import echo_json, format_option
from engine.errors import ExitCode


@click.command("drill")
@click.option(
    "--url", metavar="URL", help="Where the running system is, e.g. https://go.your-domain.example."
)
@click.option("--public", is_flag=True, help="Go by its public_url, through DNS, TLS and proxy.")
@format_option
@click.pass_obj
def command(obj: CliContext, url: str | None, public: bool, format: str) -> None:
    """Say no by every way into the running system, as somebody who does not exist.

    Unsubscribe, STOP, bounce and complaint go over HTTP to where 'rekindle serve' or 'daemon --http' listens, as
    providers send them; each has to be on record, and the gates have to withhold that person's next message. Nothing
    is sent to anybody, and nothing stays behind. Where messages really go out, no campaign opens before this has
    passed: serve, drill, daemon. Exit code 1 when a way does not work.
    """
    if url and public:
        raise click.UsageError("Say --url or --public, not both.")
    from engine.drill.run import drill

    with obj.open(tolerant=True) as app:
        http = app.environment.http
        found = drill(app, url or (http.public_url if public and http else None))
    if format == "json":
        echo_json(found)
    else:
        from engine.cli.output.drill import render

        obj.show(render(found))
    if not found["passed"]:
        raise click.exceptions.Exit(ExitCode.FINDINGS)
