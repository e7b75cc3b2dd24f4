"""The people of the trials: a few kinds, each with what is true of them written out by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

DAY = 86_400

_FLORIDA = ("America/New_York", "America/Chicago")
_FIFTY_STATES = (
    "America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles",
    "America/Anchorage", "America/Adak", "Pacific/Honolulu",
)  # fmt: skip
_NORTH_AMERICA = (*_FIFTY_STATES, "America/St_Johns", "America/Halifax", "America/Regina")


@dataclass(frozen=True, slots=True)
class Kind:
    """Where somebody is, what the record says of it, and what follows from that."""

    name: str
    country: str | None
    region: str | None
    timezone: str | None  # as the record has it
    area_code: str | None
    zones: tuple[str, ...]  # where they may truly be
    text_law: tuple[str, ...]  # whose hours bind a text to them


KINDS = (
    Kind("chicago", "US", "IL", "America/Chicago", "312", ("America/Chicago",), ("federal",)),
    Kind("miami", "US", "FL", None, "305", _FLORIDA, ("federal", "FL")),
    Kind("phoenix", "US", "AZ", "America/Phoenix", "602", ("America/Phoenix",), ("federal",)),
    Kind("providence", "US", "RI", "America/New_York", "401", ("America/New_York",), ("federal", "RI")),
    Kind("bad_zone", "US", "IL", "Mars/Base_One", "312", ("America/Chicago",), ("federal",)),
    Kind("stateless", "US", None, "America/Denver", "800", ("America/Denver",), ("federal", "unknown state")),
    Kind("somewhere_us", "US", None, None, None, _FIFTY_STATES, ("federal", "unknown state")),
    Kind("nowhere", None, None, None, None, _NORTH_AMERICA, ("federal", "unknown state")),
    Kind("toronto", "CA", "ON", "America/Toronto", "416", ("America/Toronto",), ("CA",)),
    Kind("berlin", "DE", None, "Europe/Berlin", None, ("Europe/Berlin",), ("DE",)),
    Kind("kiritimati", "KI", None, "Pacific/Kiritimati", None, ("Pacific/Kiritimati",), ()),
)


@dataclass(eq=False)
class Human:
    """One person as the test knows them."""

    badge: str
    kind: Kind
    identity: int
    phone: str | None
    #: when they last did business with us: bought, or left
    bought_at: int
    left_at: int | None = None
    #: (channel, type, at, proof), in the order recorded
    consents: list[tuple[str, str, int, bool]] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    gone: bool = False
    merged_into: str | None = None

    @property
    def email(self) -> str:
        return f"{self.badge}@example.com"

    @property
    def linkedin(self) -> str:
        return f"https://www.linkedin.com/in/{self.badge}-example"

    def consent(self, channel: str, now: int) -> tuple[str | None, bool, int | None]:
        """(type, proof, at) of what was said last; a revocation wins a tie."""
        said = [c for c in self.consents if c[0] == channel and c[2] <= now]
        if not said:
            return None, False, None
        latest = max(c[2] for c in said)
        at_once = [c for c in said if c[2] == latest]
        last = next((c for c in at_once if c[1] == "revoked"), at_once[-1])
        return last[1], last[3], last[2]

    def columns(self, now: int, lost_at: int | None = None) -> dict[str, Any]:
        """The row of ``person``: a former customer, or somebody lost at ``lost_at``."""
        return {
            "identity_id": self.identity,
            "created_at": now,
            "updated_at": now,
            "email": self.email,
            "email_key": self.email,
            "phone": self.phone,
            "linkedin": self.linkedin,
            "country": self.kind.country,
            "region": self.kind.region,
            "timezone": self.kind.timezone,
            "status_at_last_touch": "churned" if lost_at is None else "closed_lost",
            "churned_at": self.left_at,
            "closed_at": lost_at,
            "last_purchase_at": self.bought_at,
            "product": "Planner",
            "attributes": {"badge": self.badge, "missing_feature": "sso"},
        }

    def __str__(self) -> str:
        return f"{self.badge} ({self.kind.name}, consents {self.consents}, refused {sorted(self.refused)})"


def phone_of(kind: Kind, number: int) -> str | None:
    """A reserved number (555-0100 to 0199) in the kind's area code."""
    return f"+1{kind.area_code}555{100 + number % 100:04d}" if kind.area_code else None
