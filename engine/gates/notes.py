"""Relationship notes: no promotion into an open escalation, no discount on top of a recent one."""

from __future__ import annotations

from collections.abc import Iterator

from engine.gates.base import Situation
from engine.model import DAY, Offer
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
    """SKIP a step with a discount when another was given within the policy's cool-down.

    A note tells of one that somebody gave, a touch of one that rekindle promised. Reminders of the discount that
    this round has promised already are no other.
    """
    offer = s.campaign.offers.get(s.step.offer or "")
    if offer is None or not offer.is_discount:
        return allow("recent_discount", "this step gives no discount", s.step.source)
    noted = (n.opened_at for n in s.facts.notes if n.kind == "discount")
    since = s.now - s.policy.discount_cooldown
    given = [at for at in (*noted, *_promised(s, offer)) if since < at <= s.now]
    if given:
        facts = {"given": max(given), "cooldown_days": s.policy.discount_cooldown // DAY}
        because = "a discount was given recently"
        return Verdict("recent_discount", Says.SKIP, because, s.policy.source, facts=facts)
    return allow("recent_discount", "no recent discount", s.policy.source)


def _promised(s: Situation, offer: Offer) -> Iterator[int]:
    """Moments at which touches promised another discount; what counts for caps counts here.

    One that is queued is promised now, but for a touch that is queued itself: of two that a merge brought together
    the one that leaves first has it.
    """
    queued = any(t.state == "queued" and (t.campaign, t.cycle, t.step) == s.own for t in s.facts.touches)
    own = (offer.id, s.enrolment.campaign, s.enrolment.cycle)
    for touch in s.facts.touches:
        if (touch.offer, touch.campaign, touch.cycle) == own or not _names_discount(s, touch.offer):
            continue
        if touch.counted_at is not None:
            yield touch.counted_at
        elif touch.state == "queued" and not queued:
            yield s.now


def _names_discount(s: Situation, name: str | None) -> bool:
    """One that is not declared any more may have been a discount."""
    offer = s.offers.get(name or "")
    return name is not None and (offer is None or offer.is_discount)
