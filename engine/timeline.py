"""The timeline of a round: which step is next, when it is planned, and what a gate is shown of it."""

from __future__ import annotations

from engine.facts import EnrolmentFact, Facts
from engine.gates.base import Situation
from engine.gates.hours import first_open
from engine.model import Campaign, Cohort, Project, Step, Track
from engine.places import place_of
from engine.predicate import holds
from engine.schedule import deadline_ends


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


def cohort_of(campaign: Campaign, facts: Facts, now: int) -> Cohort | None:
    """The first of the campaign's ageing cohorts that fits the person now."""
    return next((c for c in campaign.cohorts if c.when is None or holds(c.when, facts, now)), None)


def respond_by(project: Project, step: Step, facts: Facts, now: int) -> int | None:
    """The last second in which an answer to a message that leaves now is in time; None: no deadline is set.

    Of several zones the person may be in, the one where the day ends last counts: nobody is late by our clock only.
    """
    if step.respond_by is None:
        return None
    place = place_of(facts.person, project.default_country, project.policy.markets)
    country = next(iter(place.countries), "")
    return max(deadline_ends(now, step.respond_by, zone, country) for zone in place.zones or ("UTC",))


def situation_of(
    project: Project, campaign: Campaign, step: Step, enrolment: EnrolmentFact, facts: Facts, now: int,
    expires_at: int | None = None,
) -> Situation:  # fmt: skip
    """What the gates are shown. ``expires_at``: as it was decided; None: reckon it.

    A step lives from the first moment it may leave after the one it is planned for: a weekend or a night that the
    plan falls into takes nothing from it.
    """
    planned = planned_at(step, enrolment)
    situation = Situation(
        campaign=campaign,
        step=step,
        enrolment=enrolment,
        facts=facts,
        policy=project.policy,
        place=place_of(facts.person, project.default_country, project.policy.markets),
        now=now,
        planned_at=planned,
        expires_at=planned if expires_at is None else expires_at,
        offers=project.offers,
    )
    if expires_at is not None or step.channel is None:
        return situation
    return situation._replace(expires_at=(first_open(situation, planned) or planned) + step.expires)


def precedence(priority: int, due_at: int, identity_id: int, campaign: str) -> tuple[int, int, int, str]:
    """What is decided first sorts first: where several campaigns want one person's slot at the same moment the higher
    priority asks first."""
    return -priority, due_at, identity_id, campaign
