"""The ``rekindle`` command: its own options, and the way to the subcommands (one file each)."""

from __future__ import annotations

from pathlib import Path

import click
from click.core import ParameterSource

from engine import settings
from engine.cli.context import CliContext
from engine.cli.frame import Commands

PROJECT_FILE = "rekindle.yaml"


def default_project() -> Path:
    """The current folder when it is a project, else ``campaigns`` below it."""
    return Path() if Path(PROJECT_FILE).is_file() else Path("campaigns")


@click.group(
    cls=Commands,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": settings.PREFIX,
        "max_content_width": 100,
    },
)
@click.option(
    "--project",
    type=click.Path(file_okay=False, path_type=Path),
    default=default_project,
    show_default="this folder if it has rekindle.yaml, else ./campaigns",
    help="Folder of the project.",
)
@click.option("--env", default="local", show_default=True, metavar="NAME", help="Environment to work in.")
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="Coloured output; auto is: on a terminal, and not with NO_COLOR.",
)
@click.option("-q", "--quiet", is_flag=True, help="Warnings and results only.")
@click.option("-v", "--verbose", is_flag=True, help="Say more of what is done.")
@click.version_option(package_name="rekindle", message="rekindle %(version)s")
@click.pass_context
def main(ctx: click.Context, project: Path, env: str, color: str, quiet: bool, verbose: bool) -> None:
    """Campaign-as-code for customer reactivation and win-back.

    Every option can also be set by an environment variable: --env by REKINDLE_ENV, and
    'run --until' by REKINDLE_RUN_UNTIL. REKINDLE_DEBUG=1 shows the stack trace of a failure.
    """
    if quiet and verbose:
        raise click.UsageError("--quiet and --verbose exclude each other.")
    ctx.obj = CliContext(
        project_dir=project,
        project_named=ctx.get_parameter_source("project") is not ParameterSource.DEFAULT,
        env=env,
        verbosity=int(verbose) - int(quiet),
        color={"always": True, "never": False}.get(color, False if settings.no_color() else None),
    )
    ctx.color = ctx.obj.color
