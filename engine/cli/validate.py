"""``rekindle validate``: every finding of every file, in one pass, offline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine import settings
from engine.cli.context import CliContext
from engine.cli.stdin import StandIn, stand_in
from engine.cli.targets import YAML_STANDS, below, by_project, repository_prefix, require_known, shown_prefix
from engine.errors import ExitCode

if TYPE_CHECKING:
    from engine.cli.output.report import Report

#: format -> what goes before the names of a project's files, for whoever reads it
FORMATS = {
    "text": shown_prefix,
    "concise": shown_prefix,
    "json": shown_prefix,
    "github": repository_prefix,
    "sarif": repository_prefix,
    "junit": repository_prefix,
    "markdown": repository_prefix,
}


@click.command("validate")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, allow_dash=True, path_type=Path))
@click.option(
    "--format",
    type=click.Choice(list(FORMATS)),
    default=lambda: "github" if settings.on_github() else "text",
    show_default="text; github in GitHub Actions",
    help="How to write it.",
)
@click.option("--strict", is_flag=True, help="Warnings fail too.")
@click.option(
    "--stdin-filename",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="With '-': the file that the text on standard input stands for.",
)
@click.option("--fix", is_flag=True, help="First mend what can be mended in one way only.")
@click.option("--diff", is_flag=True, help="With --fix: only show how the files would change.")
@click.pass_obj
def command(
    obj: CliContext,
    paths: tuple[Path, ...],
    format: str,
    strict: bool,
    stdin_filename: Path | None,
    fix: bool,
    diff: bool,
) -> None:
    """Check every file of the project; all findings at once.

    PATHS narrow it: a project's folder, or single files, of which the findings are shown. '-' judges the text on
    standard input in the place of one file of its project. The exit code is 1 when there is an error.

    --fix mends what needs no thought, such as a misspelt key; what remains is told.
    """
    from engine.cli import fixing
    from engine.cli.output.report import merge

    if diff and not fix:
        raise click.UsageError("--diff goes with --fix.")
    if fix:
        fixing.fix(obj, paths, write=not diff)
    report = merge(list(_reports(obj, paths, stdin_filename, format)))
    if not diff:
        click.echo(import_module(f"engine.cli.output.{format}").render(report), nl=False)
    if report.errors or (strict and report.warnings):
        raise click.exceptions.Exit(ExitCode.FINDINGS)


#: the name by which other modules import it
validate = command


def _reports(obj: CliContext, paths: tuple[Path, ...], stdin: Path | None, format: str) -> Iterator[Report]:
    from engine.compile import read_files

    piped = stand_in(paths, stdin)
    if piped:
        yield _report(piped.root, _with(piped), {piped.file}, format)
        return
    for root, only in (by_project(paths) if paths else {obj.require_project(): None}).items():
        files = read_files(root)
        require_known(root, only, files, f"{YAML_STANDS}; templates in templates/")
        yield _report(root, files, only, format)


def _with(piped: StandIn) -> dict[str, str]:
    """The project's files, with the text on standard input in the place of its own."""
    from engine.compile import read_files

    return dict(sorted({**read_files(piped.root), piped.file: piped.text}.items()))


def _report(root: Path, files: Mapping[str, str], only: set[str] | None, format: str) -> Report:
    from engine.cli.output.report import build
    from engine.compile import load_files

    def asked(file: str) -> bool:
        return only is None or any(below(file, path) for path in only)

    loaded = load_files(files, root, lint=True)
    return build(
        [finding for finding in loaded.findings if asked(finding.file)],
        loaded.files,
        FORMATS[format](root),
        asked=filter(asked, loaded.files),
        waived=[waived for waived in loaded.waived if asked(waived.finding.file)],
    )
