"""What a decision is: data that says what becomes of the enrolment, what touch comes of it, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from engine.flow import EnrolmentState as State
from engine.flow import Reason, TouchMove
from engine.model import Step
from engine.verdict import Says, Verdict


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
    #: the timeline's new shift in seconds, where a wait made the rest of the round later; None: as it was
    shift: int | None = None
    cancels_held: bool = False  # the current step's postponed touch is overtaken
    spawn: Spawn | None = None
    task: TaskPlan | None = None

    @property
    def rule(self) -> str | None:
        """The rule that settled it: the last verdict's, when it did not allow."""
        last = self.verdicts[-1] if self.verdicts else None
        return last.rule if last and last.says is not Says.ALLOW else None
