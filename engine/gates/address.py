"""Channel eligibility: is there an address this channel can use at all?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.gates.base import Situation
from engine.verdict import Says, Verdict, allow

#: which of the person's fields a channel writes to; the other channels know the person by e-mail
ADDRESS_FIELD = {"sms": "phone", "phone": "phone", "linkedin": "linkedin"}
#: which attribute of the project's own holds the address, where there is one
ADDRESS_ATTRIBUTE = {"letter": "postal_address", "push": "push_token", "in_app": "app_user"}
#: channels that nothing but that attribute leads to
ATTRIBUTE_ONLY = frozenset({"letter", "push"})


def address_of(channel: str, person: Mapping[str, Any]) -> str | None:
    """What a message on ``channel`` is addressed to, or None when the person cannot be reached there."""
    own = (person["attributes"] or {}).get(ADDRESS_ATTRIBUTE.get(channel))
    if own or channel in ATTRIBUTE_ONLY:
        return str(own) if own else None
    name = ADDRESS_FIELD.get(channel, "email")
    if channel == "audience" and not person["email_key"]:
        name = "phone"  # a list takes either
    if name == "email" and not person["email_key"]:
        return None  # what could not be normalised could not be read as an address at all
    return person[name] or None


def channel(s: Situation) -> Verdict:
    """SKIP when there is nothing to write to."""
    name = s.step.channel or ""
    if address_of(name, s.facts.person) is None:
        return Verdict("channel", Says.SKIP, f"no usable address for {name}", s.step.source)
    return allow("channel", f"an address for {name} is on record", s.step.source)
