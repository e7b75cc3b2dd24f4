"""Relationship notes: no promotion into an open escalation, no discount on top of a recent one."""

from __future__ import annotations

from engine.gates.base import Situation
from engine.model import DAY
from engine.verdict import Says, Verdict, allow

#: open notes of these kinds hold everything back until a person has closed them
HOLDING = frozenset({"escalation", "review_reply", "complaint"})


def escalation(s: Situation) -> Verdict:
    """DEFER by a day while a support escalation, a complaint or an unread reply is open."""
    for note in s.facts.notes:
        if note.kind in HOLDING and note.opened_at <= s.now and (note.closed_at or s.now + 1) > s.now:
            facts = {"note": note.kind, "since": note.opened_at}
            because = f"an open {note.kind.replace('_', ' ')} holds promotion"
            return Verdict("escalation", Says.DEFER, because, until=s.now + DAY, facts=facts)
    return allow("escalation", "no open escalation")


def recent_discount(s: Situation) -> Verdict:
    """SKIP a step with a discount when one was given within the policy's cool-down."""
    offer = s.campaign.offers.get(s.step.offer or "")
    if offer is None or not offer.is_discount:
        return allow("recent_discount", "this step gives no discount", s.step.source)
    since = s.now - s.policy.discount_cooldown
    given = [n.opened_at for n in s.facts.notes if n.kind == "discount" and since < n.opened_at <= s.now]
    if given:
        facts = {"given": max(given), "cooldown_days": s.policy.discount_cooldown // DAY}
        because = "a discount was given recently"
        return Verdict("recent_discount", Says.SKIP, because, s.policy.source, facts=facts)
    return allow("recent_discount", "no recent discount", s.policy.source)
