"""The pure core: one person, one enrolment, one moment, one decision.

``decide`` is what the daemon, simulate, test, plan and explain all run. It takes plain values, does no
input or output, reads no clock and draws no random number. What it answers is complete: what becomes of the
enrolment, what touch comes of it, and every reason as data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from engine.facts import EnrolmentFact, EventFact, Facts
from engine.flow import EnrolmentMove as Move
from engine.flow import EnrolmentState as State
from engine.flow import Reason, TouchMove, TouchState, move_enrolment
from engine.gates import AT_DISPATCH, judge
from engine.gates.base import Situation
from engine.gates.holdout import bucket
from engine.gates.offer import offer_expires_at
from engine.gates.suppression import do_not_contact, suppression
from engine.model import Branch, Campaign, Cohort, Project, Source, Step, StepKind, Track
from engine.places import place_of
from engine.predicate import Predicate, holds
from engine.verdict import Says, Verdict, allow


class TouchPlan(NamedTuple):
    """What becomes of the touch of a sending step."""

    step: Step
    move: TouchMove  # queue hold skip
    planned_at: int
    expires_at: int
    not_before: int
    reason: str | None = None
    template: str | None = None
    variant: str | None = None
    offer_expires_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spawn:
    """A round to begin in the same transaction: the next one, a triggered one, or another campaign's."""

    campaign: str
    track: str
    cohort: str | None
    asleep: bool = False  # until the event its cohort is parked for
    trigger_event_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPlan:
    """Work for the person's owner that is not itself a touch."""

    kind: str
    key: str  # names it within the round: a step id, or "exit"
    title: str
    due_in: int  # seconds


class Decision(NamedTuple):
    """What is to be done, whole. ``step``, ``resume_at`` and ``state`` are the enrolment's from now on."""

    action: str  # queue hold skip wait park end advance
    verdicts: tuple[Verdict, ...]
    state: State
    step: str | None
    resume_at: int | None
    decided_step: str | None = None  # the step this decision is about
    reason: Reason | None = None
    touch: TouchPlan | None = None
    cancels_held: bool = False  # the current step's postponed touch is overtaken
    spawn: Spawn | None = None
    task: TaskPlan | None = None

    @property
    def rule(self) -> str | None:
        """The rule that settled it: the last verdict's, when it did not allow."""
        last = self.verdicts[-1] if self.verdicts else None
        return last.rule if last and last.says is not Says.ALLOW else None


def decide(
    project: Project, campaign: Campaign, enrolment: EnrolmentFact, facts: Facts, now: int
) -> Decision:
    """What to do about an enrolment that is due, or was nudged by an event, at ``now``."""
    ended = ending(project, campaign, enrolment, facts, now)
    if ended is not None:
        return _end(campaign, enrolment, *ended)
    woken = _woken(campaign, enrolment, facts)
    if woken is not None:
        return woken
    track = campaign.track(enrolment.track)
    step = track.step(enrolment.step) if track else None
    asleep = enrolment.resume_at is None or now < enrolment.resume_at
    if asleep and enrolment.state != State.HELD and not _heard(step, enrolment, facts, now):
        return _wait(enrolment)
    if enrolment.state == State.PARKED:
        return _park_over(campaign, enrolment, facts, now)
    if track is None or step is None:
        return _after_last(campaign, enrolment, (), now)
    if enrolment.state == State.HELD:
        return _reviewed(campaign, track, step, enrolment, now)
    match step.kind:
        case StepKind.SEND:
            return _send(project, campaign, track, step, enrolment, facts, now)
        case StepKind.WAIT_FOR:
            return _wait_for(campaign, track, step, enrolment, facts, now)
        case StepKind.CHOOSE:
            return _choose(campaign, track, step, enrolment, facts, now)
        case StepKind.REVIEW:
            return _ask_review(step, enrolment, now)
        case StepKind.START:
            return _start(campaign, step, enrolment)


#: events that mean no, whatever channel they came by: nothing more of this campaign, on any other channel either
REFUSALS = frozenset({"refused", "unsubscribed", "complained"})


# ── what ends an enrolment before its time ────────────────────────────────────────────────────────────


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
        if found.channel == "all" and found.at <= now:
            break
    else:
        if not facts.person["do_not_contact_scope"]:
            return None
    step = Step(id="", kind=StepKind.SEND, at=0, source=campaign.source)
    situation = _situation(project, campaign, step, enrolment, facts, now)
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
        return _exit_verdict(Reason.OPTED_OUT, because, project.policy.source, refused), None
    goal = campaign.goal
    goals = {*project.policy.won_back, *(goal.events if goal else ())}
    for event in events:
        if event.name in goals:
            source = goal.source if goal else project.policy.source
            return _exit_verdict(Reason.WON_BACK, f"{event.name} happened", source, event), None
    for declared in campaign.exits:
        if declared.event:
            event = next((e for e in events if e.name == declared.event), None)  # type: ignore[assignment]
            if event is not None:
                because = f"{declared.event} happened"
                return _exit_verdict(declared.reason, because, declared.source, event), declared.task
        elif declared.where and holds(declared.where, facts, now, since=since):
            because = "a declared exit holds"
            return Verdict(declared.reason, Says.EXIT, because, declared.source), declared.task
    return None, None


def _exit_verdict(reason: str, because: str, source: Source, event: EventFact) -> Verdict:
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


def _end(campaign: Campaign, enrolment: EnrolmentFact, verdict: Verdict, task: str | None) -> Decision:
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


# ── what wakes one ────────────────────────────────────────────────────────────────────────────────────


def _woken(campaign: Campaign, enrolment: EnrolmentFact, facts: Facts) -> Decision | None:
    """A trigger that fires, or the event an aged cohort sleeps until, begins a new round at once.

    A round that a trigger began runs to its end first; a second trigger then finds it parked.
    """
    if enrolment.track != campaign.main.id and enrolment.state != State.PARKED:
        return None
    seen = enrolment.trigger_event_id or 0
    for event in facts.events:
        if event.at < enrolment.entered_at or event.id <= seen:
            continue
        track = _triggered(campaign, enrolment, facts, event)
        if track is not None:
            return _supersede(enrolment, track, event)
    return None


def _triggered(campaign: Campaign, enrolment: EnrolmentFact, facts: Facts, event: EventFact) -> Track | None:
    for trigger in campaign.triggers:
        if trigger.event == event.name and _matches(trigger, facts, event):
            return trigger
    cohort = next((c for c in campaign.cohorts if c.id == enrolment.cohort), None)
    asleep = enrolment.state == State.PARKED and enrolment.resume_at is None
    wakes = asleep and cohort is not None and cohort.park_until == event.name
    # a trigger that declares what it must match speaks for its event: others of that name wake nobody
    if wakes and not any(t.event == event.name and t.matching for t in campaign.triggers):
        return campaign.main
    return None


def _matches(trigger: Track, facts: Facts, event: EventFact) -> bool:
    return all(
        event.data.get(key) is not None and event.data.get(key) == facts.value(field)
        for key, field in trigger.matching
    )


def _supersede(enrolment: EnrolmentFact, track: Track, event: EventFact) -> Decision:
    verdict = _exit_verdict(Reason.SUPERSEDED, f"{event.name} starts {track.id}", track.source, event)
    spawn = Spawn(
        campaign=enrolment.campaign, track=track.id, cohort=enrolment.cohort, trigger_event_id=event.id
    )
    return Decision(
        action="end",
        verdicts=(verdict,),
        state=move_enrolment(State(enrolment.state), Move.END),
        step=None,
        resume_at=None,
        decided_step=enrolment.step,
        reason=Reason.SUPERSEDED,
        cancels_held=True,
        spawn=spawn,
    )


def _wait(enrolment: EnrolmentFact) -> Decision:
    return Decision(
        action="wait",
        verdicts=(),
        state=move_enrolment(State(enrolment.state), Move.WAIT),
        step=enrolment.step,
        resume_at=enrolment.resume_at,
        decided_step=enrolment.step,
    )


# ── the timeline ──────────────────────────────────────────────────────────────────────────────────────


def planned_at(step: Step, enrolment: EnrolmentFact) -> int:
    """When the step is planned: counted from entry, moved by the time the campaign was paused."""
    return enrolment.entered_at + step.at + enrolment.shift


def first_step(track: Track, cohort: str | None) -> Step | None:
    """The first step of the track that is for the cohort."""
    return next((s for s in track.steps if s.cohorts is None or cohort in s.cohorts), None)


def next_step(track: Track, after: Step, cohort: str | None) -> Step | None:
    """The next step of the track that is for the cohort."""
    later = track.steps[track.steps.index(after) + 1 :]
    return next((s for s in later if s.cohorts is None or cohort in s.cohorts), None)


def _advance(
    campaign: Campaign, track: Track, step: Step, enrolment: EnrolmentFact, now: int, *,
    action: str = "advance", verdicts: Sequence[Verdict] = (), touch: TouchPlan | None = None,
) -> Decision:  # fmt: skip
    """On to the next step, or to what follows the last."""
    following = next_step(track, step, enrolment.cohort)
    if following is None:
        return _after_last(campaign, enrolment, verdicts, now, action=action, step=step, touch=touch)
    return Decision(
        action=action,
        verdicts=tuple(verdicts),
        state=move_enrolment(State(enrolment.state), Move.ADVANCE),
        step=following.id,
        resume_at=max(now, planned_at(following, enrolment)),
        decided_step=step.id,
        touch=touch,
    )


def _after_last(
    campaign: Campaign, enrolment: EnrolmentFact, verdicts: Sequence[Verdict], now: int, *,
    action: str = "park", step: Step | None = None, touch: TouchPlan | None = None,
) -> Decision:  # fmt: skip
    """The cadence is through: park, repeat, or end."""
    then = campaign.then
    until = now + then.park
    if then.repeat is not None:
        until = max(now, enrolment.entered_at + enrolment.shift + then.repeat)
    ends = until <= now and then.repeat is None
    return Decision(
        action="end" if ends and action == "park" else action,
        verdicts=tuple(verdicts),
        state=move_enrolment(State(enrolment.state), Move.END if ends else Move.PARK),
        step=None,
        resume_at=None if ends else until,
        decided_step=step.id if step else None,
        reason=Reason.COMPLETED if ends else None,
        touch=touch,
    )


def cohort_of(campaign: Campaign, facts: Facts, now: int) -> Cohort | None:
    """The first of the campaign's ageing cohorts that fits the person now."""
    return next((c for c in campaign.cohorts if c.when is None or holds(c.when, facts, now)), None)


def _park_over(campaign: Campaign, enrolment: EnrolmentFact, facts: Facts, now: int) -> Decision:
    """The sleep after the cadence is over: the round ends, and where the campaign repeats the next one begins.

    People age between rounds, so the cohort is chosen again; where none fits any more it does not begin.
    """
    cohort = cohort_of(campaign, facts, now)
    again = campaign.then.repeat is not None and (cohort is not None or not campaign.cohorts)
    asleep = cohort is not None and cohort.park_until is not None
    because = "the cadence begins again" if again else "the cadence is complete"
    spawn = Spawn(
        campaign=campaign.id, track=campaign.main.id, cohort=cohort.id if cohort else None, asleep=asleep
    )
    return Decision(
        action="end",
        verdicts=(Verdict(Reason.COMPLETED, Says.EXIT, because, campaign.then.source),),
        state=move_enrolment(State(enrolment.state), Move.END),
        step=None,
        resume_at=None,
        reason=Reason.COMPLETED,
        spawn=spawn if again else None,
    )


# ── a sending step ────────────────────────────────────────────────────────────────────────────────────


def _situation(
    project: Project, campaign: Campaign, step: Step, enrolment: EnrolmentFact, facts: Facts, now: int,
    expires_at: int | None = None,
) -> Situation:  # fmt: skip
    planned = planned_at(step, enrolment)
    return Situation(
        campaign=campaign,
        step=step,
        enrolment=enrolment,
        facts=facts,
        policy=project.policy,
        place=place_of(facts.person, project.default_country, project.policy.markets),
        now=now,
        planned_at=planned,
        expires_at=planned + step.expires if expires_at is None else expires_at,
    )


def _send(
    project: Project, campaign: Campaign, track: Track, step: Step, enrolment: EnrolmentFact, facts: Facts,
    now: int,
) -> Decision:  # fmt: skip
    s = _situation(project, campaign, step, enrolment, facts, now)
    condition = _condition(step, enrolment, facts, now)
    verdicts = [condition] if condition.says is not Says.ALLOW else [condition, *judge(s)]
    last = verdicts[-1]
    match last.says:
        case Says.EXIT:
            return _end(campaign, enrolment, last, None)
        case Says.DEFER if last.until is not None and last.until < s.expires_at:
            return _defer(s, verdicts, last.until)
        case Says.DEFER | Says.SKIP:
            touch = _plan(s, TouchMove.SKIP, reason=last.rule)
            return _advance(
                campaign, track, step, enrolment, now, action="skip", verdicts=verdicts, touch=touch
            )
        case Says.ALLOW:
            touch = _plan(s, TouchMove.QUEUE)
            return _advance(
                campaign, track, step, enrolment, now, action="queue", verdicts=verdicts, touch=touch
            )


def _condition(step: Step, enrolment: EnrolmentFact, facts: Facts, now: int) -> Verdict:
    """The step's own ``if`` and ``unless``; events count since entry."""
    if step.only_if is None and step.unless is None:
        return allow("condition", "the step is for this person", step.source)
    since = enrolment.entered_at
    if step.only_if is not None and not holds(step.only_if, facts, now, since=since):
        return Verdict("condition", Says.SKIP, "the step's 'if' does not hold", step.source)
    if step.unless is not None and holds(step.unless, facts, now, since=since):
        return Verdict("condition", Says.SKIP, "the step's 'unless' holds", step.source)
    return allow("condition", "the step is for this person", step.source)


def _plan(
    s: Situation, move: TouchMove, *, reason: str | None = None, not_before: int | None = None
) -> TouchPlan:
    variant, template = variant_of(s.campaign, s.step, s.facts.identity_id)
    return TouchPlan(
        step=s.step,
        move=move,
        reason=reason,
        template=template,
        variant=variant or None,
        offer_expires_at=offer_expires_at(s) if move is TouchMove.QUEUE else None,
        planned_at=s.planned_at,
        expires_at=s.expires_at,
        not_before=s.now if not_before is None else not_before,
    )


def variant_of(campaign: Campaign, step: Step, identity_id: int) -> tuple[str, str]:
    """(variant, template) for a person: always the same for the same campaign, step and identity."""
    if len(step.variants) == 1:
        return step.variants[0]
    return step.variants[bucket(f"variant:{campaign.id}:{step.id}", identity_id, len(step.variants))]


def _defer(s: Situation, verdicts: Sequence[Verdict], until: int) -> Decision:
    return Decision(
        action="hold",
        verdicts=tuple(verdicts),
        state=move_enrolment(State(s.enrolment.state), Move.WAIT),
        step=s.step.id,
        resume_at=until,
        decided_step=s.step.id,
        touch=_plan(s, TouchMove.HOLD, reason=verdicts[-1].rule, not_before=until),
    )


# ── the steps that send nothing ───────────────────────────────────────────────────────────────────────


def _heard(step: Step | None, enrolment: EnrolmentFact, facts: Facts, now: int) -> bool:
    """Has the event that this step waits for happened? Before the step's own moment it does not listen."""
    if step is None or step.kind is not StepKind.WAIT_FOR or now < planned_at(step, enrolment):
        return False
    return any(e.name == step.event and enrolment.entered_at <= e.at <= now for e in facts.events)


def _wait_for(
    campaign: Campaign, track: Track, step: Step, enrolment: EnrolmentFact, facts: Facts, now: int
) -> Decision:
    happened = _heard(step, enrolment, facts, now)
    until = planned_at(step, enrolment) + step.up_to
    if happened or now >= until:
        because = f"{step.event} happened" if happened else f"no {step.event} in time"
        verdict = Verdict("wait_for", Says.ALLOW, because, step.source)
        return _advance(campaign, track, step, enrolment, now, verdicts=(verdict,))
    return Decision(
        action="wait",
        verdicts=(Verdict("wait_for", Says.DEFER, f"waiting for {step.event}", step.source, until),),
        state=move_enrolment(State(enrolment.state), Move.WAIT),
        step=step.id,
        # an event nudges the enrolment; the limit is looked at when it comes
        resume_at=until,
        decided_step=step.id,
    )


def _choose(
    campaign: Campaign, track: Track, step: Step, enrolment: EnrolmentFact, facts: Facts, now: int
) -> Decision:
    taken = next((b for b in step.branches if _branch_holds(b.when, enrolment, facts, now)), None)
    if taken is None:
        verdict = Verdict("choose", Says.ALLOW, "no branch holds, on to the next step", step.source)
        return _advance(campaign, track, step, enrolment, now, verdicts=(verdict,))
    verdict = Verdict("choose", Says.ALLOW, f"on to {taken.go}", taken.source)
    return _jump(campaign, track, step, taken, enrolment, now, verdict)


def _branch_holds(when: Predicate | None, enrolment: EnrolmentFact, facts: Facts, now: int) -> bool:
    return when is None or holds(when, facts, now, since=enrolment.entered_at)


def _jump(
    campaign: Campaign, track: Track, step: Step, taken: Branch, enrolment: EnrolmentFact, now: int,
    verdict: Verdict,
) -> Decision:  # fmt: skip
    target = track.step(taken.go)
    if target is not None and target.cohorts is not None and enrolment.cohort not in target.cohorts:
        target = next_step(track, target, enrolment.cohort)
    if target is None:
        return _after_last(campaign, enrolment, (verdict,), now, step=step)
    return Decision(
        action="advance",
        verdicts=(verdict,),
        state=move_enrolment(State(enrolment.state), Move.ADVANCE),
        step=target.id,
        resume_at=max(now, planned_at(target, enrolment)),
        decided_step=step.id,
    )


def _ask_review(step: Step, enrolment: EnrolmentFact, now: int) -> Decision:
    until = now + step.up_to
    return Decision(
        action="wait",
        verdicts=(Verdict("review", Says.DEFER, "waiting for a person's approval", step.source, until),),
        state=move_enrolment(State(enrolment.state), Move.HOLD),
        step=step.id,
        resume_at=until,
        decided_step=step.id,
        task=TaskPlan(kind="review", key=step.id, title=step.task or "Review", due_in=step.up_to),
    )


def _reviewed(campaign: Campaign, track: Track, step: Step, enrolment: EnrolmentFact, now: int) -> Decision:
    if enrolment.review == "done":
        verdict = Verdict("review", Says.ALLOW, "approved", step.source)
        return _advance(campaign, track, step, enrolment, now, verdicts=(verdict,))
    if enrolment.review == "declined":
        return _end(
            campaign, enrolment, Verdict(Reason.WITHDRAWN, Says.EXIT, "not approved", step.source), None
        )
    if enrolment.resume_at is not None and now >= enrolment.resume_at:
        because = "no approval in time"
        return _end(campaign, enrolment, Verdict(Reason.EXPIRED, Says.EXIT, because, step.source), None)
    return _wait(enrolment)


def _start(campaign: Campaign, step: Step, enrolment: EnrolmentFact) -> Decision:
    verdict = Verdict(Reason.HANDED_OVER, Says.EXIT, f"{step.start} takes over", step.source)
    ended = _end(campaign, enrolment, verdict, None)
    spawn = Spawn(campaign=step.start or "", track="main", cohort=None)
    return Decision(
        action="end", verdicts=ended.verdicts, state=ended.state, step=None, resume_at=None,
        decided_step=step.id, reason=ended.reason, spawn=spawn,
    )  # fmt: skip


# ── once more, when it leaves ─────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearance:
    """The second judgement of a queued touch, in the transaction that commits its dispatch."""

    move: TouchMove  # dispatch hold cancel
    verdicts: tuple[Verdict, ...]
    not_before: int | None = None


def clear(
    project: Project, campaign: Campaign, step: Step, enrolment: EnrolmentFact, facts: Facts, now: int,
    expires_at: int,
) -> Clearance:  # fmt: skip
    """May a queued touch leave now? What ended the enrolment meanwhile, and every gate, is asked again."""
    ended = ending(project, campaign, enrolment, facts, now)
    if ended is not None:
        return Clearance(move=TouchMove.CANCEL, verdicts=(ended[0],))
    if enrolment.state == State.ENDED and enrolment.reason != Reason.COMPLETED:
        verdict = Verdict(
            enrolment.reason or Reason.WITHDRAWN, Says.EXIT, "its enrolment has ended", step.source
        )
        return Clearance(move=TouchMove.CANCEL, verdicts=(verdict,))
    verdicts = tuple(
        judge(_situation(project, campaign, step, enrolment, facts, now, expires_at), AT_DISPATCH)
    )
    last = verdicts[-1]
    if last.says is Says.ALLOW:
        return Clearance(move=TouchMove.DISPATCH, verdicts=verdicts)
    if last.says is Says.DEFER and last.until is not None and last.until < expires_at:
        return Clearance(move=TouchMove.HOLD, verdicts=verdicts, not_before=last.until)
    return Clearance(move=TouchMove.CANCEL, verdicts=verdicts)


__all__ = ["Clearance", "Decision", "Spawn", "TaskPlan", "TouchPlan", "TouchState", "clear", "decide"]
