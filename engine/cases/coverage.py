"""Coverage: of all that a campaign declares, what its cases made happen, and what they did not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from engine.cases.footprint import Mark
from engine.event_names import REFUSALS
from engine.flow import Reason
from engine.model import Campaign, Source, Step, StepKind, Track
from engine.verdict import Way, branch_way
from engine.waking import begins_cadence


class Part(StrEnum):
    """What is counted."""

    STEPS = "steps"  # each for each cohort it is for
    BRANCHES = "branches"  # every way a step can go
    COHORTS = "cohorts"
    TRIGGERS = "triggers"
    EXITS = "exits"  # declared ones, those that every campaign has, and what follows the last step


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that can happen in a campaign, and where it is declared. Any of ``marks`` shows that it did."""

    part: Part
    name: str
    source: Source
    marks: frozenset[Mark]


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """An item and how often the cases made it happen. ``instead``: what became of a step that was never sent."""

    item: Item
    times: int
    instead: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignCoverage:
    """Every item of one campaign, in the order of the file."""

    campaign: str
    file: str
    items: tuple[Covered, ...]

    @property
    def missing(self) -> Sequence[Covered]:
        """What never happened."""
        return [covered for covered in self.items if not covered.times]

    def count(self, part: Part | None = None) -> tuple[int, int]:
        """(covered, all), of one part or of all together."""
        times = [c.times for c in self.items if part is None or c.item.part is part]
        return sum(map(bool, times)), len(times)


def cover(campaigns: Iterable[Campaign], seen: Mapping[Mark, int]) -> list[CampaignCoverage]:
    """What ``seen``, the marks of all cases that ran, covers of each campaign."""
    return [
        CampaignCoverage(
            campaign=campaign.id,
            file=campaign.source.file,
            items=tuple(_covered(item, seen) for item in items_of(campaign)),
        )
        for campaign in campaigns
    ]


def _covered(item: Item, seen: Mapping[Mark, int]) -> Covered:
    times = sum(seen.get(mark, 0) for mark in item.marks)
    return Covered(item=item, times=times, instead="" if times else _instead(item, seen))


def _instead(item: Item, seen: Mapping[Mark, int]) -> str:
    """``skipped: condition``: for which rules a step that was never sent was put off or passed over."""
    if item.part is not Part.STEPS:
        return ""
    wanted = {(campaign, *rest) for campaign, _, *rest in item.marks}
    rules = Counter[str]()
    for (campaign, kind, *rest), times in seen.items():
        if kind == "unsent" and (campaign, *rest[:2]) in wanted:
            rules[rest[2]] += times
    return ", ".join(sorted(rules))


def items_of(campaign: Campaign) -> tuple[Item, ...]:
    """Everything that can happen in a campaign."""
    return tuple(sorted(_Lister(campaign).items(), key=lambda item: (item.source.line, item.source.column)))


class _Lister:
    """Lists what one campaign declares."""

    def __init__(self, campaign: Campaign) -> None:
        self._campaign = campaign
        #: cohorts for which the cadence can begin
        self._awake = [c.id for c in campaign.cohorts if not c.park_until or begins_cadence(campaign, c)]

    def items(self) -> Iterator[Item]:
        campaign = self._campaign
        for cohort in campaign.cohorts:
            yield self._item(Part.COHORTS, cohort.id, cohort.source, ("cohort", cohort.id))
            if cohort.park_until:
                name = f"{cohort.id}, woken by {cohort.park_until}"
                yield self._item(Part.COHORTS, name, cohort.source, ("woken", cohort.id))
        for track in (campaign.main, *campaign.triggers):
            yield from self._track(track)
        yield from self._exits()

    def _item(self, part: Part, name: str, source: Source, *marks: tuple[str, ...]) -> Item:
        named = frozenset((self._campaign.id, *mark) for mark in marks)
        return Item(part=part, name=name, source=source, marks=named)

    def _track(self, track: Track) -> Iterator[Item]:
        if track.event:
            yield self._item(Part.TRIGGERS, track.id, track.source, ("trigger", track.id))
        for step in track.steps:
            yield from self._step(
                step, self._awake if step.cohorts is None and not track.event else step.cohorts
            )
            yield from self._ways(step)

    def _step(self, step: Step, cohorts: Collection[str] | None) -> Iterator[Item]:
        every = [c.id for c in self._campaign.cohorts]
        for cohort in (c for c in every if c in (cohorts or ())):
            yield self._item(Part.STEPS, f"{step.id} for {cohort}", step.source, ("step", step.id, cohort))
        if not cohorts:
            marks = (("step", step.id, cohort) for cohort in ("", *every))
            yield self._item(Part.STEPS, step.id, step.source, *marks)

    def _ways(self, step: Step) -> Iterator[Item]:
        for name, source, ways in (*_conditions(step), *_outcomes(step), *_variants(step)):
            marks = (("way", step.id, way) for way in ways)
            yield self._item(Part.BRANCHES, f"{step.id}, {name}", source, *marks)

    def _exits(self) -> Iterator[Item]:
        campaign, declared = self._campaign, self._campaign.exits
        for exit_ in declared:
            name = f"{exit_.reason} on {exit_.event}" if exit_.event else exit_.reason
            mark = ("exit", exit_.reason, exit_.event or str(exit_.source))
            yield self._item(Part.EXITS, name, exit_.source, mark)
        pairs = {(e.reason, e.event) for e in declared}
        for event in campaign.goal.events if campaign.goal else ():
            if campaign.goal and (Reason.WON_BACK, event) not in pairs:
                mark = ("exit", Reason.WON_BACK, event)
                yield self._item(Part.EXITS, f"won_back on {event}", campaign.goal.source, mark)
        built_in = [Reason.LEFT_SEGMENT, Reason.SUPPRESSED]
        if not any((Reason.OPTED_OUT, event) in pairs for event in REFUSALS):
            built_in.append(Reason.OPTED_OUT)
        for reason in built_in:
            yield self._item(Part.EXITS, reason.value, campaign.source, ("ended", reason))
        yield self._then()

    def _then(self) -> Item:
        """What follows the last step."""
        then = self._campaign.then
        if then.repeat is not None:
            return self._item(Part.EXITS, "completed, and again", then.source, ("again", Reason.COMPLETED))
        return self._item(Part.EXITS, "completed", then.source, ("ended", Reason.COMPLETED))


#: what a way is called, where it is declared, and what in the ledger shows it
_Way = tuple[str, Source, tuple[str, ...]]


def _conditions(step: Step) -> Iterator[_Way]:
    if step.only_if is not None:
        # whoever is turned away by ``unless`` has passed the ``if`` before
        yield "its if holds", step.source, ("allowed", Way.UNLESS)
        yield "its if does not hold", step.source, (Way.IF,)
    if step.unless is not None:
        yield "its unless holds", step.source, (Way.UNLESS,)
        yield "its unless does not hold", step.source, ("allowed",)


def _outcomes(step: Step) -> Iterator[_Way]:
    match step.kind:
        case StepKind.WAIT_FOR:
            yield f"{step.event} comes", step.source, (Way.HEARD,)
            yield f"{step.event} does not come", step.source, (Way.NOT_HEARD,)
        case StepKind.REVIEW:
            yield "approved", step.source, (Way.APPROVED,)
            yield "rejected", step.source, (Way.REJECTED,)
            yield "nobody answers", step.source, (Way.EXPIRED,)
        case StepKind.CHOOSE:
            for position, branch in enumerate(step.branches):
                yield f"on to {branch.go}", branch.source, (branch_way(position),)
            if all(branch.when is not None for branch in step.branches):
                yield "no branch holds", step.source, (Way.NO_BRANCH,)
        case _:
            pass


def _variants(step: Step) -> Iterator[_Way]:
    if len(step.variants) > 1:
        for variant, _ in step.variants:
            yield f"variant {variant}", step.source, (f"variant:{variant}",)
