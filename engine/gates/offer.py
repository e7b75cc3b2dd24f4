"""Offer truth: an offer named in this round keeps its first expiry, and is never named after it."""

from __future__ import annotations

from engine.gates.base import Situation
from engine.verdict import Says, Verdict, allow


def offer_expires_at(s: Situation) -> int | None:
    """When the step's offer ends: fixed by the first touch of the round that named it."""
    offer = s.campaign.offers.get(s.step.offer or "")
    if offer is None:
        return None
    return s.enrolment.offers.get(offer.id, s.now + offer.valid_for)


def offer_expired(s: Situation) -> Verdict:
    """SKIP a step whose offer has run out for this person."""
    ends = offer_expires_at(s)
    if ends is not None and ends <= s.now:
        because = "the offer this step names has run out"
        return Verdict("offer_expired", Says.SKIP, because, s.step.source, facts={"ended": ends})
    because = "no offer" if ends is None else "the offer is open"
    return allow("offer_expired", because, s.step.source)
