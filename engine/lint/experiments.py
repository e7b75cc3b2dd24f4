"""Experiments: what is compared, by what measure, and what may be hoped for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.compile_campaign import step_channel, step_variants
from engine.diagnostics import Finding
from engine.lint.base import Subject
from engine.lint.written import steps
from engine.located import Located
from engine.model import Campaign, Template

#: basis points: whoever keeps back more than half reaches fewer people than they leave alone
HALF = 5_000
#: kind of customers -> the share that is exceptional already
EXCEPTIONAL = {"businesses": 0.07, "consumers": 0.30}

_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)


def lint(subject: Subject) -> Iterator[Finding]:
    """RK701 to RK705."""
    for campaign in subject.project.campaigns.values():
        root = subject.campaign(campaign.id)
        yield from _holdout(campaign, root)
        varied = [step for step in steps(root) if len(step_variants(step)) > 1]
        for step in varied:
            yield from _same(campaign, step)
        if varied and campaign.goal is None and not campaign.holdout:
            span = varied[0].key(step_channel(varied[0]) or "")
            message = "the message is varied, and nothing says which variant does better"
            yield span.finding("RK704", message, _GIVE_A_GOAL)
        yield from _expected(subject, campaign, root)


def compares(campaign: Campaign) -> bool:
    """Does the campaign compare people with others? Then its goal is more than good to have."""
    return campaign.holdout > 0 or any(len(step.variants) > 1 for step in campaign.steps)


_GIVE_A_GOAL = "say what counts: 'goal: {event: purchase, within: 60d}'"


def _holdout(campaign: Campaign, root: Located) -> Iterator[Finding]:
    if not campaign.holdout:
        return
    share = root["experiment"]["holdout"]
    if campaign.goal is None:
        message = f"{share.value} get nothing for comparison, and nothing says what is compared"
        yield share.span.finding("RK701", message, _GIVE_A_GOAL)
    if campaign.holdout > HALF:
        message = f"{share.value} get nothing: more than get the campaign"
        yield share.span.finding("RK702", message, "one in ten is enough to compare with: '10%'")


def _same(campaign: Campaign, step: Located) -> Iterator[Finding]:
    """Each variant that says what one above it says."""
    first: dict[tuple[str, ...], tuple[str, Located]] = {}
    for variant, ref in step_variants(step):
        words = _words(campaign.templates[str(ref.value)])
        if words not in first:
            first[words] = (variant, ref)
            continue
        other, same = first[words]
        message = f"the variants '{other}' and '{variant}' say the same"
        mend = "change one, or send one template to everybody"
        related = (same.span.related(f"'{other}' stands here"),)
        yield ref.span.finding("RK703", message, mend, related=related)


def _words(template: Template) -> tuple[str, ...]:
    """All a template says, whatever its comments and its blanks."""
    extra = (f"{key}: {value}" for key, value in sorted(template.extra.items()))
    texts = (template.subject or "", template.preheader or "", template.body, *extra)
    return tuple(" ".join(_COMMENT.sub(" ", text).split()) for text in texts)


def _expected(subject: Subject, campaign: Campaign, root: Located) -> Iterator[Finding]:
    expect = campaign.goal.expect if campaign.goal else None
    customers = subject.project.customers
    if expect is None or expect[0] <= EXCEPTIONAL[customers]:
        return
    share = root["goal"]["expect"]
    message = f"among {customers} {EXCEPTIONAL[customers]:.0%} is exceptional, and {share.value} is more"
    usual = {"businesses": "3%..5%", "consumers": "20%..30%"}[customers]
    yield share.span.finding("RK705", message, f"expect what such campaigns reach: '{usual}'")
