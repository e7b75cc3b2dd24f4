"""Does every path end? Read off the walks: what a round came to when nobody, and when anybody, did anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engine.cases.cast import involved
from engine.cases.story import Kind
from engine.flow import Reason
from engine.model import BUILT_IN, Campaign, StepKind
from engine.phrases import duration
from engine.prove.examples import example
from engine.prove.findings import ASSUMED, Findings, counted, kept, who
from engine.prove.log import Seen
from engine.prove.model import IN_PLACE, Answer, Outcome, Shown
from engine.testfile import Expected


def answers(findings: Findings) -> Iterator[Answer]:
    """Hand-overs that go round for ever; rounds that begin again, and sleeps that nothing need end."""
    circles = list(_circles(findings))
    yield from circles
    names = {c.id for c in findings.campaigns}
    rounds = sum(name in names for name, _ in findings.log.rounds)
    if rounds and not circles:
        times = f"{counted(findings.log.courses, 'course')} through {counted(rounds, 'cadence')}"
        yield kept("ends", f"{times}: each ends, begins again as declared, or sleeps")
    for campaign in findings.campaigns:
        ways = {how for key, found in findings.log.rounds.items() if key[0] == campaign.id for how in found}
        if "repeats" in ways:
            yield _repeats(campaign)
        if "sleeps" in ways:
            yield from _sleeps(campaign)


_OUT = "to mend it: let one of the campaigns end, or start one that hands over to none"


def _circles(findings: Findings) -> Iterator[Answer]:
    """Each circle of hand-overs once, by the plainest course that goes round it."""
    campaigns = findings.project.campaigns
    found = [(key, ways["goes round"]) for key, ways in findings.log.rounds.items() if "goes round" in ways]
    told: set[str] = set()
    for (name, track), seen in sorted(found, key=lambda pair: pair[1].course.rank):
        if name not in told:
            yield _goes_round(campaigns[name], track, seen)
            onward = {c.id for c in involved(findings.project, name)}
            told |= {c for c in onward if name in {i.id for i in involved(findings.project, c)}}


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
    over = Expected(at=IN_PLACE, exit=Reason.COMPLETED.value, source=BUILT_IN)
    returns = Shown(kind=Kind.EXIT, campaign=campaign.id, reason=Reason.HANDED_OVER)
    shows = example(seen.course, f"ends after {step.id}", over, returns, *others)
    answer = _answer(Outcome.VIOLATED, message, campaign)
    return replace(
        answer,
        step=step.id,
        source=step.source,
        details=(who(seen.course), _OUT),
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
