"""Who plays the person of a case: an identity chosen so that chance does not decide the test."""

from __future__ import annotations

from collections.abc import Sequence

from engine.decide import variant_of
from engine.gates.holdout import held_out
from engine.model import Campaign, Project
from engine.testfile import TestCase

#: how many identities are looked at; a quarter of a per cent of them would do for eight steps split in two
_TRIES = 10_000


def involved(project: Project, campaign: str) -> tuple[Campaign, ...]:
    """The campaign and those it may start, and what they may start, each once."""
    found: dict[str, Campaign] = {}
    wanted = [campaign]
    while wanted:
        name = wanted.pop(0)
        if name not in found and name in project.campaigns:
            found[name] = project.campaigns[name]
            wanted += started_by(found[name])
    return tuple(found.values())


def started_by(campaign: Campaign) -> list[str]:
    """Names of the campaigns that its steps hand over to."""
    return [step.start for track in (campaign.main, *campaign.triggers) for step in track.steps if step.start]


def identity_for(case: TestCase, campaigns: Sequence[Campaign]) -> int:
    """The smallest identity that is in no holdout and draws the variants that the case names.

    A case that expects ``skipped: holdout`` is about somebody who is in the holdout of the campaign under
    test, the first of ``campaigns``. Where nobody fits it is identity 1, and the case fails on what it asked.
    """
    return next((n for n in range(1, _TRIES + 1) if _fits(n, case, campaigns)), 1)


def _fits(identity: int, case: TestCase, campaigns: Sequence[Campaign]) -> bool:
    kept_back = any(e.skipped == "holdout" for e in case.expect)
    if held_out(campaigns[0], identity) != kept_back:
        return False
    if not kept_back and any(held_out(c, identity) for c in campaigns[1:]):
        return False
    wanted = {e.step: e.variant for e in case.expect if e.variant}
    return all(
        variant_of(campaign, step, identity)[0] == wanted[step.id]
        for campaign in campaigns
        for track in (campaign.main, *campaign.triggers)
        for step in track.steps
        if step.id in wanted and step.variants
    )
