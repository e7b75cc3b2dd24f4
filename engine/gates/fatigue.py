"""Fatigue: rolling caps per person, over all campaigns, channels and humans."""

from __future__ import annotations

from collections.abc import Sequence

from engine.facts import TouchFact
from engine.gates.base import Situation
from engine.model import DAY, HOUR, Cap
from engine.verdict import Says, Verdict, allow


def fatigue(s: Situation) -> Verdict:
    """DEFER until every cap has room. The cap that frees last decides."""
    worst: tuple[int, Cap] | None = None
    for cap in (*s.policy.caps, *s.campaign.caps):
        free_at = _free_at(cap, s)
        if free_at is not None and (worst is None or free_at > worst[0]):
            worst = (free_at, cap)
    if worst is None:
        return allow("fatigue", "every cap has room", s.policy.source)
    until, cap = worst
    facts = {"limit": cap.limit, "per_seconds": cap.per, "channel": cap.channel, "campaign": cap.campaign}
    return Verdict("fatigue", Says.DEFER, f"cap of {in_words(cap)} is full", cap.source, until, facts)


def in_words(cap: Cap) -> str:
    """The cap as it is written: ``2 per 7d``."""
    per = (
        f"{cap.per // DAY}d"
        if cap.per % DAY == 0
        else f"{cap.per // HOUR}h"
        if cap.per % HOUR == 0
        else f"{cap.per}s"
    )
    return f"{cap.limit} per {per}" + (f" on {cap.channel}" if cap.channel else "")


def _free_at(cap: Cap, s: Situation) -> int | None:
    """When one more touch fits under the cap; None when it does now."""
    if cap.channel not in (None, s.step.channel) or cap.campaign not in (None, s.campaign.id):
        return None
    if len(s.facts.touches) < cap.limit:
        return None
    moments = counted(s.facts.touches, cap, s.own, s.now)
    if len(moments) < cap.limit:
        return None
    # the window has room again when the limit-th newest touch leaves it
    return moments[-cap.limit] + cap.per


def counted(touches: Sequence[TouchFact], cap: Cap, own: tuple[str, int, str], now: int) -> list[int]:
    """Moments, oldest first, of the touches inside the cap's window (now - per, now].

    A touch that is reserved and not yet dispatched counts as now: it may leave at any moment. One dispatched
    or in doubt counts at the moment it was dispatched; so does work handed to a human.
    """
    start = now - cap.per
    moments = [
        now if t.counted_at is None else t.counted_at
        for t in touches
        if (cap.channel is None or t.channel == cap.channel)
        and (cap.campaign is None or t.campaign == cap.campaign)
        and (t.counted_at is None or t.counted_at > start)
        and (t.campaign, t.cycle, t.step) != own
    ]
    moments.sort()
    return moments
