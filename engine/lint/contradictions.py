"""What takes back in one line what another says: such a line does nothing, and somebody believes that it does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.diagnostics import Finding, Related
from engine.lint.base import Subject
from engine.lint.someone import Crowd
from engine.lint.written import step_named
from engine.located import Located, Span
from engine.model import Campaign, Step, StepKind
from engine.timeline import first_step


def lint(subject: Subject) -> Iterator[Finding]:
    """RK313 and RK408."""
    crowd = Crowd(subject.project)
    for campaign in subject.project.campaigns.values():
        root = subject.campaign(campaign.id)
        yield from _unserved(campaign, root)
        exits: dict[str, Span] = {}
        yield from _exits(root, exits)
        yield from _triggers(root, exits)
        for step in campaign.steps:
            yield from _step(crowd, campaign, step, step_named(root, step.id), exits)


def _unserved(campaign: Campaign, root: Located) -> Iterator[Finding]:
    """Cohorts that are awake, and that no step of any cadence is for."""
    declared = root.get("cohorts")
    tracks = (campaign.main, *campaign.triggers)
    for cohort in campaign.cohorts:
        served = any(first_step(track, cohort.id) is not None for track in tracks)
        if declared is not None and cohort.park_until is None and not served:
            message = f"whoever is in '{cohort.id}' gets nothing: no step is for it"
            mend = f"name it under 'for' of a step, or write '{cohort.id}: park until ...' an event"
            context = f"cohort '{cohort.id}' of campaign '{campaign.id}'"
            yield declared.key(cohort.id).finding("RK313", message, mend, context=context)


def _exits(root: Located, exits: dict[str, Span]) -> Iterator[Finding]:
    """``exits`` is filled: the events that end a round, and where that is said."""
    for way_out in root.get("exit") or ():
        event = way_out.get("event")
        if event is None:
            continue
        name = str(event.value)
        if name in exits:
            message = f"the first '{name}' has ended the round already"
            yield event.span.finding(
                "RK408", message, "remove one of the two", related=(_ends(exits[name], name),)
            )
        exits.setdefault(name, event.span)


def _triggers(root: Located, exits: Mapping[str, Span]) -> Iterator[Finding]:
    for trigger in root.get("triggers") or ():
        event = trigger["event"]
        name = str(event.value)
        if name in exits:
            message = f"'{name}' starts a trigger and ends the round at the same moment"
            mend = "keep one of the two"
            yield event.span.finding("RK408", message, mend, related=(_ends(exits[name], name),))


def _step(
    crowd: Crowd, campaign: Campaign, step: Step, written: Located, exits: Mapping[str, Span]
) -> Iterator[Finding]:
    context = f"step '{step.id}' of campaign '{campaign.id}'"
    wait, review = written.get("wait_for"), written.get("review")
    if wait is not None and step.event and step.event in exits:
        message = f"'{step.event}' ends the round, so the wait is never over before its time"
        related = (_ends(exits[step.event], step.event),)
        mend = "wait for another event, or remove the exit"
        yield wait["event"].span.finding("RK408", message, mend, context=context, related=related)
    if review is not None and not step.up_to:
        message, mend = "nobody can review anything in no time", "give them time, for example '5d'"
        yield review["up_to"].span.finding("RK408", message, mend, context=context)
    if step.kind is StepKind.SEND and not step.expires and "expires" in written:
        message = "the step is too late the moment it may leave: the least wait for a slot loses it"
        mend = "give it time, for example '1d'"
        yield written["expires"].span.finding("RK408", message, mend, context=context)
    if step.only_if is not None and step.unless is not None and crowd.nobody([step.only_if], [step.unless]):
        message = "'unless' holds for everybody of whom 'if' is true, so nobody gets this step"
        related = (written.key("unless").related("takes back what 'if' asks for"),)
        mend = "remove one of the two, or change it"
        yield written.key("if").finding("RK408", message, mend, context=context, related=related)


def _ends(exit_: Span, name: str) -> Related:
    return exit_.related(f"'{name}' ends the round here")
