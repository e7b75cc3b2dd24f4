"""Channel eligibility: is there an address this channel can use at all?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.gates.base import Situation
from engine.verdict import Says, Verdict

#: which of the person's fields a channel writes to; the rest needs the identity alone
ADDRESS_FIELD = {"email": "email", "sms": "phone", "phone": "phone"}


def address_of(channel: str, person: Mapping[str, Any]) -> str | None:
    """What a message on ``channel`` is addressed to, or None when the person cannot be reached there."""
    if channel == "email":
        # a mailbox that could not be normalised could not be read as an address at all
        return person["email"] if person["email_key"] else None
    if channel in ADDRESS_FIELD:
        return person[ADDRESS_FIELD[channel]] or None
    if channel == "linkedin":
        return person["linkedin"] or person["email"] or None
    return person["email"] or person["phone"] or f"identity:{person['identity_id']}"


def channel(s: Situation) -> Verdict:
    """SKIP when there is nothing to write to."""
    name = s.step.channel or ""
    if address_of(name, s.facts.person) is None:
        return Verdict("channel", Says.SKIP, f"no usable address for {name}", s.step.source)
    return Verdict("channel", Says.ALLOW, f"an address for {name} is on record", s.step.source)
