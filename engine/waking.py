"""What begins another round at once: a trigger that fires, or the event an aged cohort sleeps until."""

from __future__ import annotations

from engine.decision import Decision, Spawn
from engine.endings import exit_verdict
from engine.facts import EnrolmentFact, EventFact, Facts
from engine.flow import EnrolmentMove as Move
from engine.flow import EnrolmentState as State
from engine.flow import Reason, move_enrolment
from engine.model import Campaign, Cohort, Track


def woken(campaign: Campaign, enrolment: EnrolmentFact, facts: Facts) -> Decision | None:
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
    if asleep and cohort is not None and cohort.park_until == event.name and begins_cadence(campaign, cohort):
        return campaign.main
    return None


def begins_cadence(campaign: Campaign, cohort: Cohort) -> bool:
    """Does the event that a cohort sleeps until begin the cadence for it? Not where a trigger listens to that event:
    then the trigger speaks for it, and where it declares what it must match, others of that name wake nobody."""
    return cohort.park_until is not None and all(t.event != cohort.park_until for t in campaign.triggers)


def _matches(trigger: Track, facts: Facts, event: EventFact) -> bool:
    return all(
        event.data.get(key) is not None and event.data.get(key) == facts.value(field)
        for key, field in trigger.matching
    )


def _supersede(enrolment: EnrolmentFact, track: Track, event: EventFact) -> Decision:
    verdict = exit_verdict(Reason.SUPERSEDED, f"{event.name} starts {track.id}", track.source, event)
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
