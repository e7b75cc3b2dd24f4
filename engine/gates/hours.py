"""Quiet hours and send windows, in the recipient's own time; unknown time means the strictest possible one."""

from __future__ import annotations

from functools import lru_cache

from engine import law
from engine.gates.base import Situation
from engine.model import Policy, Step, Window
from engine.places import Place
from engine.schedule import Opening, next_open, open_spans
from engine.verdict import Says, Verdict, allow


def first_open(s: Situation, moment: int) -> int | None:
    """The first instant at or after ``moment`` that the step's window and the quiet hours leave open, if any."""
    return next_open(moment, s.place.zones, openings(s.policy, s.step, s.place))


def open_on(policy: Policy, step: Step, place: Place, day: int) -> tuple[tuple[int, int], ...]:
    """The spans [from, to) of a UTC day (since the epoch) in which the step may leave there, as instants in order."""
    return open_spans(place.zones, openings(policy, step, place), day)


def openings(policy: Policy, step: Step, place: Place) -> tuple[Opening, ...]:
    """All that has to be open for the step to leave: its own window, the project's hours and the law's."""
    own = () if step.window is None else (Opening((step.window,)),)
    return (*own, *_quiet(policy, step, place))


def window(s: Situation) -> Verdict:
    """DEFER into the step's own send window, at a moment the quiet hours allow too; SKIP when there is none."""
    wanted = s.step.window
    if wanted is None:
        return allow("window", "the step has no send window", s.step.source)
    own = Opening((wanted,))
    if next_open(s.now, s.place.zones, [own]) == s.now:
        return allow("window", "inside the send window", wanted.source)
    opens = first_open(s, s.now)
    if opens is None:
        return Verdict(
            "window", Says.SKIP, "the send window and the quiet hours leave no moment", wanted.source
        )
    return Verdict("window", Says.DEFER, "outside the step's send window", wanted.source, opens)


def quiet_hours(s: Situation) -> Verdict:
    """DEFER out of the project's quiet hours and, for texts and calls, the law's; SKIP when nothing is open."""
    policy = s.policy.hours[s.step.channel or ""]
    opens = next_open(s.now, s.place.zones, _quiet(s.policy, s.step, s.place))
    laws = ",".join(h.law for h in _lawful(s.step, s.place)) or None
    known = (("zones", s.place.zones[:6]), ("zone_known", s.place.zone_known))
    if opens == s.now:
        return allow("quiet_hours", "outside quiet hours", policy.source, law=laws, facts=known)
    facts = dict(known)
    if opens is None:
        because = "no hour is allowed in every zone this person may be in"
        return Verdict("quiet_hours", Says.SKIP, because, policy.source, facts=facts, law=laws)
    because = f"quiet hours where this person {'is' if s.place.zone_known else 'may be'}"
    return Verdict("quiet_hours", Says.DEFER, because, policy.source, opens, facts, laws)


def _lawful(step: Step, place: Place) -> tuple[law.Hours, ...]:
    return law.hours(step.channel or "", place.countries, place.regions)


def _quiet(policy: Policy, step: Step, place: Place) -> tuple[Opening, ...]:
    """What the project's quiet hours and the law's leave open."""
    return _all_openings(policy.hours[step.channel or ""], _lawful(step, place))


@lru_cache(maxsize=4096)
def _all_openings(policy: Window, lawful: tuple[law.Hours, ...]) -> tuple[Opening, ...]:
    return Opening((policy,)), *(Opening(h.windows, h.holidays) for h in lawful)
