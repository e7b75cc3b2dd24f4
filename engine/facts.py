"""What is known about one person at the moment of a decision. Plain values; loaded set-wise by the shell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class ConsentFact(NamedTuple):
    """One grant or revocation."""

    channel: str
    type: str
    at: int
    proof_uri: str | None = None
    source: str = ""


class SuppressionFact(NamedTuple):
    """One suppression that binds this person, by identity or by one of their addresses."""

    channel: str  # a channel, or "all"
    reason: str
    at: int
    by_address: bool = False


class PreferenceFact(NamedTuple):
    """What a person chose for themselves on the preference page."""

    paused_until: int | None = None
    #: seconds between two touches, at the least
    at_most_every: int | None = None


class NoteFact(NamedTuple):
    """A relationship note."""

    kind: str
    opened_at: int
    closed_at: int | None = None


class EventFact(NamedTuple):
    """Something that happened."""

    id: int
    name: str
    at: int
    data: Mapping[str, Any]


class TouchFact(NamedTuple):
    """A touch that counts for caps. ``counted_at`` None: reserved and not yet dispatched, counts as now."""

    campaign: str
    cycle: int
    step: str
    channel: str
    state: str
    counted_at: int | None
    offer: str | None = None
    offer_expires_at: int | None = None


def slot_of(identity_id: int, campaign: str, cycle: int, step: str) -> str:
    """What a touch goes by among those that took up somebody's time."""
    return f"{identity_id}:{campaign}:{cycle}:{step}"


@dataclass(slots=True)
class Workload:
    """What the owners of tasks have been given, shared by the people of a batch; it grows while the batch decides.

    ``limits``: channel -> tasks an owner is given in any 24 hours. ``given``: owner -> slot -> since when it is theirs.
    ``put_off``: how many of this batch wait for the owner.
    """

    limits: Mapping[str, int]
    given: dict[str, dict[str, int]] = field(default_factory=dict)
    put_off: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Facts:
    """One person. ``touches`` grows while a batch decides, so that a slot taken once is taken."""

    identity_id: int
    person: Mapping[str, Any]  # columns of the person table; ``attributes`` a mapping
    consents: Mapping[str, ConsentFact] = field(default_factory=dict)  # the current one, by channel
    suppressions: tuple[SuppressionFact, ...] = ()
    notes: tuple[NoteFact, ...] = ()
    events: tuple[EventFact, ...] = ()  # by (at, id)
    touches: list[TouchFact] = field(default_factory=list)
    #: None: no channel declares a capacity, or nobody asks
    workload: Workload | None = None
    preference: PreferenceFact | None = None

    def value(self, name: str) -> Any:
        """A column, ``attributes.x`` or ``consent.<channel>``; None when it is missing."""
        if "." not in name:
            return self.person[name]
        group, _, key = name.partition(".")
        if group == "attributes":
            return (self.person["attributes"] or {}).get(key)
        consent = self.consents.get(key)
        return consent.type if consent else None


class EnrolmentFact(NamedTuple):
    """One person on one round of one campaign."""

    identity_id: int
    campaign: str
    cycle: int
    version: str
    exclusivity_group: str
    segment: str
    cohort: str | None
    track: str
    state: str
    step: str | None
    entered_at: int
    shift: int
    #: the moment the timeline goes on; None: only an event wakes it
    resume_at: int | None
    trigger_event_id: int | None
    #: offers already named in this round, with their true expiry
    offers: Mapping[str, int] = {}
    #: how the review task of the current step was closed (done, declined); None while open or absent
    review: str | None = None
    #: why it ended, once it has
    reason: str | None = None
