"""Coverage for a reader: a line a campaign, then everything that never happened, each with its place."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from engine.cases.coverage import CampaignCoverage, Part
from engine.cli.output.coverage import CoverageReport, declared_at, never, parts, percent
from engine.cli.output.look import BAD, DIM, GOOD, STRONG, WAITS, rows, table, under


def render(report: CoverageReport) -> RenderableType:
    """The table, and what is missing."""
    views: list[RenderableType] = under("Coverage", _table(report), report.subset)
    if any(report.missing()):
        views += under("Never happened", _missing(report))
    return Group(*views, "")


def _table(report: CoverageReport) -> Table:
    body = table("campaign", *Part, "all", numbers=(*Part, "all"))
    for campaign in report.campaigns:
        body.add_row(campaign.file, *_figures(campaign))
    if len(report.campaigns) > 1:
        body.add_row(Text("together", STRONG), *_figures(report))
    return body


def _figures(counted: CampaignCoverage | CoverageReport) -> Iterator[Text]:
    counts = [counted.count(part) for part in Part]
    for (covered, items), told in zip(counts, parts(counts), strict=True):
        yield Text(told or "·", DIM if not items else GOOD if covered == items else WAITS)
    covered, items = counted.count()
    yield Text(percent(covered, items), GOOD if covered == items else WAITS if covered else BAD)


def _missing(report: CoverageReport) -> Table:
    body = rows()
    for campaign, covered in report.missing():
        body.add_row(declared_at(campaign, covered), never(covered))
    return body
