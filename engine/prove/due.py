"""A step that is due this moment, for the gates and for the core: what prove shows them."""

from __future__ import annotations

from collections.abc import Iterator

from engine.facts import EnrolmentFact, Facts
from engine.flow import EnrolmentState
from engine.gates.base import Situation
from engine.model import Campaign, Project, Step, StepKind, Track
from engine.timeline import situation_of
from engine.witness import Witness


def sends(campaign: Campaign) -> Iterator[tuple[Track, Step]]:
    """The steps that send, each with its track."""
    for track in (campaign.main, *campaign.triggers):
        yield from ((track, step) for step in track.steps if step.kind is StepKind.SEND)


def round_at(
    campaign: Campaign, track: Track, step: Step, now: int, *, identity_id: int = 1, cycle: int = 1
) -> EnrolmentFact:
    """A round of the campaign that is due at the step, exactly when it was planned."""
    return EnrolmentFact(
        identity_id=identity_id, campaign=campaign.id, cycle=cycle, version=campaign.version,
        exclusivity_group=campaign.group, segment=campaign.segment, cohort=None, track=track.id,
        state=EnrolmentState.WAITING.value, step=step.id, entered_at=now - step.at, shift=0, resume_at=now,
        trigger_event_id=None,
    )  # fmt: skip


def due(project: Project, campaign: Campaign, track: Track, step: Step, facts: Facts, now: int) -> Situation:
    """What the gates are shown of the step."""
    enrolment = round_at(campaign, track, step, now, identity_id=facts.identity_id)
    return situation_of(project, campaign, step, enrolment, facts, now)


def nobody(now: int) -> Facts:
    """A person of whom nothing is known."""
    return Witness(now=now, fields={}, consents={}, events=(), notes=()).facts()
