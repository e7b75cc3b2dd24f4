"""What ends an enrolment before its time: a no, a goal, a declared exit, a person who is not who it is for."""

from __future__ import annotations

from engine.decision import Decision, TaskPlan
from engine.event_names import REFUSALS
from engine.facts import EnrolmentFact, EventFact, Facts
from engine.flow import EnrolmentMove as Move
from engine.flow import EnrolmentState as State
from engine.flow import Reason, move_enrolment
from engine.gates.suppression import do_not_contact, suppression
from engine.model import Campaign, Project, Source, Step, StepKind
from engine.predicate import holds
from engine.timeline import situation_of
from engine.verdict import Says, Verdict


def ending(
    project: Project, campaign: Campaign, enrolment: EnrolmentFact, facts: Facts, now: int
) -> tuple[Verdict, str | None] | None:
    """The verdict that ends the enrolment and the task it leaves, or None. Also asked at dispatch."""
    verdict = _gone(facts) or _binding(project, campaign, enrolment, facts, now)
    if verdict is not None:
        return verdict, None
    verdict, task = _exit(project, campaign, enrolment, facts, now)
    if verdict is not None:
        return verdict, task
    verdict = _left(project, campaign, facts, now)
    return None if verdict is None else (verdict, None)


def _gone(facts: Facts) -> Verdict | None:
    if facts.person["deleted_at"] is None and facts.person["merged_into"] is None:
        return None
    return Verdict(Reason.WITHDRAWN, Says.EXIT, "the person was erased or merged into another")


def _binding(
    project: Project, campaign: Campaign, enrolment: EnrolmentFact, facts: Facts, now: int
) -> Verdict | None:
    """A suppression or do-not-contact scope that leaves no channel at all."""
    for found in facts.suppressions:
        if found.channel == "all":
            break
    else:
        if not facts.person["do_not_contact_scope"]:
            return None
    step = Step(id="", kind=StepKind.SEND, at=0, source=campaign.source)
    situation = situation_of(project, campaign, step, enrolment, facts, now)
    for gate in (suppression, do_not_contact):
        verdict = gate(situation)
        if verdict.says is Says.EXIT:
            return verdict
    return None


def _exit(
    project: Project, campaign: Campaign, enrolment: EnrolmentFact, facts: Facts, now: int
) -> tuple[Verdict | None, str | None]:
    since = enrolment.entered_at
    if not facts.events and not campaign.exits:
        return None, None
    events = [e for e in facts.events if since <= e.at <= now]
    refused = next((e for e in events if e.name in REFUSALS), None)
    if refused is not None:
        because = "the person said no"
        return exit_verdict(Reason.OPTED_OUT, because, project.policy.source, refused), None
    goal = campaign.goal
    goals = {*project.policy.won_back, *(goal.events if goal else ())}
    for event in events:
        if event.name in goals:
            source = goal.source if goal else project.policy.source
            return exit_verdict(Reason.WON_BACK, f"{event.name} happened", source, event), None
    for declared in campaign.exits:
        if declared.event:
            happened = next((e for e in events if e.name == declared.event), None)
            if happened is not None:
                because = f"{declared.event} happened"
                return exit_verdict(declared.reason, because, declared.source, happened), declared.task
        elif declared.where and holds(declared.where, facts, now, since=since):
            because = "a declared exit holds"
            return Verdict(declared.reason, Says.EXIT, because, declared.source), declared.task
    return None, None


def exit_verdict(reason: str, because: str, source: Source, event: EventFact) -> Verdict:
    return Verdict(reason, Says.EXIT, because, source, facts={"event": event.name, "happened": event.at})


def segment_of(project: Project, facts: Facts, now: int) -> str | None:
    """The first segment that holds of a person, or None."""
    return next((s.id for s in project.segments if holds(s.where, facts, now)), None)


def _left(project: Project, campaign: Campaign, facts: Facts, now: int) -> Verdict | None:
    """Freshness: is the person still who this campaign is for?"""
    current = segment_of(project, facts, now)
    if current == campaign.segment:
        return None
    looked_at = {"segment": current, "wanted": campaign.segment}
    because = f"no longer in segment {campaign.segment}"
    return Verdict(Reason.LEFT_SEGMENT, Says.EXIT, because, campaign.source, facts=looked_at)


def end(campaign: Campaign, enrolment: EnrolmentFact, verdict: Verdict, task: str | None) -> Decision:
    plan = TaskPlan(kind=task, key="exit", title=f"{task.replace('_', ' ').capitalize()}: {verdict.because}",
                    due_in=86_400) if task else None  # fmt: skip
    return Decision(
        action="end",
        verdicts=(verdict,),
        state=move_enrolment(State(enrolment.state), Move.END),
        step=None,
        resume_at=None,
        decided_step=enrolment.step,
        reason=Reason(verdict.rule),
        cancels_held=True,
        task=plan,
    )
