"""What every subcommand is handed: where the project is, and how to talk to the user."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.clock import Clock, SystemClock
from engine.errors import ProjectError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from engine.app import App

#: columns of a laid-out result: at most, and where there is no terminal to ask
_WIDEST = 120
_PIPED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class CliContext:
    """The command's own options, resolved. ``click.pass_obj`` hands it over."""

    project_dir: Path
    #: said by --project; without it the current folder was looked at too
    project_named: bool = True
    env: str = "local"
    #: -1 quiet, 0 usual, 1 verbose
    verbosity: int = 0
    #: True, False, or None: as the stream allows
    color: bool | None = None

    def require_project(self) -> Path:
        """The project's folder. Raises ProjectError when there is no project in it."""
        if not (self.project_dir / "rekindle.yaml").is_file():
            looked = [self.project_dir.absolute()] if self.project_named else [Path.cwd(), self.project_dir.absolute()]
            raise ProjectError(
                f"there is no rekindle.yaml in {' or '.join(map(str, looked))}",
                hint="Name the project's folder with --project DIR, or make one with 'rekindle init DIR'",
            )
        return self.project_dir

    def open(self, *, clock: Clock | None = None, tolerant: bool = False) -> App:
        """The project compiled and its store opened. The caller closes it (``with obj.open() as app``).

        Without ``clock`` it is the database's own time: the machine's, or where a virtual run has stopped.
        ``tolerant``: sound campaigns are taken although others are broken. Raises RekindleError and its kin;
        the frame shows them.
        """
        from engine import logs
        from engine.app import open_app
        from engine.timekeeping import clock_of

        logs.configure(verbosity=self.verbosity)
        app = open_app(self.require_project(), self.env, clock=clock or SystemClock(), tolerant=tolerant)
        if clock is None:
            app.clock = clock_of(app.store)
        return app

    def console(self, *, stderr: bool = False) -> Console:
        """A rich console on standard output (results), or standard error (progress, notices)."""
        from rich.console import Console

        return Console(
            stderr=stderr,
            force_terminal=True if self.color else None,
            no_color=self.color is False,
            highlight=False,
            soft_wrap=True,
        )

    def show(self, view: RenderableType) -> None:
        """A laid-out result on standard output: as wide as the terminal up to 120 columns, 100 where there is
        none; without colours where they are not wanted."""
        from rich.console import Console

        console = Console(
            force_terminal=True if self.color else None,
            color_system=None if self.color is False else "auto",
            highlight=False,
            markup=False,
        )
        console.width = min(console.width, _WIDEST) if sys.stdout.isatty() else _PIPED
        with console.capture() as capture:
            console.print(view)
        click.echo("\n".join(line.rstrip() for line in capture.get().split("\n")), nl=False, color=True)

    def say(self, text: str) -> None:
        """A notice for a human, on standard error; not with --quiet."""
        if self.verbosity >= 0:
            click.echo(text, err=True)
