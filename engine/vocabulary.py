"""The names a template may use, and where their values come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from engine.fields import PERSON_FIELDS, FieldType
from engine.model import Brand, Offer, Project
from engine.templates import Absent, Names, Voice
from engine.wording import locale_of

_BRAND = [f.name for f in fields(Brand) if f.name != "links"]
_OWNER = dict.fromkeys(("name", "email", "phone"))


class Vocabulary:
    """The names of one project."""

    def __init__(self, project: Project) -> None:
        brand = {name: getattr(project.brand, name) for name in _BRAND}
        self._fixed = {
            "brand": Names("brand", brand, brand),
            "links": Names("links", project.brand.links, project.brand.links),
        }
        self._brand = project.brand
        self._attributes = project.attributes
        self._person = {**PERSON_FIELDS, "attributes": None}
        self._currency = project.currency
        self._country = project.default_country
        #: dotted name -> type, of every value that has one
        self.types: Mapping[str, FieldType] = {
            **{f"person.{name}": kind for name, kind in PERSON_FIELDS.items()},
            **{f"person.attributes.{name}": FieldType(kind) for name, kind in project.attributes.items()},
            "offer.expires_on": FieldType.INSTANT,
            "offer.amount": FieldType.MONEY,
        }

    def voice(self, person: Mapping[str, Any], now: int, language: str) -> Voice:
        """How a template in ``language`` tells dates and money to this person."""
        country = person.get("country") or self._country
        return Voice(
            now=now, zone=person.get("timezone"), locale=locale_of(language, country), currency=self._currency
        )

    def names(
        self,
        person: Mapping[str, Any],
        offer: Offer | None,
        offer_expires_at: int | None,
        trigger: Mapping[str, Any],
    ) -> dict[str, Any]:
        """The values of one message."""
        attributes = Names("person.attributes", person.get("attributes") or {}, self._attributes)
        return {
            **self._fixed,
            "person": Names("person", {**person, "attributes": attributes}, self._person),
            "owner": self._owner(person),
            "offer": _offer(offer, offer_expires_at) if offer else Absent(name="offer"),
            "trigger": Names("trigger", trigger, None),
        }

    def _owner(self, person: Mapping[str, Any]) -> Names:
        """Whoever looks after the person; without a name on record, the brand's sender."""
        brand, name = self._brand, person.get("owner_name")
        email = (person.get("owner_email") or brand.reply_to) if name else brand.from_email
        phone = (person.get("owner_phone") if name else None) or brand.phone
        return Names("owner", {"name": name or brand.from_name, "email": email, "phone": phone}, _OWNER)


def _offer(offer: Offer, expires_at: int | None) -> Names:
    values = {
        "title": offer.title,
        "terms": offer.terms,
        "limits": offer.limits,
        "expires_on": expires_at,
        "percent": None if offer.percent is None else f"{offer.percent / 100:g}%",
        "amount": offer.amount,
    }
    return Names("offer", values, values)
