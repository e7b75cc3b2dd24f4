"""What the person chose for themselves: a pause, and how often at most."""

from __future__ import annotations

from engine.facts import PreferenceFact
from engine.gates.base import Situation
from engine.gates.fatigue import room_at
from engine.model import DAY, Cap
from engine.verdict import Says, Verdict, allow


def preference(s: Situation) -> Verdict:
    """DEFER until their pause is over, and until the time they asked for has passed since the last touch."""
    chosen = s.facts.preference
    if chosen is None:
        return allow("preference", "they chose nothing of their own")
    held = [found for found in (_paused(chosen, s), _often(chosen, s)) if found is not None]
    if not held:
        return allow("preference", "as they chose")
    return max(held, key=lambda verdict: verdict.until or 0)


def _paused(chosen: PreferenceFact, s: Situation) -> Verdict | None:
    until = chosen.paused_until
    if until is None or until <= s.now:
        return None
    facts = {"paused_until": until}
    return Verdict("preference", Says.DEFER, "they asked for a pause", until=until, facts=facts)


def _often(chosen: PreferenceFact, s: Situation) -> Verdict | None:
    """A cap of their own: one touch in so long, over all campaigns, channels and humans."""
    if not chosen.at_most_every:
        return None
    until = room_at(s.facts.touches, Cap(limit=1, per=chosen.at_most_every), s)
    if until is None:
        return None
    because = f"they asked for at most one message in {chosen.at_most_every // DAY} days"
    facts = {"at_most_every": chosen.at_most_every}
    return Verdict("preference", Says.DEFER, because, until=until, facts=facts)
