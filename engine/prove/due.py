"""A step that is due this moment, for the gates and for the core: what prove shows them."""

from __future__ import annotations

from collections.abc import Iterator

from engine.facts import ConsentFact, EnrolmentFact, Facts
from engine.flow import EnrolmentState
from engine.gates.base import Situation
from engine.gates.holdout import held_out
from engine.gates.hours import first_open
from engine.model import CHANNELS, DAY, Campaign, Project, Step, StepKind, Track
from engine.prove.whereabouts import Whereabouts
from engine.testfile import DEFAULT_NOW
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


def willing(
    project: Project, campaign: Campaign, track: Track, step: Step, where: Whereabouts
) -> Situation | None:
    """The step due for somebody to whom nothing is in the way, who agreed to everything and can be reached on every
    channel; None where its hours never open, or the campaign keeps everybody back."""
    identity = next((n for n in range(1, 100_000) if not held_out(campaign, n)), None)
    if identity is None:
        return None
    facts = nobody(DEFAULT_NOW)
    addresses = {"email": "sam@customer.example", "email_key": "sam@customer.example", "linkedin": "sam"}
    attributes = {"attributes": {"postal_address": project.brand.postal_address, "push_token": "sam"}}
    given = DEFAULT_NOW - 30 * DAY
    facts = Facts(
        identity_id=identity,
        person={**facts.person, **addresses, **attributes, **where.record},
        consents={c: ConsentFact(c, "express_written", given, "https://proofs.example") for c in CHANNELS},
    )
    opens = first_open(due(project, campaign, track, step, facts, DEFAULT_NOW), DEFAULT_NOW)
    return None if opens is None else due(project, campaign, track, step, facts, opens)
