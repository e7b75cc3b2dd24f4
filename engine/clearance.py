"""Once more, when it leaves: the second judgement of a touch that was queued."""

from __future__ import annotations

from dataclasses import dataclass

from engine.endings import ending
from engine.facts import EnrolmentFact, Facts
from engine.flow import EnrolmentState as State
from engine.flow import Reason, TouchMove
from engine.gates import AT_DISPATCH, judge
from engine.model import Campaign, Project, Step
from engine.timeline import situation_of
from engine.verdict import SLOWS, Says, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearance:
    """The second judgement of a queued touch, in the transaction that commits its dispatch."""

    move: TouchMove  # dispatch hold cancel
    verdicts: tuple[Verdict, ...]
    not_before: int | None = None
    #: seconds by which the touch lives longer, where it waits through no fault of its own
    longer: int = 0


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
        judge(situation_of(project, campaign, step, enrolment, facts, now, expires_at), AT_DISPATCH)
    )
    last = verdicts[-1]
    if last.says is Says.ALLOW:
        return Clearance(move=TouchMove.DISPATCH, verdicts=verdicts)
    if last.says is Says.DEFER and last.until is not None and last.rule in SLOWS:
        longer = max(0, last.until + step.expires - expires_at)
        return Clearance(move=TouchMove.HOLD, verdicts=verdicts, not_before=last.until, longer=longer)
    if last.says is Says.DEFER and last.until is not None and last.until < expires_at:
        return Clearance(move=TouchMove.HOLD, verdicts=verdicts, not_before=last.until)
    return Clearance(move=TouchMove.CANCEL, verdicts=verdicts)
