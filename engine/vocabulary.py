"""The names a template may use, and where their values come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from engine.fields import PERSON_FIELDS, FieldType
from engine.model import Brand, Offer
from engine.templates import Absent, Names, Voice
from engine.wording import locale_of

#: what each group has, beside ``person`` (engine.fields and the declared attributes), ``links`` (the declared
#: ones) and ``trigger`` (whatever the event carried)
BRAND = tuple(field.name for field in fields(Brand) if field.name not in ("links", "signatories"))
OWNER = ("name", "email", "phone")
STEP = ("respond_by",)
OFFER = ("title", "terms", "limits", "expires_on", "percent", "amount")


def types_of(attributes: Mapping[str, str]) -> dict[str, FieldType]:
    """Dotted name -> type, of every value that has one. ``attributes``: the declared ones and their types."""
    return {
        **{f"person.{name}": kind for name, kind in PERSON_FIELDS.items()},
        **{f"person.attributes.{name}": FieldType(kind) for name, kind in attributes.items()},
        **{f"brand.{name}": FieldType.TEXT for name in BRAND},
        **{f"owner.{name}": FieldType.TEXT for name in OWNER},
        **{f"offer.{name}": FieldType.TEXT for name in OFFER},
        "offer.expires_on": FieldType.INSTANT,
        "offer.amount": FieldType.MONEY,
        "step.respond_by": FieldType.INSTANT,
    }


class Vocabulary:
    """The names of one project. ``attributes``: the declared ones and their types."""

    def __init__(self, brand: Brand, attributes: Mapping[str, str], currency: str, country: str) -> None:
        words = {name: getattr(brand, name) for name in BRAND}
        self._fixed = {
            "brand": Names("brand", words, words),
            "links": Names("links", brand.links, brand.links),
        }
        self._brand = brand
        self._attributes = attributes
        self._person = {**PERSON_FIELDS, "attributes": None}
        self._currency = currency
        self._country = country
        self.types = types_of(attributes)

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
        respond_by: int | None = None,
    ) -> dict[str, Any]:
        """The values of one message."""
        attributes = Names("person.attributes", person.get("attributes") or {}, self._attributes)
        return {
            **self._fixed,
            "person": Names("person", {**person, "attributes": attributes}, self._person),
            "owner": self._owner(person),
            "offer": _offer(offer, offer_expires_at) if offer else Absent(name="offer"),
            "trigger": Names("trigger", trigger, None),
            "step": _step(respond_by) if respond_by is not None else Absent(name="step"),
        }

    def _owner(self, person: Mapping[str, Any]) -> Names:
        """Whoever looks after the person; without a name on record, the brand's sender."""
        brand, name = self._brand, person.get("owner_name")
        email = (person.get("owner_email") or brand.reply_to) if name else brand.from_email
        phone = (person.get("owner_phone") if name else None) or brand.phone
        return Names(
            "owner", {"name": name or brand.from_name, "email": email, "phone": phone}, dict.fromkeys(OWNER)
        )


def _step(respond_by: int) -> Names:
    values = {"respond_by": respond_by}  # STEP says which names there are
    return Names("step", values, values)


def _offer(offer: Offer, expires_at: int | None) -> Names:
    values = {  # OFFER says which names there are
        "title": offer.title,
        "terms": offer.terms,
        "limits": offer.limits,
        "expires_on": expires_at,
        "percent": None if offer.percent is None else f"{offer.percent / 100:g}%",
        "amount": offer.amount,
    }
    return Names("offer", values, values)
