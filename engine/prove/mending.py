"""What would mend a fault, tried on the compiled project: what a test is to expect is what happens then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from engine.model import DAY, Campaign, Project, Step

#: so much longer that nothing of what is mended can be too short
_AMPLE = 400 * DAY
_MANY = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Mend:
    """One way to mend a fault. ``told``: what to change, to stand behind "to mend it"."""

    told: str
    mended: Callable[[Project], Project]


def longer_offer(step: Step, told: str) -> Mend:
    """The offer that a step names stays open."""

    def mended(project: Project) -> Project:
        offers = {n: _open(o) if n == step.offer else o for n, o in project.offers.items()}
        campaigns = {
            c.id: replace(c, offers={n: offers.get(n, o) for n, o in c.offers.items()})
            for c in project.campaigns.values()
        }
        return replace(project, offers=offers, campaigns=campaigns)

    def _open(offer: Any) -> Any:
        return replace(offer, valid_for=offer.valid_for + _AMPLE)

    return Mend(told=told, mended=mended)


def longer_life(campaign: Campaign, step: Step, told: str) -> Mend:
    """The step waits until it has room."""
    return Mend(told=told, mended=_stepwise(campaign, step, lambda s: replace(s, expires=s.expires + _AMPLE)))


def no_condition(campaign: Campaign, step: Step, told: str) -> Mend:
    """The step is for everybody who comes to it."""
    return Mend(told=told, mended=_stepwise(campaign, step, lambda s: replace(s, only_if=None, unless=None)))


def no_holdout(campaign: Campaign, told: str) -> Mend:
    """Nobody is kept back."""
    return Mend(told=told, mended=lambda p: _with(p, replace(p.campaigns[campaign.id], holdout=0)))


def more_room(campaign: Campaign, told: str) -> Mend:
    """No cap is ever full."""

    def mended(project: Project) -> Project:
        mine = project.campaigns[campaign.id]
        caps = tuple(replace(c, limit=_MANY) for c in mine.caps)
        policy = replace(project.policy, caps=tuple(replace(c, limit=_MANY) for c in project.policy.caps))
        return _with(replace(project, policy=policy), replace(mine, caps=caps))

    return Mend(told=told, mended=mended)


def _with(project: Project, campaign: Campaign) -> Project:
    return replace(project, campaigns={**project.campaigns, campaign.id: campaign})


def _stepwise(campaign: Campaign, step: Step, change: Callable[[Step], Step]) -> Callable[[Project], Project]:
    """The project with one step changed."""

    def mended(project: Project) -> Project:
        mine = project.campaigns[campaign.id]
        main, *triggers = (
            replace(t, steps=tuple(change(s) if s.id == step.id else s for s in t.steps))
            for t in (mine.main, *mine.triggers)
        )
        return _with(project, replace(mine, main=main, triggers=tuple(triggers)))

    return mended
