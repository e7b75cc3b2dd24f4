"""Operations: what a campaign needs so that it can be trusted, measured and stopped."""

from __future__ import annotations

from collections.abc import Iterator

from engine.diagnostics import Finding
from engine.facts import EventFact
from engine.lint.base import Subject
from engine.lint.experiments import compares
from engine.lint.someone import Crowd
from engine.lint.timing import cohorts_of
from engine.lint.written import step_named
from engine.located import Located
from engine.model import Campaign, Project, Step, StepKind
from engine.predicate import Predicate, Truth, events_of, tested
from engine.testfile import DEFAULT_NOW
from engine.witness import Witness

#: what rekindle records when somebody answers, whatever they answer
REPLY = "replied"
#: channels a person can answer on
_ANSWERABLE = frozenset({"email", "sms", "linkedin", "phone", "letter"})
#: somebody of whom nothing is known but that they have answered
_ANSWERED = Witness(
    now=DEFAULT_NOW, fields={}, consents={}, events=(EventFact(1, REPLY, DEFAULT_NOW, {}),), notes=()
).facts()


def lint(subject: Subject) -> Iterator[Finding]:
    """RK901, RK902 and RK903."""
    tested_ones = {file.campaign for file in subject.tests if file.cases}
    for campaign in subject.project.campaigns.values():
        root = subject.campaign(campaign.id)
        name = root["campaign"].span
        if campaign.id not in tested_ones:
            mend = f"write tests/{campaign.id}.yaml: 'rekindle test' plays it on the real engine"
            yield name.finding("RK901", f"nothing tests what the campaign '{campaign.id}' does", mend)
        if campaign.goal is None and not compares(campaign):
            mend = "say what counts as success: 'goal: {event: purchase, within: 60d}'"
            yield name.finding("RK902", f"the campaign '{campaign.id}' has no goal", mend)
        yield from _replies(subject.project, campaign, root)


def _replies(project: Project, campaign: Campaign, root: Located) -> Iterator[Finding]:
    """A reply that says no ends everything by itself; any other only does what the campaign makes of it."""
    if _listens(project, campaign):
        return
    goes_on = next(_goes_on(Crowd(project), campaign), None)
    if goes_on is None:
        return
    at = root.key("exit") if "exit" in root else root.key("cadence")
    message = f"'{goes_on.id}' is sent although the person has answered"
    mend = f"add '- {{event: {REPLY}, as: handed_over, task: call_back}}' under 'exit'"
    related = (
        step_named(root, goes_on.id)["step"].span.related("a reply to what stands above changes nothing"),
    )
    yield at.finding("RK903", message, mend, related=related)


def _listens(project: Project, campaign: Campaign) -> bool:
    """Does a reply end the round, or lead it another way?"""
    goals = {*project.policy.won_back, *(campaign.goal.events if campaign.goal else ())}
    ends = any(e.event == REPLY or (e.where and _said_of_reply(e.where) is True) for e in campaign.exits)
    starts = any(trigger.event == REPLY for trigger in campaign.triggers)
    branches = (branch.when for step in campaign.steps for branch in step.branches)
    return REPLY in goals or ends or starts or REPLY in events_of(*branches)


def _goes_on(crowd: Crowd, campaign: Campaign) -> Iterator[Step]:
    """Messages that can come after one that a person can answer, and that no condition keeps back after a reply."""
    for cohort in cohorts_of(campaign):
        sends = [
            step
            for step in campaign.steps
            if step.kind is StepKind.SEND and (step.cohorts is None or cohort in step.cohorts)
        ]
        for number, step in enumerate(sends):
            before = sends[:number] if campaign.then.repeat is None else sends
            asked = [first for first in before if first.channel in _ANSWERABLE]
            if not _keeps_back(step) and any(_get_both(crowd, first, step) for first in asked):
                yield step


def _get_both(crowd: Crowd, one: Step, other: Step) -> bool:
    """Can one person be sent both, or do their conditions part people?"""
    wanted, unwanted = (one.only_if, other.only_if), (one.unless, other.unless)
    return not crowd.nobody([p for p in wanted if p], [p for p in unwanted if p])


def _keeps_back(step: Step) -> bool:
    """Do the step's own conditions let it pass by whoever has answered?"""
    return (step.unless is not None and _said_of_reply(step.unless) is True) or (
        step.only_if is not None and _said_of_reply(step.only_if) is False
    )


def _said_of_reply(predicate: Predicate) -> Truth:
    return tested(predicate)(_ANSWERED, DEFAULT_NOW, None)
