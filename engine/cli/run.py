"""``rekindle run``: the wheel once, for a while, or over virtual time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from engine.cli.context import CliContext
from engine.cli.params import Instant, Span, echo_json, format_option
from engine.errors import ConfigurationError, ExitCode, ImportFailed

if TYPE_CHECKING:
    from collections import Counter

    from engine.app import App

#: seconds that a single turn waits for declared rates
_PATIENCE = 60


@click.command("run")
@click.option("--once", is_flag=True, help="One turn of the wheel, for cron.")
@click.option("--until", type=Span(), metavar="DURATION", help="For so long: 45d, 72h, 90m.")
@click.option(
    "--virtual", is_flag=True, help="On a virtual clock, as fast as it goes. Not where it really sends."
)
@click.option(
    "--from",
    "start",
    type=Instant(),
    metavar="MOMENT",
    help="Where the virtual clock begins, e.g. 2026-03-02T15:00:00Z; else where it stood last, else now.",
)
@format_option
@click.pass_obj
def command(
    obj: CliContext, once: bool, until: int | None, virtual: bool, start: int | None, format: str
) -> None:
    """Import, enrol, decide and send: once, for a while, or over virtual time.

    A virtual run does what the daemon would do, moment by moment, and gives the same numbers every time. Its
    database lives in virtual time from then on; real workers refuse it.
    """
    _check(once, until, virtual, start)
    if until is None:
        _once(obj, format)
    elif virtual:
        _virtual(obj, until, start, format)
    else:
        _for_a_while(obj, until, format)


def _check(once: bool, until: int | None, virtual: bool, start: int | None) -> None:
    if once == (until is not None):
        raise click.UsageError("Say --once, or --until with a duration such as 45d.")
    if virtual and once:
        raise click.UsageError("--virtual takes --until: how far the virtual clock shall run.")
    if start is not None and not virtual:
        raise click.UsageError("--from moves a virtual clock: say --virtual too.")


def _once(obj: CliContext, format: str) -> None:
    """What is sound is worked on; a broken campaign is told and makes the exit code 1."""
    from engine.clock import SystemClock
    from engine.jobs import run_once
    from engine.timekeeping import enter_real

    with obj.open(clock=SystemClock(), tolerant=True) as app:
        enter_real(app.store, app.clock.now())
        app.start_work()
        app.patience = _PATIENCE
        _finish(obj, app, run_once(app, app.clock.now()), format)


def _for_a_while(obj: CliContext, seconds: int, format: str) -> None:
    from engine import logs
    from engine.clock import SystemClock
    from engine.daemon import Daemon

    logs.configure(verbosity=obj.verbosity)
    Daemon(obj.require_project(), obj.env, SystemClock()).run(seconds)
    with obj.open(clock=SystemClock(), tolerant=True) as app:
        _finish(obj, app, None, format)


def _virtual(obj: CliContext, seconds: int, start: int | None, format: str) -> None:
    from engine import logs
    from engine.cli.progress import virtual_progress
    from engine.clock import SystemClock
    from engine.simulate import run_virtual
    from engine.timekeeping import enter_virtual, keep_virtual

    _refuse_where_it_sends(obj)
    with obj.open(clock=SystemClock()) as app:
        if obj.verbosity < 1:
            logs.configure(verbosity=-2)  # months of warnings; what they tell is in the table at the end
        clock = app.clock = enter_virtual(app.store, start)
        app.start_work()
        end = clock.now() + seconds
        try:
            with virtual_progress(obj, app.store, clock.now(), end) as progress:
                tally = run_virtual(app, clock, end, progress)
        finally:
            keep_virtual(app.store, clock.now())
        _finish(obj, app, tally, format)


def _refuse_where_it_sends(obj: CliContext) -> None:
    """Before the database is so much as opened."""
    from engine.app import environment_of
    from engine.compile import load_project

    if environment_of(load_project(obj.require_project()).require(), obj.env).sends:
        raise ConfigurationError(
            f"environment '{obj.env}' sends to real people: a virtual run would send months at once",
            hint="Run it in 'local', or in an environment with sends: false",
        )


def _finish(obj: CliContext, app: App, tally: Counter[str] | None, format: str) -> None:
    from engine.adapters import by_hand
    from engine.status import status

    found = status(app)
    if format == "json":
        done: dict[str, Any] = {} if tally is None else {"tally": dict(sorted(tally.items()))}
        echo_json({"format_version": 1, **done, "status": found})
    else:
        from engine.cli.output.status import render_short

        obj.show(render_short(found, by_hand(app.environment.channels)))
    unread = [source for source, error in found["sources"].items() if error]
    if unread:
        raise ImportFailed(
            f"{unread[0]}: {found['sources'][unread[0]]}", hint="The rest was done; mend it and run again"
        )
    if found["broken"]:
        raise click.exceptions.Exit(ExitCode.FINDINGS)
