"""Who signs a letter: a human being by name, with their own telephone and mailbox, and never a department."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from engine.model import OWNER, Brand, Signatory

#: words that name what people work in, and no person
_DEPARTMENTS = frozenset(
    """team teams department departments dept division office desk group staff crew support service services sales
    marketing billing accounts accounting finance legal operations success relations care help helpdesk management
    board headquarters company customer customers client clients abteilung kundenservice kundendienst vertrieb
    kundenbetreuung geschäftsführung buchhaltung équipe service clientèle direction departamento equipo atención
    servicio ventas ufficio reparto assistenza""".split()
)
_FORMS = re.compile(r"(?i)(?:^|[\s,])(?:inc|ltd|llc|llp|plc|gmbh|ag|kg|sarl|s\.a\.|b\.v\.|corp|co)\.?$")


def no_person(name: str, brand: Brand | None = None) -> str | None:
    """Why a name is not that of a human being, in words that follow it; None when it may be one."""
    words = [word for word in re.split(r"[\s,]+", name.strip()) if word]
    if len(words) < 2:
        return "is not a first and a last name"
    if brand is not None and name.strip().casefold() in {brand.name.casefold(), brand.legal_name.casefold()}:
        return "is the company"
    if _FORMS.search(name.strip()):
        return "is a company"
    if any(word.strip(".:").casefold() in _DEPARTMENTS for word in words):
        return "is a department"
    if any(sign.isdigit() for sign in name) or "@" in name:
        return "is not a name"
    return None


def signatory_of(signed_by: str, person: Mapping[str, Any], brand: Brand) -> Signatory | str:
    """Who signs a letter to this person, or the dotted name of the first value that is missing for it.

    A person's own contact (``owner``) who is a declared signatory too has that one's title.
    """
    if signed_by != OWNER:
        return brand.signatories[signed_by]
    found = {name: person.get(f"owner_{name}") for name in ("name", "email", "phone")}
    for name, value in found.items():
        if not value:
            return f"person.owner_{name}"
    email = str(found["email"])
    declared = (s.title for s in brand.signatories.values() if s.email.casefold() == email.casefold())
    return Signatory(
        name=str(found["name"]), title=next(declared, ""), phone=str(found["phone"]), email=email
    )
