"""Capacity: what a person can do in a day slows the cadence; nobody is buried in tasks, and nobody is forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.facts import Workload, slot_of
from engine.gates.base import Situation
from engine.gates.hours import first_open
from engine.model import DAY, Campaign
from engine.verdict import Says, Verdict, allow


def capacity(s: Situation) -> Verdict:
    """DEFER while the owner of the task has been given as many in 24 hours as the channel says they can do.

    The last gate of all: a place is only taken by what may leave at this moment.
    """
    work = s.facts.workload
    limit = work.limits.get(s.step.channel or "") if work else None
    if work is None or limit is None:
        return allow("capacity", "no capacity is declared for this channel", s.step.source)
    owner = owner_of(s.campaign, s.facts.person)
    others = _others(work, owner, s)
    facts = {"capacity": limit, "in_24_hours": len(others)}
    if len(others) < limit:
        return Verdict("capacity", Says.ALLOW, "the owner has room for a task", s.step.source, facts=facts)
    freed = _freed(others, limit, work.put_off[owner])
    because = f"the owner has been given {_tasks(len(others))} in 24 hours, and can do {limit:,}"
    return Verdict("capacity", Says.DEFER, because, s.step.source, first_open(s, freed) or freed, facts)


def owner_of(campaign: Campaign, person: Mapping[str, Any]) -> str:
    """Who does the work for a person: their own owner, else the campaign's."""
    return person.get("owner_email") or campaign.owner


def _others(work: Workload, owner: str, s: Situation) -> list[int]:
    """Moments, oldest first, at which the owner was given other tasks in the last 24 hours."""
    own = slot_of(s.facts.identity_id, *s.own)
    given = work.given.get(owner, {}).items()
    return sorted(at for slot, at in given if slot != own and at > s.now - DAY)


def _freed(moments: list[int], limit: int, before: int) -> int:
    """When to look again, where so many of the batch wait for this owner already.

    Each waits for a place of its own, a day later for every round of them. Only half the rounds are believed in, since
    some of those before will not take their place; so nobody is looked at daily who cannot be served for weeks.
    """
    rounds = before // limit
    days = max(1, (rounds + 1) // 2)
    return moments[before % limit - limit] + days * DAY + rounds


def _tasks(count: int) -> str:
    return "1 task" if count == 1 else f"{count:,} tasks"
