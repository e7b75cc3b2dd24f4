"""What every subcommand is handed: where the project is, and how to talk to the user."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.clock import Clock, SystemClock
from engine.errors import ProjectError

if TYPE_CHECKING:
    from rich.console import Console

    from engine.app import App


@dataclass(frozen=True, slots=True, kw_only=True)
class CliContext:
    """The command's own options, resolved. ``click.pass_obj`` hands it over."""

    project_dir: Path
    env: str = "local"
    #: -1 quiet, 0 usual, 1 verbose
    verbosity: int = 0
    #: True, False, or None: as the stream allows
    color: bool | None = None

    def require_project(self) -> Path:
        """The project's folder. Raises ProjectError when there is no project in it."""
        if not (self.project_dir / "rekindle.yaml").is_file():
            raise ProjectError(
                f"there is no rekindle.yaml in {self.project_dir.absolute()}",
                hint="Name the project's folder with --project DIR, or make one with 'rekindle init DIR'",
            )
        return self.project_dir

    def open(self, *, clock: Clock | None = None, tolerant: bool = False) -> App:
        """The project compiled and its store opened. The caller closes it (``with obj.open() as app``).

        ``tolerant``: sound campaigns are taken although others are broken. Raises RekindleError and its kin;
        the frame shows them.
        """
        from engine import logs
        from engine.app import open_app

        logs.configure(verbosity=self.verbosity)
        found = self.require_project()
        return open_app(found, self.env, clock=clock or SystemClock(), tolerant=tolerant)

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

    def say(self, text: str) -> None:
        """A notice for a human, on standard error; not with --quiet."""
        if self.verbosity >= 0:
            click.echo(text, err=True)
