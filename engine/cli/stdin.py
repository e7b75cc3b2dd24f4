"""``rekindle validate -``: the text on standard input, judged in the place of a file of its project."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import click

from engine.cli.targets import below_root, project_of

_PIPE = Path("-")
_PROJECT = "rekindle.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """A text and the file it stands for, which need not exist. ``file`` is relative to ``root``."""

    root: Path
    file: str
    text: str


def stand_in(paths: tuple[Path, ...], filename: Path | None) -> StandIn | None:
    """What standard input stands for; None when it is not asked for.

    Raises click.UsageError where the command line does not say it, ProjectError where there is no project.
    """
    if _PIPE not in paths:
        if filename is not None:
            raise click.UsageError("--stdin-filename goes with '-', which reads standard input.")
        return None
    if len(paths) > 1:
        raise click.UsageError("'-' stands alone: one text, judged in the place of one file.")
    if filename is None:
        raise click.UsageError("Say which file the text stands for: --stdin-filename FILE.")
    return _read(filename)


def _read(filename: Path) -> StandIn:
    from engine.compile import is_read, read_text

    root = filename.parent if filename.name == _PROJECT else project_of(filename.parent)
    file = below_root(filename, root)
    if not is_read(file):
        raise click.UsageError(
            f"rekindle does not read '{filename}': it reads *.yaml, tests/*.yaml and templates/**/*.md "
            "of a project's folder."
        )
    return StandIn(root=root, file=file, text=read_text(sys.stdin.buffer))
