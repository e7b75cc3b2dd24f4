"""Step expiry: a message that missed its moment is not sent late."""

from __future__ import annotations

from engine.gates.base import Situation
from engine.verdict import Says, Verdict, allow


def expired(s: Situation) -> Verdict:
    """SKIP from the step's expiry on."""
    if s.now >= s.expires_at:
        facts = {"planned": s.planned_at, "expired": s.expires_at}
        return Verdict("expired", Says.SKIP, "its moment has passed", s.step.source, facts=facts)
    return allow("expired", "in time", s.step.source)
