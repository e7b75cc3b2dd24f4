"""Is there a window that never opens? Every sending step, everywhere a person may be, for a year.

Windows, quiet hours and lawful hours are asked through the gates themselves (``engine.gates.hours``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from engine.cases.compare import elapsed
from engine.clock import utc
from engine.delivery import LEAVES_WITHIN
from engine.gates.address import ADDRESS_FIELD
from engine.model import DAY, HOUR, Campaign, Project, Source, Step, Track
from engine.phrases import duration
from engine.places import Place
from engine.prove.base import Asked
from engine.prove.due import due, nobody, sends
from engine.prove.model import Answer, Outcome
from engine.prove.staged import closed
from engine.prove.whereabouts import Whereabouts, everywhere
from engine.prove.year import Year, Years, length
from engine.testfile import DEFAULT_NOW

#: so many places are named
_NAMED = 4

ASSUMED = (
    "hours are looked at for a year from 2026-03-02, with its holidays and changes of the clocks",
    "people are in a market, in the default country, or in one whose law rekindle knows; records of two states at"
    " most disagree",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A place and its year."""

    where: Whereabouts
    year: Year


class _Survey:
    """One project's places and years, looked up once."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._years = Years(DEFAULT_NOW)
        self._places: dict[bool, dict[Place, Whereabouts]] = {}

    def of(self, campaign: Campaign, track: Track, step: Step) -> list[_Found]:
        """The strictest places, in the order of ``everywhere``."""
        s = due(self._project, campaign, track, step, nobody(DEFAULT_NOW), DEFAULT_NOW)
        places = self._everywhere(step.channel or "")
        years = dict(self._years.strictest(s, places))
        return [_Found(where=w, year=years[p]) for p, w in places.items() if p in years]

    def _everywhere(self, channel: str) -> dict[Place, Whereabouts]:
        by_phone = ADDRESS_FIELD.get(channel) == "phone"
        if by_phone not in self._places:
            self._places[by_phone] = {w.place: w for w in everywhere(self._project, channel)}
        return self._places[by_phone]


def answers(asked: Asked) -> Iterator[Answer]:
    """Windows that never open, and openings that leave a step next to no chance."""
    survey = _Survey(asked.project)
    longest: list[_Found] = []
    for campaign in asked.campaigns:
        for track, step in sends(campaign):
            if asked.budget.over:
                yield _unsettled(campaign, step)
                return
            found = survey.of(campaign, track, step)
            never = [f for f in found if f.year.never is not None]
            if never:
                yield _never(asked.project, campaign, track, step, never)
            else:
                longest.append(max(found, key=lambda f: length(f.year.wait)))
                yield from _scarce(asked.project, campaign, step, found)
    if longest:
        yield _kept(max(longest, key=lambda f: length(f.year.wait)), len(longest))


def _kept(longest: _Found, steps: int) -> Answer:
    wait = longest.year.wait
    those = "1 step is" if steps == 1 else f"{steps} steps are"
    message = f"{those} open again after {_long(wait)} at the latest, wherever people are"
    return Answer(
        question="windows",
        outcome=Outcome.KEPT,
        message=message,
        details=(_when(longest, wait),),
        assumptions=ASSUMED,
    )


def _unsettled(campaign: Campaign, step: Step) -> Answer:
    message = "there was no time to look at the hours of this step and those after it"
    return _answer(Outcome.NOT_SETTLED, message, campaign, step, step.source)


def _answer(
    outcome: Outcome,
    message: str,
    campaign: Campaign,
    step: Step,
    source: Source,
    details: Sequence[str] = (),
) -> Answer:
    return Answer(
        question="windows",
        outcome=outcome,
        message=message,
        source=source,
        campaign=campaign.id,
        step=step.id,
        details=tuple(details),
        assumptions=ASSUMED,
    )


def _hours_source(project: Project, step: Step) -> Source:
    return (step.window or project.policy.hours[step.channel or ""]).source


def _never(project: Project, campaign: Campaign, track: Track, step: Step, never: Sequence[_Found]) -> Answer:
    hours = "its window and quiet hours" if step.window else "quiet hours"
    message = (
        f"'{step.id}' never reaches some people: in the zones they may be in {hours} leave no common moment"
    )
    details = [_told(f) for f in never[:_NAMED]]
    if len(never) > _NAMED:
        details.append(f"and {len(never) - _NAMED} more such records")
    details.append("widen the hours, or have the time zone on record")
    answer = _answer(Outcome.VIOLATED, message, campaign, step, _hours_source(project, step), details)
    plainest = never[0]
    at = _midweek(plainest.year.never or 0)
    return replace(answer, counterexample=closed(project, campaign, track, step, plainest.where, at))


def _midweek(moment: int) -> int:
    """A Tuesday at three in the afternoon (UTC), the next after the moment."""
    day = next(d for d in range(moment // DAY + 1, moment // DAY + 8) if utc(d * DAY).weekday() == 1)
    return day * DAY + 15 * HOUR


def _told(found: _Found) -> str:
    zones = found.where.place.zones
    named = ", ".join(zones[:2]) + (f" and {len(zones) - 2} more" if len(zones) > 2 else "")
    return f"{found.where.told}: {named}; closed from {_day(found.year.never)}"


def _day(moment: int | None) -> str:
    return utc(moment or 0).date().isoformat()


def _scarce(project: Project, campaign: Campaign, step: Step, found: Sequence[_Found]) -> Iterator[Answer]:
    """It opens, but so briefly or so seldom that little has to happen for the step to be lost."""
    source = _hours_source(project, step)
    briefest = min(found, key=lambda f: length(f.year.opening))
    if length(briefest.year.opening) <= LEAVES_WITHIN:
        message = f"'{step.id}' may be closed again before it has left: it is open for {_long(briefest.year.opening)}"
        yield _answer(
            Outcome.NOTED, message, campaign, step, source, [_when(briefest, briefest.year.opening)]
        )
    longest = max(found, key=lambda f: length(f.year.wait))
    if length(longest.year.wait) >= step.expires:
        message = (
            f"'{step.id}' lives {duration(step.expires)} from its first open hour, and its hours can be closed for"
            f" {_long(longest.year.wait)}: what a cap or a case puts off beyond that hour is lost"
        )
        yield _answer(Outcome.NOTED, message, campaign, step, source, [_when(longest, longest.year.wait)])


def _long(span: tuple[int, int]) -> str:
    return elapsed(length(span))


def _when(found: _Found, span: tuple[int, int]) -> str:
    return f"{found.where.told}: from {utc(span[0]):%Y-%m-%d %H:%M} to {utc(span[1]):%Y-%m-%d %H:%M} UTC"
