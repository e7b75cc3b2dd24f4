"""A person before whom one step is put: the case that shows what an answer of prove says.

Only what is plain is put on stage: a step that a kind of person comes to by time alone, in the campaign's own cadence
or in one that an event starts. Where there is no such way an answer goes without a case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.cases.story import Kind as Happened
from engine.facts import Facts
from engine.gates.base import Situation
from engine.model import BUILT_IN, DAY, HOUR, Campaign, Cohort, Project, Step, StepKind, Track
from engine.phrases import duration
from engine.predicate import holds
from engine.prove.histories import Earlier
from engine.prove.kinds import Kind, kinds_of
from engine.prove.model import Counterexample, Shown
from engine.prove.people import Somewhere, given_of
from engine.prove.whereabouts import FIELDS, Whereabouts
from engine.testfile import Expected, Given, GivenTouch, Happening, Moment, TestCase
from engine.timeline import cohort_of

#: a step that sends nothing and may change what comes after it
_STEERS = (StepKind.WAIT_FOR, StepKind.CHOOSE, StepKind.REVIEW, StepKind.START)


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """Somebody who comes to a step at a moment."""

    entry: int
    given: Given
    when: tuple[Happening, ...]
    #: sending steps of the track that they come to before
    before: tuple[Step, ...]
    facts: Facts


def stage(
    project: Project, campaign: Campaign, track: Track, step: Step, at: int, record: Mapping[str, Any]
) -> Staged | None:
    """The plainest person with this record who comes to the step at ``at``."""
    entry = at - step.at
    place = Somewhere(
        known="timezone" in record, zone="UTC", fields={name: record.get(name) for name in FIELDS}
    )
    for kind in sorted(kinds_of(project, campaign, entry).found, key=lambda k: k.weight):
        facts = kind.person.facts()
        earlier = [s for s in track.steps[: track.steps.index(step)] if _is_for(s, kind.cohort)]
        begun = _begun(campaign, track, kind, facts)
        if (
            begun is None
            or not _gets(step, kind.cohort, facts, entry)
            or any(s.kind in _STEERS for s in earlier)
        ):
            continue
        before = tuple(s for s in earlier if _gets(s, kind.cohort, facts, entry))
        given = given_of(project, campaign, kind, place)
        return Staged(entry=entry, given=given, when=begun, before=before, facts=facts)
    return None


def _begun(campaign: Campaign, track: Track, kind: Kind, facts: Facts) -> tuple[Happening, ...] | None:
    """What has to happen on entry for the track to begin; None where it cannot."""
    if track.id == campaign.main.id:
        return None if kind.cohort is not None and kind.cohort.park_until else ()
    data = {key: facts.value(field) for key, field in track.matching}
    if None in data.values():
        return None
    return (Happening(at=0, event=track.event, data=data, source=BUILT_IN),)


def _is_for(step: Step, cohort: Cohort | None) -> bool:
    return step.cohorts is None or (cohort is not None and cohort.id in step.cohorts)


def _gets(step: Step, cohort: Cohort | None, facts: Facts, now: int) -> bool:
    """Is the step for this person, as they are on entry?"""
    if not _is_for(step, cohort):
        return False
    wanted = step.only_if is None or holds(step.only_if, facts, now, since=now)
    return wanted and not (step.unless is not None and holds(step.unless, facts, now, since=now))


# ── what is shown ──


def exceeding(
    project: Project, track: Track, s: Situation, history: Sequence[Earlier], per: int
) -> Counterexample | None:
    """Somebody who had those touches, which fill a cap of ``per`` seconds, gets the step all the same."""
    record = {name: s.facts.person[name] for name in FIELDS if s.facts.person[name] is not None}
    staged = stage(project, s.campaign, track, s.step, s.now, record)
    if staged is None or staged.before or s.step.at or not all(kind.is_plain for kind in history):
        return None
    touches = tuple(GivenTouch(channel=k.channel, at=s.now - (k.age or 0)) for k in history)
    leaves = Happening(at=HOUR, event="unsubscribed", source=BUILT_IN)
    at_entry = _moment(0)
    waits = per - max(k.age or 0 for k in history) < s.expires_at - s.now
    case = TestCase(
        it=f"keeps the caps when {s.step.id} is due",
        now=staged.entry,
        given=replace(staged.given, touches=touches),
        when=(*staged.when, leaves),
        expect=(
            Expected(at=at_entry, step=s.step.id, held="fatigue", source=BUILT_IN)
            if waits
            else Expected(at=at_entry, step=s.step.id, skipped="fatigue", source=BUILT_IN),
            Expected(at=_moment(HOUR), exit="opted_out", source=BUILT_IN),
        ),
        source=BUILT_IN,
    )
    sent = Shown(kind=Happened.SEND, campaign=s.campaign.id, step=s.step.id)
    return Counterexample(campaign=s.campaign.id, case=case, shows=(sent,), complete=True)


def closed(
    project: Project, campaign: Campaign, track: Track, step: Step, where: Whereabouts, at: int
) -> Counterexample | None:
    """Somebody there comes to the step, and no hour is ever open for it."""
    staged = stage(project, campaign, track, step, at, where.record)
    if staged is None:
        return None
    case = TestCase(
        it=f"reaches people with {where.told}",
        now=staged.entry,
        given=staged.given,
        when=staged.when,
        expect=(Expected(at=_moment(step.at), step=step.id, channel=step.channel, source=BUILT_IN),),
        source=BUILT_IN,
    )
    rule = "window" if step.window else "quiet_hours"
    return Counterexample(
        campaign=campaign.id,
        case=case,
        shows=(Shown(kind=Happened.SKIP, campaign=campaign.id, step=step.id, reason=rule),),
    )


def repeated(project: Project, track: Track, s: Situation, within: int) -> Counterexample | None:
    """Somebody gets the step again in their next round, sooner than ``within``."""
    campaign, step, repeat = s.campaign, s.step, s.campaign.then.repeat
    record = {name: s.facts.person[name] for name in FIELDS if s.facts.person[name] is not None}
    staged = stage(project, campaign, track, step, s.now, record)
    if staged is None or track.id != campaign.main.id or repeat is None or repeat >= within:
        return None
    again = staged.entry + repeat
    if not _gets(step, cohort_of(campaign, staged.facts, again), staged.facts, again):
        return None
    at = repeat + step.at
    case = TestCase(
        it=f"gives no second discount by {step.id} within {duration(within)}",
        now=staged.entry,
        given=staged.given,
        when=(Happening(at=at + 7 * DAY, event="unsubscribed", source=BUILT_IN),),
        expect=(Expected(at=_moment(at), step=step.id, skipped="recent_discount", source=BUILT_IN),),
        source=BUILT_IN,
    )
    again_sent = Shown(kind=Happened.SEND, campaign=campaign.id, step=step.id, since=repeat)
    return Counterexample(campaign=campaign.id, case=case, shows=(again_sent,), complete=True)


def crowded_out(
    campaign: Campaign,
    step: Step,
    now: int,
    given: Given,
    touches: Sequence[GivenTouch],
    at: int,
    *,
    lost: bool,
) -> Counterexample:
    """Somebody enters right after those touches, and ``at`` seconds later finds no room for the step."""
    case = TestCase(
        it=f"has room for {step.id}",
        now=now,
        given=replace(given, touches=tuple(touches)),
        when=(),
        expect=(Expected(at=_moment(at), step=step.id, channel=step.channel, source=BUILT_IN),),
        source=BUILT_IN,
    )
    kind = Happened.SKIP if lost else Happened.HOLD
    shown = Shown(kind=kind, campaign=campaign.id, step=step.id, reason="fatigue")
    return Counterexample(campaign=campaign.id, case=case, shows=(shown,))


def _moment(at: int) -> Moment:
    """The day, or the hour, that begins so long after entry."""
    width = DAY if at % DAY == 0 else HOUR
    return Moment(at=at - at % width, width=width)
