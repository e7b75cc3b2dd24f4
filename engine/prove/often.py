"""How often at most? Bounds on the rounds of a campaign and on touches in any stretch of time, whatever happens.

They are upper bounds: never too low, and higher than life where a bound would need more than declarations to be
sharper. ``UNBOUNDED`` is an answer too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from engine.model import Campaign, Cap, Project, Step, StepKind, Track
from engine.schedule import HORIZON
from engine.timeline import first_step, next_step

#: a number of times, or UNBOUNDED
Times = float
UNBOUNDED: Times = math.inf


def spaced(window: int, apart: int | None) -> Times:
    """How many moments so far apart any ``window`` seconds can hold. None: there is only one such moment."""
    if apart is None:
        return 1
    return math.ceil(window / apart) if apart > 0 else UNBOUNDED


def by_caps(caps: Iterable[Cap], channels: frozenset[str], window: int) -> Times:
    """How many touches on these channels the caps let any ``window`` seconds hold."""
    binding = [c for c in caps if c.channel is None or channels == {c.channel}]
    return min((c.limit * math.ceil(window / c.per) for c in binding), default=UNBOUNDED)


def namings(project: Project, campaign: Campaign, track: Track, steps: Sequence[Step], window: int) -> Times:
    """How many rounds on the track can come to one of the steps for the first time in any ``window`` seconds."""
    if track.id == campaign.main.id:
        started = sum(_rounds(project, other, window) for other in _starters(project, campaign))
        return _main(campaign, steps, window) + started
    return _triggered(campaign, track, window)


def _main(campaign: Campaign, steps: Sequence[Step], window: int) -> Times:
    """The next round begins after the repeat, or once the person may enter again."""
    again, repeat = campaign.re_enter_after, campaign.then.repeat
    if repeat is None:
        return spaced(window, again)
    apart = min(repeat, repeat if again is None else again)
    # a step comes no later than its plan, the wait for an open hour and its life; all else moves the repeat too
    ats = [s.at for s in steps]
    late = max(ats) - min(ats) + HORIZON + max(s.expires for s in steps)
    # or: of the rounds that come to it all but the first and the last have their whole length in the window
    return min(spaced(window, apart - late), spaced(window, apart) + 1)


def _triggered(campaign: Campaign, track: Track, window: int) -> Times:
    """An event begins a round whenever the one that another began is over; or ended, and the person in again."""
    again = campaign.re_enter_after
    if campaign.then.park == 0 and campaign.then.repeat is None:
        return spaced(window, again)
    cohorts: list[str | None] = [*(c.id for c in campaign.cohorts)] or [None]
    whole = min(_shortest(track, cohort) for cohort in cohorts)
    return spaced(window, min(whole, whole if again is None else again)) + 1


def _shortest(track: Track, cohort: str | None) -> int:
    """When, counted from entry, a round on the track can be over at the soonest."""
    soonest: int | None = None
    left, seen = [first_step(track, cohort)], set[str]()
    while left:
        step = left.pop()
        if step is None or step.id in seen:
            continue
        seen.add(step.id)
        following = [next_step(track, step, cohort)] if not _decides(step) else []
        following += [_landed(track, b.go, cohort) for b in step.branches]
        if None in following or step.kind is StepKind.START:
            soonest = step.at if soonest is None else min(soonest, step.at)
        left += following
    return soonest or 0


def _decides(step: Step) -> bool:
    """Does it always jump?"""
    return any(b.when is None for b in step.branches)


def _landed(track: Track, go: str, cohort: str | None) -> Step | None:
    target = track.step(go)
    if target is not None and target.cohorts is not None and cohort not in target.cohorts:
        return next_step(track, target, cohort)
    return target


# ── rounds that other campaigns begin ──


def _starters(project: Project, campaign: Campaign) -> list[Campaign]:
    return [c for c in project.campaigns.values() if any(s.start == campaign.id for s in c.steps)]


def _rounds(project: Project, campaign: Campaign, window: int, seen: frozenset[str] = frozenset()) -> Times:
    """How many rounds of any kind begin; campaigns that start each other are not bounded by that."""
    if campaign.id in seen:
        return UNBOUNDED
    seen |= {campaign.id}
    own = _main(campaign, campaign.main.steps, window) if campaign.main.steps else 1
    triggered = sum(_triggered(campaign, t, window) for t in campaign.triggers)
    return own + triggered + sum(_rounds(project, c, window, seen) for c in _starters(project, campaign))
