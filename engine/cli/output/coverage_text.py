"""Coverage for a reader: a line a campaign, then everything that never happened, each with its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from engine.cases.coverage import CampaignCoverage, Part
from engine.cli.output.coverage import CoverageReport, declared_at, never, parts, percent
from engine.cli.output.look import BAD, DIM, GOOD, STRONG, WAITS, rows, table, under

#: columns that the figures of the parts take, with the space between
_FIGURES = 55


def render(report: CoverageReport) -> RenderableType:
    """The table, and what is missing."""
    title = Text.assemble(("Coverage", STRONG), (f"  {report.subset}" if report.subset else "", DIM))
    views: list[RenderableType] = [title, Padding(_Figures(report), (0, 0, 0, 2))]
    if any(report.missing()):
        views += under("Never happened", _missing(report))
    return Group(*views, "")


@dataclass(frozen=True, slots=True)
class _Figures:
    """A line a campaign; part by part where there is room."""

    report: CoverageReport

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterable[RenderableType]:
        names = _names(self.report)
        shown = tuple(Part) if max(map(len, names), default=0) + _FIGURES <= options.max_width else ()
        body = table("campaign", *shown, "all", numbers=(*shown, "all"))
        for name, campaign in zip(names, self.report.campaigns, strict=True):
            body.add_row(name, *_figures(campaign, shown))
        if len(names) > 1:
            body.add_row(Text("together", STRONG), *_figures(self.report, shown))
        yield body


def _names(report: CoverageReport) -> list[str]:
    """Campaigns by their names, or by their files where two projects use a name."""
    names = [campaign.campaign for campaign in report.campaigns]
    return names if len(set(names)) == len(names) else [campaign.file for campaign in report.campaigns]


def _figures(counted: CampaignCoverage | CoverageReport, shown: Iterable[Part]) -> Iterator[Text]:
    counts = [counted.count(part) for part in shown]
    for (covered, items), told in zip(counts, parts(counts), strict=True):
        yield Text(told or "·", DIM if not items else GOOD if covered == items else WAITS)
    covered, items = counted.count()
    yield Text(percent(covered, items), GOOD if covered == items else WAITS if covered else BAD)


def _missing(report: CoverageReport) -> Table:
    body = rows()
    for campaign, covered in report.missing():
        body.add_row(declared_at(campaign, covered), never(covered))
    return body
