"""Does every path end? Read off the walks: what a round came to when nobody, and when anybody, did anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engine.cases.story import Kind
from engine.flow import Reason
from engine.model import BUILT_IN, Campaign, StepKind
from engine.phrases import duration
from engine.prove.examples import example
from engine.prove.findings import ASSUMED, Findings, who
from engine.prove.log import Seen
from engine.prove.model import IN_PLACE, Answer, Outcome, Shown
from engine.testfile import Expected


def answers(findings: Findings) -> Iterator[Answer]:
    """Hand-overs that go round for ever; rounds that begin again, and sleeps that nothing need end."""
    told: set[str] = set()
    for campaign in findings.campaigns:
        doubt = findings.doubt(campaign)
        if doubt:
            message = f"not every path of {campaign.id} was followed: {doubt}"
            yield _answer(Outcome.NOT_SETTLED, message, campaign)
        rounds = [(k, ways) for k, ways in findings.log.rounds.items() if k[0] == campaign.id]
        for (_, track), ways in rounds:
            if "goes round" in ways and campaign.id not in told:
                yield _goes_round(campaign, track, ways["goes round"])
                told.add(campaign.id)
        if any("repeats" in ways for _, ways in rounds):
            yield _repeats(campaign)
        if any("sleeps" in ways for _, ways in rounds):
            yield from _sleeps(campaign)


def _answer(outcome: Outcome, message: str, campaign: Campaign) -> Answer:
    return Answer(
        question="ends",
        outcome=outcome,
        message=message,
        source=campaign.source,
        campaign=campaign.id,
        assumptions=ASSUMED,
    )


def _goes_round(campaign: Campaign, track_id: str, seen: Seen) -> Answer:
    track = campaign.track(track_id)
    starts = [s for s in (track.steps if track else ()) if s.kind is StepKind.START]
    step = starts[-1]
    message = (
        f"'{step.id}' hands over to {step.start}, which leads back to {campaign.id}: nobody ever gets out"
    )
    others = (Shown(kind=Kind.EXIT, reason=r, absent=True) for r in Reason if r is not Reason.HANDED_OVER)
    over = Expected(at=IN_PLACE, exit=Reason.COMPLETED, source=BUILT_IN)
    returns = Shown(kind=Kind.EXIT, campaign=campaign.id, reason=Reason.HANDED_OVER)
    shows = example(seen.course, f"ends after {step.id}", over, returns, *others)
    answer = _answer(Outcome.VIOLATED, message, campaign)
    return replace(
        answer,
        step=step.id,
        source=step.source,
        details=(who(seen.course), "let one of the campaigns end, or start one that hands over to none"),
        counterexample=replace(shows, over=True),
    )


def _repeats(campaign: Campaign) -> Answer:
    every = duration(campaign.then.repeat or 0)
    message = f"{campaign.id} begins again {every} after each round began, until something ends it"
    return replace(_answer(Outcome.NOTED, message, campaign), source=campaign.then.source)


def _sleeps(campaign: Campaign) -> Iterator[Answer]:
    for cohort in campaign.cohorts:
        if cohort.park_until:
            message = f"cohort {cohort.id} sleeps until {cohort.park_until}, and for ever if it never comes"
            yield replace(_answer(Outcome.NOTED, message, campaign), source=cohort.source)
