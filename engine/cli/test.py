"""``rekindle test``: the campaigns' own tests, on the real engine with a virtual clock."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.context import CliContext
from engine.errors import ExitCode, ProjectError

if TYPE_CHECKING:
    from engine.cases.runner import CaseResult
    from engine.cli.output.cases import CaseReport

FORMATS = ("text", "json", "junit")


@click.command("test")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option(
    "-k", "words", default="", metavar="EXPR", help="Only cases so named: 'reply', 'sms and not stop'."
)
@click.option("-x", "first", is_flag=True, help="Stop at the first failure.")
@click.option(
    "--format", type=click.Choice(FORMATS), default="text", show_default=True, help="How to write it."
)
@click.pass_obj
def command(obj: CliContext, paths: tuple[Path, ...], words: str, first: bool, format: str) -> None:
    """Run the campaigns' own tests: a person, what happens to them, and the whole story expected.

    PATHS narrow it: a project's folder, files of tests, or campaigns. The real engine runs in memory, on a
    virtual clock: nothing is written and nobody is reached. The exit code is 1 when a case fails or there is
    none.
    """
    from engine import logs
    from engine.cli.targets import by_project

    logs.configure(verbosity=-1)
    wanted = by_project(paths) if paths else {obj.require_project(): None}
    progress = _Progress(obj.verbosity if format == "text" else None)
    report = _run(wanted, words, first, progress)
    _show(obj, report, format)
    if report.failed:
        raise click.exceptions.Exit(ExitCode.FINDINGS)


def _run(wanted: Mapping[Path, set[str] | None], words: str, first: bool, progress: _Progress) -> CaseReport:
    from engine.cli.output.cases import CaseReport

    started = time.perf_counter()
    results: list[CaseResult] = []
    with closing(_results(wanted, words)) as running:
        for result in running:
            results.append(result)
            progress.show(result)
            if first and not result.passed:
                break
    progress.end()
    if not results:
        raise _nothing(wanted, words)
    return CaseReport(results=tuple(results), seconds=time.perf_counter() - started)


def _results(wanted: Mapping[Path, set[str] | None], words: str) -> Generator[CaseResult, None, None]:
    from engine.cases.runner import CaseRunner
    from engine.cases.selection import chosen
    from engine.cli.targets import shown_prefix
    from engine.compile import load_project

    for root, only in wanted.items():
        loaded = load_project(root)
        loaded.require()
        cases = list(chosen(loaded.tests, only, words))
        if cases:
            prefix = shown_prefix(root)
            with CaseRunner(loaded) as runner:
                for file, case in cases:
                    result = runner.run(file, case)
                    yield replace(result, file=prefix + result.file)


def _nothing(wanted: Mapping[Path, set[str] | None], words: str) -> ProjectError:
    where = ", ".join(str(root) for root in wanted)
    if words:
        return ProjectError(
            f"no case in {where} is named like '{words}'",
            hint="Without -k all of them run; 'rekindle -v test' names each",
        )
    return ProjectError(
        f"there are no tests in {where}", hint="Write cases in tests/<campaign>.yaml: see docs/testing.md"
    )


class _Progress:
    """Tells how it goes, on standard output: a dot a case, or a line with --verbose, nothing with --quiet."""

    def __init__(self, verbosity: int | None) -> None:
        self._dots, self._lines = verbosity == 0, (verbosity or 0) > 0
        self._file = ""

    def show(self, result: CaseResult) -> None:
        """A case has run."""
        if self._lines:
            from engine.cli.output.cases import name

            mark = click.style("ok  ", fg="green") if result.passed else click.style("FAIL", fg="red")
            click.echo(f"{mark} {name(result)}")
        elif self._dots:
            if result.file != self._file:
                self.end()
                click.echo(f"{result.file} ", nl=False)
                self._file = result.file
            click.echo(
                click.style(".", fg="green") if result.passed else click.style("F", fg="red"), nl=False
            )

    def end(self) -> None:
        """No more cases of this file."""
        if self._file:
            click.echo()


def _show(obj: CliContext, report: CaseReport, format: str) -> None:
    from importlib import import_module

    output = import_module(f"engine.cli.output.cases_{format}")
    if format != "text":
        click.echo(output.render(report), nl=False)
        return
    if report.failed and obj.verbosity >= 0:
        click.echo()
    for result in report.failed:
        obj.show(output.render(result))
    click.echo(click.style(report.summary, fg="red" if report.failed else "green", bold=True))
