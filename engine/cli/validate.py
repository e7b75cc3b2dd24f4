"""``rekindle validate``: every finding of every file, in one pass, offline."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.context import CliContext
from engine.errors import ExitCode, ProjectError

if TYPE_CHECKING:
    from engine.cli.output.report import Report

FORMATS = ("text", "json", "concise")


@click.command("validate")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--format", type=click.Choice(FORMATS), default="text", show_default=True, help="How to write it."
)
@click.option("--strict", is_flag=True, help="Warnings fail too.")
@click.pass_obj
def command(obj: CliContext, paths: tuple[Path, ...], format: str, strict: bool) -> None:
    """Check every file of the project; all findings at once.

    PATHS narrow it: a project's folder, or single files, of which the findings are shown. The exit code is 1
    when there is an error.
    """
    from importlib import import_module

    from engine.cli.output.report import merge

    wanted = by_project(paths) if paths else {obj.require_project(): None}
    report = merge([_report(root, only) for root, only in wanted.items()])
    click.echo(import_module(f"engine.cli.output.{format}").render(report), nl=False)
    if report.errors or (strict and report.warnings):
        raise click.exceptions.Exit(ExitCode.FINDINGS)


#: the name by which other modules import it
validate = command


def _report(root: Path, only: set[str] | None) -> Report:
    from engine.cli.output.report import build
    from engine.compile import load_project

    loaded = load_project(root, lint=True)
    findings = [f for f in loaded.findings if only is None or any(below(f.file, path) for path in only)]
    return build(findings, loaded.files, shown_prefix(root))


def below(file: str, path: str) -> bool:
    """Is a file the one asked for, or in the folder asked for?"""
    return file == path or file.startswith(f"{path}/")


def by_project(paths: tuple[Path, ...]) -> dict[Path, set[str] | None]:
    """Project folder -> the files asked for below it, None for all of them."""
    wanted: dict[Path, set[str] | None] = {}
    for path in paths:
        root = project_of(path)
        if path.resolve() == root.resolve():
            wanted[root] = None
            continue
        files = wanted.setdefault(root, set())
        if files is not None:
            files.add(path.resolve().relative_to(root.resolve()).as_posix())
    return wanted


def project_of(path: Path) -> Path:
    """The nearest folder with rekindle.yaml at or above a path. Raises ProjectError when there is none."""
    for folder in (path, *path.absolute().parents):
        if (folder / "rekindle.yaml").is_file():
            return folder
    raise ProjectError(
        f"no rekindle.yaml at or above {path}", hint="Name the project's folder, or a file in it"
    )


def shown_prefix(root: Path) -> str:
    """What goes before a file's name so that the reader can open it from here."""
    relative = Path(os.path.relpath(root))
    best = relative if relative.parts[:1] != ("..",) else root.absolute()
    return "" if best == Path() else f"{best.as_posix()}/"
