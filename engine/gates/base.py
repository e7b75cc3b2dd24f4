"""What a gate is given and how it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from engine.facts import EnrolmentFact, Facts
from engine.model import Campaign, Offer, Policy, Step
from engine.places import Place
from engine.verdict import Verdict


class Situation(NamedTuple):
    """One sending step, due for one person, at one moment.

    ``expires_at``: from then on the step is not sent any more. ``own`` names this touch, so that a slot it
    already holds is not counted against it when it is judged again at dispatch.
    """

    campaign: Campaign
    step: Step
    enrolment: EnrolmentFact
    facts: Facts
    policy: Policy
    place: Place
    now: int
    planned_at: int
    expires_at: int
    offers: Mapping[str, Offer]  # all that are declared today, by id

    @property
    def own(self) -> tuple[str, int, str]:
        """(campaign, cycle, step) of this touch."""
        return self.enrolment.campaign, self.enrolment.cycle, self.step.id


Gate = Callable[[Situation], Verdict]
