"""What a case gives and sets, written into the store as an import would have written it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection

from engine.errors import RekindleError
from engine.model import DAY, Project
from engine.people import values as read
from engine.people.facts import write_facts
from engine.people.mapping import ImportedRow, RowConsent
from engine.people.normalise import FREE_MAIL, company_domain, email_key
from engine.people.phones import phone_number
from engine.people.values import BadValue
from engine.testfile import Given, PersonData
from state.queries import cases, facts

#: what a person has unless the case says otherwise; nobody can have these addresses
DEFAULTS: Mapping[str, Any] = {
    "first_name": "Sam",
    "email": "sam@customer.example",
    "phone": "+13125550142",
    "linkedin": "https://profiles.example/sam",
}

#: the name under which everything a case says is recorded
SOURCE = "test"

#: consents were given, and channels suppressed, so long before entry
_BEFORE = 30 * DAY

_READ: Mapping[str, Callable[[str], Any]] = {
    "country": read.country,
    "region": read.region,
    "timezone": read.timezone,
    "usage_30d": read.whole,
    "purchases": read.whole,
}


class CaseError(RekindleError):
    """A case that cannot be played: what it gives, or what is to happen, cannot be."""


def put_given(conn: Connection, project: Project, given: Given, identity_id: int, now: int) -> None:
    """Write the person, their consents, suppressions, notes and earlier touches. Raises CaseError.

    Earlier events are not written here: they take the way of every event.
    """
    person = given.person
    row = _columns({**DEFAULTS, **person.fields}, project, project.default_country)
    own = {"identity_id": identity_id, "created_at": now, "updated_at": now}
    attributes = {k: v for k, v in person.attributes.items() if v is not None}
    cases.put_person(conn, {**own, **row, "attributes": attributes})
    since = now - _BEFORE
    stated = _stated(person, row, since, tuple((channel, since) for channel in given.suppressed))
    write_facts(conn, SOURCE, [(stated, identity_id)], now)
    notes = [
        {
            "identity_id": identity_id,
            "kind": n.kind,
            "opened_at": n.opened_at,
            "closed_at": n.closed_at,
            "source": SOURCE,
        }
        for n in given.notes
    ]
    cases.put_notes(conn, notes)
    cases.put_earlier_touches(conn, identity_id, [(touch.channel, touch.at) for touch in given.touches])


def put_change(conn: Connection, project: Project, change: PersonData, identity_id: int, now: int) -> None:
    """New values of the person's fields and consents; None makes a field missing. Raises CaseError."""
    before = facts.people(conn, [identity_id])[0]
    row = _columns(change.fields, project, before["country"] or project.default_country)
    merged = {**before["attributes"], **change.attributes}
    attributes = {k: v for k, v in merged.items() if v is not None}
    cases.change_person(conn, identity_id, {**row, "attributes": attributes, "updated_at": now})
    write_facts(conn, SOURCE, [(_stated(change, row, now), identity_id)], now)


def _columns(fields: Mapping[str, Any], project: Project, country: str) -> dict[str, Any]:
    """Columns of the person table, addresses and places brought into the form they are kept in."""
    row = dict(fields)
    for name, convert in _READ.items():
        if row.get(name) is not None:
            row[name] = _converted(name, convert, str(row[name]))
    if row.get("phone") is not None:
        row["phone"] = phone_number(row["phone"], row.get("country") or country) or _bad(
            "phone", "is no phone number"
        )
    if "email" in row:
        given = row["email"]
        row["email_key"] = (
            None if given is None else email_key(given) or _bad("email", "is no e-mail address")
        )
    if row.get("company_domain"):
        row["company_domain"] = company_domain(row["company_domain"])
    elif row.get("email_key"):
        host = row["email_key"].rpartition("@")[2]
        row["company_domain"] = None if host in FREE_MAIL else host
    return row


def _converted(name: str, convert: Callable[[str], Any], value: str) -> Any:
    try:
        return convert(value)
    except BadValue as error:
        return _bad(name, str(error))


def _bad(name: str, because: str) -> str:
    raise CaseError(f"the person's {name} {because}", hint="An import would have refused the row")


def _stated(
    person: PersonData, row: Mapping[str, Any], at: int, opted_out: tuple[tuple[str, int], ...] = ()
) -> ImportedRow:
    """What an imported row would say beside the person's fields. Every grant has its proof."""
    scope = row.get("do_not_contact_scope")
    consents = tuple(
        RowConsent(channel, type_, at, None if type_ == "revoked" else f"https://proofs.example/{channel}")
        for channel, type_ in person.consent.items()
    )
    return ImportedRow(
        number=1, key=SOURCE, digest="", values={"do_not_contact_scope": scope} if scope else {},
        attributes={}, email=None, phone=None, domain=None, identifiers=(), consents=consents,
        opted_out=opted_out, notes=(),
    )  # fmt: skip
