"""``rekindle test``: the campaigns' own tests, on the real engine with a virtual clock."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine import settings
from engine.cli.context import CliContext
from engine.cli.targets import below, by_project, repository_prefix, shown_prefix
from engine.errors import ExitCode, ProjectError, UnknownName

if TYPE_CHECKING:
    from engine.cases.coverage import CampaignCoverage
    from engine.cases.footprint import Mark
    from engine.cases.runner import CaseResult
    from engine.cli.output.cases import CaseReport
    from engine.compile import Loaded
    from engine.testfile import TestCase, TestFile

#: format -> what goes before the names of a project's files, for whoever reads it
FORMATS = {
    "text": shown_prefix,
    "json": shown_prefix,
    "github": repository_prefix,
    "junit": repository_prefix,
    "markdown": repository_prefix,
}


@click.command("test")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "-k", "words", default="", metavar="EXPR", help="Only cases so named: 'reply', 'sms and not stop'."
)
@click.option("-x", "first", is_flag=True, help="Stop at the first failure.")
@click.option("--coverage", is_flag=True, help="Show what of each campaign the cases made happen.")
@click.option(
    "--fail-under",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="Fail when less of the campaigns is covered.",
)
@click.option("--durations", type=click.IntRange(0), default=0, metavar="N", help="Show the N slowest cases.")
@click.option(
    "--format",
    type=click.Choice(list(FORMATS)),
    default=lambda: "github" if settings.on_github() else "text",
    show_default="text; github in GitHub Actions",
    help="How to write it.",
)
@click.pass_obj
def command(
    obj: CliContext,
    paths: tuple[Path, ...],
    words: str,
    first: bool,
    coverage: bool,
    fail_under: float | None,
    durations: int,
    format: str,
) -> None:
    """Run the campaigns' own tests: a person, what happens to them, and the whole story expected.

    PATHS narrow it: a project's folder, files of tests, or campaigns by file or name. The real engine runs in
    memory, on a virtual clock: nothing is written and nobody is reached. The exit code is 1 when a case fails,
    when there is none, or when less is covered than --fail-under asks for.
    """
    from engine import logs
    from engine.cases.selection import is_complete

    if not is_complete(words):
        raise click.UsageError(f"-k '{words}' is not whole: write it like 'sms and not stop'.")
    logs.configure(verbosity=-1)
    named = tuple(_named(obj, path) for path in paths)
    wanted = by_project(named) if named else {obj.require_project(): None}
    progress = _Progress(obj.verbosity if format == "text" else None)
    session = _Session(words, first, progress, FORMATS[format])
    session.run(wanted)
    report = session.report(covered=coverage or fail_under is not None, fail_under=fail_under)
    _show(obj, report, format, durations)
    if not report.passed:
        raise click.exceptions.Exit(ExitCode.FINDINGS)


class _Session:
    """Runs the cases that are meant, and keeps what became of each."""

    def __init__(self, words: str, first: bool, progress: _Progress, prefix: Callable[[Path], str]) -> None:
        self._words, self._first, self._progress, self._prefix = words, first, progress, prefix
        self._results: list[CaseResult] = []
        self._coverage: list[CampaignCoverage] = []
        self._meant = 0
        self._started = time.perf_counter()

    def run(self, wanted: Mapping[Path, set[str] | None]) -> None:
        """Run the cases of each project. Raises ProjectError when there is none."""
        for root, only in wanted.items():
            self._project(root, only)
            if self._over:
                break
        self._progress.end()
        if not self._results:
            raise _nothing(wanted, self._words)

    @property
    def _over(self) -> bool:
        return self._first and bool(self._results) and not self._results[-1].passed

    def _project(self, root: Path, only: set[str] | None) -> None:
        from engine.cases.coverage import cover
        from engine.cases.selection import chosen
        from engine.compile import load_project

        loaded, prefix = load_project(root), self._prefix(root)
        project = loaded.require()
        meant = list(chosen(loaded.tests, only))
        _require_cases(root, only, loaded)
        if not meant:
            return
        self._meant += len(meant)
        seen = self._cases(loaded, chosen(loaded.tests, only, self._words), prefix)
        names = project.campaigns if only is None else {file.campaign for file, _ in meant}
        campaigns = (project.campaigns[name] for name in sorted(names))
        self._coverage += [replace(c, file=prefix + c.file) for c in cover(campaigns, seen)]

    def _cases(
        self, loaded: Loaded, cases: Iterable[tuple[TestFile, TestCase]], prefix: str
    ) -> Counter[Mark]:
        from engine.cases.runner import CaseRunner

        seen: Counter[Mark] = Counter()
        with CaseRunner(loaded) as runner:
            for file, case in cases:
                result = runner.run(file, case)
                seen.update(result.marks)
                self._results.append(replace(result, file=prefix + result.file))
                self._progress.show(self._results[-1])
                if self._over:
                    break
        return seen

    def report(self, *, covered: bool, fail_under: float | None) -> CaseReport:
        """What became of all of them."""
        from engine.cli.output.cases import CaseReport
        from engine.cli.output.coverage import CoverageReport

        coverage = CoverageReport(
            campaigns=tuple(self._coverage), cases=(len(self._results), self._meant), fail_under=fail_under
        )
        return CaseReport(
            results=tuple(self._results),
            seconds=time.perf_counter() - self._started,
            coverage=coverage if covered else None,
        )


def _named(obj: CliContext, word: Path) -> Path:
    """What a word of the command line means: a path, or the name of a campaign. Raises click.UsageError."""
    if word.exists():
        return word
    if len(word.parts) == 1:
        campaign = obj.require_project() / f"{word}.yaml"
        if campaign.is_file():
            return campaign
    raise click.UsageError(f"'{word}' is neither a path nor a campaign of the project.")


def _require_cases(root: Path, only: Iterable[str] | None, loaded: Loaded) -> None:
    """Raises UnknownName for a path that stands for no file of tests."""
    tested = {f"{file.campaign}.yaml" for file in loaded.tests}
    known = {*tested, *(file.file for file in loaded.tests)}
    for path in sorted(only or ()):
        if any(below(file, path) for file in known):
            continue
        where = f"{shown_prefix(root)}{path}"
        campaign = path.removesuffix(".yaml")
        if path in loaded.files and campaign in loaded.require().campaigns:
            hint = f"Write cases in tests/{path}: see docs/testing.md"
            raise UnknownName(f"the campaign '{campaign}' has no tests", hint=hint)
        hint = "Tests stand in the project's tests/*.yaml, not in folders below"
        raise UnknownName(f"no file of tests is read at {where}", hint=hint)


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


def _show(obj: CliContext, report: CaseReport, format: str, durations: int) -> None:
    from importlib import import_module

    if format != "text":
        click.echo(import_module(f"engine.cli.output.cases_{format}").render(report), nl=False)
        return
    from engine.cli.output import cases_text, coverage_text

    if obj.verbosity >= 0 and (report.failed or report.coverage or durations):
        click.echo()
    for result in report.failed:
        obj.show(cases_text.render(result))
    if report.coverage and obj.verbosity >= 0:
        obj.show(coverage_text.render(report.coverage))
    if durations:
        obj.show(cases_text.slowest(report, durations))
    click.echo(click.style(report.summary, fg="green" if report.passed else "red", bold=True))
