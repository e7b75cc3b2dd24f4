"""Fatigue: rolling caps per person, over all campaigns, channels and humans."""

from __future__ import annotations

from collections.abc import Sequence

from engine import law
from engine.facts import TouchFact
from engine.gates.base import Situation
from engine.gates.consent import within_months
from engine.model import DAY, HOUR, Cap
from engine.verdict import Says, Verdict, allow


def fatigue(s: Situation) -> Verdict:
    """DEFER until every cap has room, the project's, the campaign's and the law's. The cap that frees last
    decides."""
    full: list[tuple[int, Cap, str | None]]
    full = [
        (at, cap, None) for cap in (*s.policy.caps, *s.campaign.caps) if (at := _free_at(cap, s)) is not None
    ]
    full += [(at, _as_cap(f), f.law) for f in _lawful(s) if (at := _lawful_at(f, s)) is not None]
    if not full:
        return allow("fatigue", "every cap has room", s.policy.source)
    until, cap, by_law = max(full, key=lambda found: found[0])
    facts = {"limit": cap.limit, "per_seconds": cap.per, "channel": cap.channel, "campaign": cap.campaign}
    return Verdict("fatigue", Says.DEFER, f"cap of {in_words(cap)} is full", cap.source, until, facts, by_law)


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
    return room_at(s.facts.touches, cap, s)


def _lawful(s: Situation) -> list[law.Frequency]:
    """What the law says in number where the person may be, and is not lifted by a recent purchase."""
    bought = s.facts.person["last_purchase_at"]
    return [
        f
        for f in law.frequencies(s.step.channel or "", s.place.regions)
        if not (f.exempt_months and bought is not None and within_months(bought, f.exempt_months, s.now))
    ]


def _as_cap(frequency: law.Frequency) -> Cap:
    return Cap(limit=frequency.limit, per=frequency.per)


def _lawful_at(frequency: law.Frequency, s: Situation) -> int | None:
    by_phone = [t for t in s.facts.touches if t.channel in law.BY_PHONE]
    return room_at(by_phone, _as_cap(frequency), s)


def room_at(touches: Sequence[TouchFact], cap: Cap, s: Situation) -> int | None:
    """When one more touch than these fits under the cap; None when it does now."""
    moments = counted(touches, cap, s.own, s.now)
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
        if (t.counted_at is not None or t.state == "queued")  # a refused one counts for nothing
        and (cap.channel is None or t.channel == cap.channel)
        and (cap.campaign is None or t.campaign == cap.campaign)
        and (t.counted_at is None or t.counted_at > start)
        and (t.campaign, t.cycle, t.step) != own
    ]
    moments.sort()
    return moments
