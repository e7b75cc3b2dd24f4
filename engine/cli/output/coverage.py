"""Coverage in words and figures; each format shows what is made here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from engine.cases.coverage import CampaignCoverage, Covered, Part

#: one of each part
ONE = {
    Part.STEPS: "step",
    Part.BRANCHES: "branch",
    Part.COHORTS: "cohort",
    Part.TRIGGERS: "trigger",
    Part.EXITS: "exit",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageReport:
    """Coverage of the campaigns that were asked for, with file names as the reader can open them."""

    campaigns: tuple[CampaignCoverage, ...]
    #: cases that ran, of so many
    cases: tuple[int, int]
    #: the percentage asked for, None for any
    fail_under: float | None = None

    def count(self, part: Part | None = None) -> tuple[int, int]:
        """(covered, all), of one part or of all together."""
        counts = [campaign.count(part) for campaign in self.campaigns]
        return sum(covered for covered, _ in counts), sum(items for _, items in counts)

    @property
    def enough(self) -> bool:
        """Is it as much as was asked for?"""
        covered, items = self.count()
        return self.fail_under is None or covered * 100 >= Fraction(str(self.fail_under)) * items

    @property
    def subset(self) -> str:
        """What a reader of figures from only some of the cases should know; "" when all ran."""
        ran, cases = self.cases
        return "" if ran == cases else f"of {ran} of {cases} cases: the others may cover more"

    @property
    def summary(self) -> str:
        """The verdict in a line: ``coverage 97.1 % (34 of 35), less than the 100 % asked for``."""
        covered, items = self.count()
        asked = "" if self.enough else f", less than the {self.fail_under:g} % asked for"
        return f"coverage {percent(covered, items)} ({covered} of {items}){asked}"

    def missing(self) -> Iterator[tuple[CampaignCoverage, Covered]]:
        """What never happened, in the order of the files."""
        for campaign in self.campaigns:
            yield from ((campaign, covered) for covered in campaign.missing)


def share(covered: int, items: int) -> float:
    """Per cent to one place, rounded down: it is 100 only when nothing is missing."""
    return covered * 1000 // items / 10 if items else 100.0


def percent(covered: int, items: int) -> str:
    """``97.1 %``."""
    return f"{share(covered, items):g} %"


def declared_at(campaign: CampaignCoverage, covered: Covered) -> str:
    """``campaigns/churned.yaml:27:5``, where it is declared."""
    return f"{campaign.file}:{covered.item.source.line}:{covered.item.source.column}"


def never(covered: Covered) -> str:
    """``step price_answer for fresh (skipped or held: condition)``."""
    instead = f" (skipped or held: {covered.instead})" if covered.instead else ""
    return f"{ONE[covered.item.part]} {covered.item.name}{instead}"


def parts(counts: Sequence[tuple[int, int]]) -> list[str]:
    """``7/8`` each; "" where there is nothing of the kind."""
    return [f"{covered}/{items}" if items else "" for covered, items in counts]
