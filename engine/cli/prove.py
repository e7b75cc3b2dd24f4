"""``rekindle prove``: what can happen to anybody, whatever they do, with a counterexample where it must not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

import click

from engine.cli.context import CliContext
from engine.errors import ExitCode, UnknownName

if TYPE_CHECKING:
    from engine.cli.output.prove import ProofReport
    from engine.model import Campaign, Project
    from engine.prove.explore import Progress

FORMATS = ("text", "json", "markdown", "junit")


@click.command("prove")
@click.option(
    "--campaign",
    "names",
    multiple=True,
    metavar="ID",
    help="Only about this campaign, with all of the project in mind; may be repeated.",
)
@click.option(
    "--format", type=click.Choice(FORMATS), default="text", show_default=True, help="How to write it."
)
@click.option(
    "--budget",
    type=click.FloatRange(min=0),
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="What is not looked at by then is not settled.",
)
@click.option(
    "--write-tests",
    is_flag=True,
    help="Write the counterexamples into the project's tests/, where they fail until the fault is mended.",
)
@click.option("--strict", is_flag=True, help="What is not settled fails too.")
@click.pass_obj
def command(
    obj: CliContext, names: tuple[str, ...], format: str, budget: float, write_tests: bool, strict: bool
) -> None:
    """Answer for any person and any behaviour: caps, windows, offers, dead ends.

    All campaigns of the project are looked at together, by the engine's own decisions. The exit code is 1 when
    something is violated; every violation is played by the engine before it is told.
    """
    from engine import logs
    from engine.cli.output.prove import write_cases

    logs.configure(verbosity=-1)
    report = _report(obj, names, budget)
    _show(obj, report, format)
    for path in write_cases(report, obj.require_project() / "tests") if write_tests else ():
        obj.say(f"wrote {path}")
    if _fails(report, strict):
        raise click.exceptions.Exit(ExitCode.FINDINGS)


def _report(obj: CliContext, names: tuple[str, ...], budget: float) -> ProofReport:
    from engine.cli.output.prove import ProofReport
    from engine.cli.targets import shown_prefix
    from engine.compile import load_project
    from engine.prove.proof import prove

    root = obj.require_project()
    loaded = load_project(root)
    project = loaded.require()
    with _progress(obj) as progress:
        proof = prove(loaded, _campaigns(project, names), budget, progress)
    return ProofReport(project=project.name, proof=proof, prefix=shown_prefix(root))


def _campaigns(project: Project, names: tuple[str, ...]) -> list[Campaign]:
    unknown = next((name for name in names if name not in project.campaigns), None)
    if unknown is not None:
        known = ", ".join(sorted(project.campaigns))
        raise UnknownName(f"there is no campaign '{unknown}'", hint=f"There are: {known}")
    return [c for c in project.campaigns.values() if not names or c.id in names]


def _fails(report: ProofReport, strict: bool) -> bool:
    from engine.prove.model import Outcome

    fails = (Outcome.VIOLATED, Outcome.NOT_SETTLED) if strict else (Outcome.VIOLATED,)
    return any(report.proof.count(outcome) for outcome in fails)


def _show(obj: CliContext, report: ProofReport, format: str) -> None:
    output = import_module(f"engine.cli.output.prove_{format}")
    if format != "text":
        click.echo(output.render(report), nl=False)
        return
    obj.show(output.render(report, verbose=obj.verbosity > 0))
    colour = "red" if _fails(report, strict=False) else "green"
    click.echo(click.style(report.summary, fg=colour, bold=True))


@contextmanager
def _progress(obj: CliContext) -> Iterator[Progress]:
    """A bar on standard error where that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True, color_system=None if obj.color is False else "auto")
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=40), TimeElapsedColumn())
    quiet = obj.verbosity < 0 or not console.is_terminal
    with Progress(*columns, console=console, disable=quiet, transient=True) as bar:
        task = bar.add_task("walking every path", total=None)

        def moved(done: int, of: int) -> None:
            bar.update(task, completed=done, total=of)

        yield moved
