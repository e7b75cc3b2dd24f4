"""Time: what comes too late to count, and what begins again too early."""

from __future__ import annotations

from collections.abc import Iterator

from engine.diagnostics import Finding, Related
from engine.lint.base import Subject
from engine.lint.written import step_named
from engine.located import Located
from engine.model import Campaign, Step, StepKind, Track
from engine.phrases import duration
from engine.timeline import first_step, next_step


def lint(subject: Subject) -> Iterator[Finding]:
    """RK406 and RK407."""
    for campaign in subject.project.campaigns.values():
        root = subject.campaign(campaign.id)
        moments = _moments(campaign)
        yield from _goal(campaign, root, moments)
        yield from _again(campaign, root, moments)


def cohorts_of(campaign: Campaign) -> list[str | None]:
    """Who goes through the campaign: each cohort for itself, or all alike."""
    return [*(cohort.id for cohort in campaign.cohorts)] or [None]


def due_at_the_latest(track: Track, cohort: str | None) -> list[tuple[Step, int]]:
    """The steps a cohort can come to, each with the seconds from entry to it when every wait before it runs out and
    every review takes all its time. What caps and quiet hours add is not counted."""
    first = first_step(track, cohort)
    shifts = {} if first is None else {first.id: 0}
    for step in track.steps:
        if step.id in shifts:
            for following, shift in _onward(track, step, cohort, shifts[step.id]):
                shifts[following.id] = max(shift, shifts.get(following.id, 0))
    return [(step, step.at + shifts[step.id]) for step in track.steps if step.id in shifts]


def _onward(track: Track, step: Step, cohort: str | None, shift: int) -> Iterator[tuple[Step, int]]:
    """Where a step leads, and by how much the rest of the round is moved by then."""
    if step.kind is StepKind.START:
        return
    following = next_step(track, step, cohort)
    for branch in step.branches:
        target = track.step(branch.go)
        if target is not None and target.cohorts is not None and cohort not in target.cohorts:
            target = next_step(track, target, cohort)
        if target is not None:
            yield target, shift
    if following is not None and all(branch.when is not None for branch in step.branches):
        yield following, shift + max(0, step.at + step.up_to - following.at if step.up_to else 0)


def _moments(campaign: Campaign) -> list[tuple[Step, int]]:
    """Every step of the campaign, once for each cohort that comes to it, with its latest moment."""
    tracks, cohorts = (campaign.main, *campaign.triggers), cohorts_of(campaign)
    return [moment for track in tracks for cohort in cohorts for moment in due_at_the_latest(track, cohort)]


def _goal(campaign: Campaign, root: Located, moments: list[tuple[Step, int]]) -> Iterator[Finding]:
    goal = campaign.goal
    sent = [(due, step) for step, due in moments if step.kind is StepKind.SEND]
    last, step = max(sent, key=lambda moment: moment[0], default=(0, None))
    if goal is None or step is None or last < goal.within:
        return
    within = root["goal"]["within"].span
    message = (
        f"what the step '{step.id}' brings is not counted: the goal closes after {duration(goal.within)}"
    )
    mend = f"write a time well above {duration(last)}"
    yield within.finding("RK406", message, mend, related=(_comes_due(root, step, last),))


def _again(campaign: Campaign, root: Located, moments: list[tuple[Step, int]]) -> Iterator[Finding]:
    """``re_enter_after`` counts from the end of a round, ``repeat`` from its beginning."""
    over, step = max(
        ((due + step.up_to, step) for step, due in moments), key=lambda moment: moment[0], default=(0, None)
    )
    if step is None:
        return
    again, repeat = campaign.re_enter_after, campaign.then.repeat
    lasts, park = f"a round lasts {duration(over)}", campaign.then.park
    related = (_comes_due(root, step, over),)
    if again is not None and again + park < over:
        span = root["audience"]["re_enter_after"].span
        message = f"{lasts}, and {duration(again + park)} after it the person can enter again"
        yield span.finding("RK407", message, f"write '{duration(over - park)}' or more", related=related)
    if repeat is not None and repeat < over:
        span = root["then"]["repeat"].span
        message = f"{lasts}, so the next one begins the moment it is over"
        yield span.finding("RK407", message, f"write more than '{duration(over)}'", related=related)


def _comes_due(root: Located, step: Step, at: int) -> Related:
    written = step_named(root, step.id)["at"].span
    waits = "" if at == step.at else " at the latest, once every wait has run out"
    return written.related(f"'{step.id}' comes {duration(at)} after entry{waits}")
