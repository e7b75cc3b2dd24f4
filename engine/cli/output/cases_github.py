"""Results of test cases as workflow commands: GitHub Actions shows a failed case beside the first line that differs,
and what no case makes happen beside its declaration."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from engine.cases.runner import CaseResult
from engine.cli.output.cases import CaseReport, first_difference, first_problem, name, place, plain
from engine.cli.output.coverage import CoverageReport, declared_at, never
from engine.cli.output.github import command
from engine.cli.output.text import printable
from engine.model import Source


def render(report: CaseReport) -> str:
    """A command a line, then the verdict for whoever reads the log."""
    lines = [_case(result) for result in report.failed]
    lines += _coverage(report.coverage) if report.coverage else ()
    return "".join(f"{line}\n" for line in (*lines, report.summary))


def _case(result: CaseResult) -> str:
    """The whole story follows what differs first. The place stands in the text, because the log shows no other."""
    lines = [f"{place(result)}: {first_problem(result)}"]
    if not result.error:
        lines += [*([result.note] if result.note else []), *"\n".join(map(plain, result.pairs)).splitlines()]
    at = _at(result.file, first_difference(result))
    return command("error", {**at, "title": name(result)}, map(printable, lines))


def _coverage(report: CoverageReport) -> Iterator[str]:
    """What is missing, a command a line of the file: GitHub shows only some of a great many."""
    level = "notice" if report.enough else "warning"
    for declared, missing in groupby(report.missing(), key=lambda found: declared_at(*found)):
        listed = list(missing)
        campaign, first = listed[0]
        lines = [f"{declared}: no case covers", *(f"  {never(covered)}" for _, covered in listed)]
        at = _at(campaign.file, first.item.source)
        yield command(level, {**at, "title": "not covered by a test"}, map(printable, lines))
    if not report.enough:
        yield command("error", {"title": "coverage"}, [report.summary])


def _at(file: str, source: Source) -> dict[str, str]:
    return {"file": file, "line": str(source.line), "col": str(source.column)}
