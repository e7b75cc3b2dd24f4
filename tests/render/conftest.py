"""A small project and a person, for everything that words messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from channels.base import Message
from engine.fields import PERSON_FIELDS
from engine.model import (
    BUILT_IN,
    DAY,
    Brand,
    Campaign,
    Offer,
    Policy,
    Project,
    Step,
    StepKind,
    Template,
    Then,
    Track,
)
from engine.render import Renderer, RenderRequest
from engine.tokens import Signer

NOW = 1_772_463_600  # 2026-03-02T15:00:00Z, a Monday

BRAND = Brand(
    name="Acme Robotics",
    legal_name="Acme Robotics, Inc.",
    postal_address="100 Example Street, Springfield, IL 62701, USA",
    website="https://www.acme.example",
    from_name="Dana Reyes",
    from_email="dana@acme.example",
    reply_to="hello@acme.example",
    phone="+1 312 555 0100",
    unsubscribe_url="https://go.acme.example/u",
    links={"calendar": "https://cal.acme.example/dana?slot=am#week", "docs": "https://docs.acme.example/new"},
)

OFFER = Offer(
    id="price_protection_30d",
    kind="percent_off",
    title="Your earlier quote, honoured",
    terms="Same scope, same price.",
    limits="One per company.",
    valid_for=30 * DAY,
    percent=1_500,
    amount=20_000,
    source=BUILT_IN,
)

#: a person with every field the tests name, the rest missing
PERSON: Mapping[str, Any] = {
    **dict.fromkeys(PERSON_FIELDS),
    "email": "sam@customer.example",
    "phone": "+13125550123",
    "linkedin": "https://www.linkedin.com/in/sam-example",
    "first_name": "Sam",
    "last_name": "Okafor",
    "company": "Customer Ltd",
    "country": "US",
    "timezone": "America/Chicago",
    "closed_at": NOW - 91 * DAY,
    "quote": 480_000,
    "attributes": {"gap": "single sign-on"},
}


def project_of(templates: Mapping[str, Template], brand: Brand = BRAND) -> Project:
    """A project of one campaign, ``closed_lost``, with these templates."""
    campaign = Campaign(
        id="closed_lost",
        version="0123456789abcdef",
        owner="revops@acme.example",
        objective="",
        group="winback",
        priority=50,
        segment="closed_lost",
        where=None,
        re_enter_after=None,
        consent={},
        caps=(),
        cohorts=(),
        main=Track(id="main", steps=(), source=BUILT_IN),
        triggers=(),
        then=Then(),
        exits=(),
        goal=None,
        holdout=0,
        templates=templates,
        offers={OFFER.id: OFFER},
        source=BUILT_IN,
    )
    policy = Policy(
        consent={},
        caps=(),
        hours={},
        step_expiry=3 * DAY,
        discount_cooldown=90 * DAY,
        won_back=frozenset(),
        markets=(),
    )
    return Project(
        name="acme",
        root="/project",
        brand=brand,
        default_country="US",
        currency="USD",
        attributes={"gap": "text", "renewal_at": "instant", "mrr": "money", "postal_address": "text"},
        sources=(),
        policy=policy,
        environments={},
        segments=(),
        offers={OFFER.id: OFFER},
        campaigns={campaign.id: campaign},
    )


#: what was read before: property tests ask for the same template many times
_PROJECTS: dict[str, tuple[Project, Renderer]] = {}


def render(
    body: str,
    *,
    channel: str = "email",
    subject: str | None = "Single sign-on is here",
    preheader: str | None = None,
    person: Mapping[str, Any] | None = None,
    extra: Mapping[str, str] | None = None,
    brand: Brand = BRAND,
    **asked: Any,
) -> Message:
    """A message of one template with this body, for Sam with ``person`` on top."""
    template = Template(
        ref="t",
        file="templates/t.md",
        body=body,
        body_line=5,
        subject=subject,
        preheader=preheader,
        extra=extra or {},
    )
    key = repr((template, brand))
    if key not in _PROJECTS:
        project = project_of({"t": template}, brand)
        _PROJECTS[key] = (project, Renderer(project, Signer("test key")))
    project, renderer = _PROJECTS[key]
    step = Step(id="gap_closed", kind=StepKind.SEND, at=0, source=BUILT_IN, channel=channel)
    request = RenderRequest(
        ref="r1", campaign=project.campaigns["closed_lost"], step=step, template_ref="t",
        person={**PERSON, **(person or {})}, now=NOW,
    )  # fmt: skip
    return renderer.render(replace(request, **asked))
