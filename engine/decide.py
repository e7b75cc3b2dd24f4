"""The pure core: one person, one enrolment, one moment, one decision.

``decide`` is what the daemon, simulate, test, plan and explain all run. It takes plain values, does no
input or output, reads no clock and draws no random number. What it answers is complete: what becomes of the
enrolment, what touch comes of it, and every reason as data.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.decision import Decision, Spawn, TaskPlan, TouchPlan
from engine.endings import end, ending
from engine.facts import EnrolmentFact, EventFact, Facts
from engine.flow import EnrolmentMove as Move
from engine.flow import EnrolmentState as State
from engine.flow import Reason, TouchMove, move_enrolment
from engine.gates import judge
from engine.gates.base import Situation
from engine.gates.holdout import bucket
from engine.gates.offer import offer_expires_at
from engine.model import HOUR, Branch, Campaign, Project, Step, StepKind, Track
from engine.predicate import Predicate, holds
from engine.timeline import cohort_of, next_step, planned_at, situation_of
from engine.verdict import SLOWS, Says, Verdict, Way, allow, branch_way
from engine.waking import woken


def decide(
    project: Project, campaign: Campaign, enrolment: EnrolmentFact, facts: Facts, now: int
) -> Decision:
    """What to do about an enrolment that is due, or was nudged by an event, at ``now``."""
    decision = _decided(project, campaign, enrolment, facts, now)
    if decision.state is State.PARKED and enrolment.state != State.PARKED:
        # a trigger that found a triggered round running waits for its end, and not for the end of the sleep
        parked = enrolment._replace(state=State.PARKED, resume_at=decision.resume_at)
        if woken(campaign, parked, facts) is not None:
            return decision._replace(resume_at=now)
    return decision


def _decided(
    project: Project, campaign: Campaign, enrolment: EnrolmentFact, facts: Facts, now: int
) -> Decision:
    ended = ending(project, campaign, enrolment, facts, now)
    if ended is not None:
        return end(campaign, enrolment, *ended)
    awake = woken(campaign, enrolment, facts)
    if awake is not None:
        return awake
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
            return _start(project, campaign, step, enrolment, facts, now)


def _wait(enrolment: EnrolmentFact) -> Decision:
    return Decision(
        action="wait",
        verdicts=(),
        state=move_enrolment(State(enrolment.state), Move.WAIT),
        step=enrolment.step,
        resume_at=enrolment.resume_at,
        decided_step=enrolment.step,
    )


def _advance(
    campaign: Campaign, track: Track, step: Step, enrolment: EnrolmentFact, now: int, *,
    action: str = "advance", verdicts: Sequence[Verdict] = (), touch: TouchPlan | None = None,
    waited_until: int | None = None,
) -> Decision:  # fmt: skip
    """On to the next step, or to what follows the last.

    ``waited_until``: when a wait ended. Where that is later than the next step was planned, the rest of the
    timeline moves by as much: what was waited for does not make it late.
    """
    following = next_step(track, step, enrolment.cohort)
    if following is None:
        return _after_last(campaign, enrolment, verdicts, now, action=action, step=step, touch=touch)
    planned = planned_at(following, enrolment)
    later = max(0, waited_until - planned) if waited_until is not None else 0
    return Decision(
        action=action,
        verdicts=tuple(verdicts),
        state=move_enrolment(State(enrolment.state), Move.ADVANCE),
        step=following.id,
        resume_at=max(now, planned + later),
        decided_step=step.id,
        touch=touch,
        shift=enrolment.shift + later if later else None,
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


def _send(
    project: Project, campaign: Campaign, track: Track, step: Step, enrolment: EnrolmentFact, facts: Facts,
    now: int,
) -> Decision:  # fmt: skip
    s = situation_of(project, campaign, step, enrolment, facts, now)
    condition = _condition(step, enrolment, facts, now)
    verdicts = [condition] if condition.says is not Says.ALLOW else [condition, *judge(s)]
    last = verdicts[-1]
    match last.says:
        case Says.EXIT:
            return end(campaign, enrolment, last, None)
        case Says.DEFER if last.until is not None and (last.rule in SLOWS or last.until < s.expires_at):
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
        because = "the step's 'if' does not hold"
        return Verdict("condition", Says.SKIP, because, step.source, way=Way.IF)
    if step.unless is not None and holds(step.unless, facts, now, since=since):
        because = "the step's 'unless' holds"
        return Verdict("condition", Says.SKIP, because, step.source, way=Way.UNLESS)
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
    """Look again at ``until``. Where the wait is not the step's own, it is planned anew for that moment, with its whole
    life before it, and the rest of the timeline moves along: many waits in a row do not add up to an expiry."""
    later = max(0, until - s.planned_at) if verdicts[-1].rule in SLOWS else 0
    if later:
        s = s._replace(planned_at=until, expires_at=until + s.step.expires)
    return Decision(
        action="hold",
        verdicts=tuple(verdicts),
        state=move_enrolment(State(s.enrolment.state), Move.WAIT),
        step=s.step.id,
        resume_at=until,
        decided_step=s.step.id,
        touch=_plan(s, TouchMove.HOLD, reason=verdicts[-1].rule, not_before=until),
        shift=s.enrolment.shift + later if later else None,
    )


# ── the steps that send nothing ───────────────────────────────────────────────────────────────────────


def _heard(step: Step | None, enrolment: EnrolmentFact, facts: Facts, now: int) -> bool:
    """Has the event that this step waits for happened? Before the step's own moment it does not listen."""
    if step is None or step.kind is not StepKind.WAIT_FOR or now < planned_at(step, enrolment):
        return False
    return any(_is_awaited(e, step, enrolment, now) for e in facts.events)


def _is_awaited(event: EventFact, step: Step, enrolment: EnrolmentFact, now: int) -> bool:
    return event.name == step.event and enrolment.entered_at <= event.at <= now


def _wait_for(
    campaign: Campaign, track: Track, step: Step, enrolment: EnrolmentFact, facts: Facts, now: int
) -> Decision:
    heard = next((e.at for e in facts.events if _is_awaited(e, step, enrolment, now)), None)
    until = planned_at(step, enrolment) + step.up_to
    if heard is not None or now >= until:
        because = f"{step.event} happened" if heard is not None else f"no {step.event} in time"
        way = Way.HEARD if heard is not None else Way.NOT_HEARD
        verdict = Verdict("wait_for", Says.ALLOW, because, step.source, way=way)
        ended = until if heard is None else heard
        return _advance(campaign, track, step, enrolment, now, verdicts=(verdict,), waited_until=ended)
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
    position = next(
        (n for n, b in enumerate(step.branches) if _branch_holds(b.when, enrolment, facts, now)), None
    )
    if position is None:
        because = "no branch holds, on to the next step"
        verdict = Verdict("choose", Says.ALLOW, because, step.source, way=Way.NO_BRANCH)
        return _advance(campaign, track, step, enrolment, now, verdicts=(verdict,))
    taken = step.branches[position]
    verdict = Verdict("choose", Says.ALLOW, f"on to {taken.go}", taken.source, way=branch_way(position))
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
        verdict = Verdict("review", Says.ALLOW, "approved", step.source, way=Way.APPROVED)
        return _advance(campaign, track, step, enrolment, now, verdicts=(verdict,), waited_until=now)
    if enrolment.review == "declined":
        verdict = Verdict(Reason.WITHDRAWN, Says.EXIT, "not approved", step.source, way=Way.REJECTED)
        return end(campaign, enrolment, verdict, None)
    if enrolment.resume_at is not None and now >= enrolment.resume_at:
        verdict = Verdict(Reason.EXPIRED, Says.EXIT, "no approval in time", step.source, way=Way.EXPIRED)
        return end(campaign, enrolment, verdict, None)
    return _wait(enrolment)


def _start(
    project: Project, campaign: Campaign, step: Step, enrolment: EnrolmentFact, facts: Facts, now: int
) -> Decision:
    target = project.campaigns.get(step.start or "")
    if target is None:  # its file is broken or gone: nobody is let go into nothing
        because = f"{step.start} does not run"
        return Decision(
            action="wait",
            verdicts=(Verdict("start", Says.DEFER, because, step.source, now + HOUR),),
            state=move_enrolment(State(enrolment.state), Move.WAIT),
            step=step.id,
            resume_at=now + HOUR,
            decided_step=step.id,
        )
    because = f"{target.id} takes over"
    verdict = Verdict(Reason.HANDED_OVER, Says.EXIT, because, step.source, way=Way.STARTED)
    cohort = cohort_of(target, facts, now)
    spawn = Spawn(
        campaign=target.id,
        track=target.main.id,
        cohort=cohort.id if cohort else None,
        asleep=cohort is not None and cohort.park_until is not None,
    )
    return end(campaign, enrolment, verdict, None)._replace(decided_step=step.id, spawn=spawn)
