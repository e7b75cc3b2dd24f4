"""Holdout: people kept back for comparison get nothing, and it shows."""

from __future__ import annotations

from hashlib import blake2b

from engine.gates.base import Situation
from engine.model import Campaign
from engine.verdict import Says, Verdict, allow


def bucket(salt: str, identity_id: int, of: int) -> int:
    """A number in [0, of), always the same for the same identity and salt, evenly spread.

    A keyed hash and not a random draw: the same people are held out however often it is asked.
    """
    digest = blake2b(f"{salt}:{identity_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % of


def held_out(campaign: Campaign, identity_id: int) -> bool:
    """True for the share of people the campaign's experiment keeps back."""
    return campaign.holdout > 0 and bucket(f"holdout:{campaign.id}", identity_id, 10_000) < campaign.holdout


def in_holdout(s: Situation) -> bool:
    """True where the person is one of those kept back."""
    return held_out(s.campaign, s.facts.identity_id)


def holdout(s: Situation) -> Verdict:
    """SKIP every touch of a person in the holdout."""
    if in_holdout(s):
        facts = {"share": f"{s.campaign.holdout / 100:g}%"}
        return Verdict("holdout", Says.SKIP, "kept back for comparison", s.campaign.source, facts=facts)
    return allow("holdout", "not in the holdout", s.campaign.source)
