"""Channel eligibility: is there an address this channel can use at all?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.gates.base import Situation
from engine.verdict import Says, Verdict, allow

#: which of the person's fields a channel writes to; the other channels know the person by e-mail
ADDRESS_FIELD = {"sms": "phone", "phone": "phone", "linkedin": "linkedin"}


def address_of(channel: str, person: Mapping[str, Any]) -> str | None:
    """What a message on ``channel`` is addressed to, or None when the person cannot be reached there."""
    if channel == "letter":
        return (person["attributes"] or {}).get("postal_address")
    name = ADDRESS_FIELD.get(channel, "email")
    if name == "email" and not person["email_key"]:
        return None  # what could not be normalised could not be read as an address at all
    return person[name] or None


def channel(s: Situation) -> Verdict:
    """SKIP when there is nothing to write to."""
    name = s.step.channel or ""
    if address_of(name, s.facts.person) is None:
        return Verdict("channel", Says.SKIP, f"no usable address for {name}", s.step.source)
    return allow("channel", f"an address for {name} is on record", s.step.source)
