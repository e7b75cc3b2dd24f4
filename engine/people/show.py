"""One person and the people who may be one, as plain data for whoever asks."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from sqlalchemy import Connection

from engine.clock import iso
from engine.fields import PERSON_FIELDS, FieldType
from state.queries import facts, people, persons

_EVER = 2**62


def person_as_data(conn: Connection, identity: int) -> dict[str, Any]:
    """Everything on record about a person but what campaigns did; instants as ISO 8601 in UTC."""
    person = facts.people(conn, [identity])[0]
    return {
        "format_version": 1,
        "identity": identity,
        "erased_at": iso(person["deleted_at"]),
        "fields": {n: _shown(n, person[n]) for n in PERSON_FIELDS if person[n] is not None},
        "attributes": person["attributes"],
        "rows": [
            {"source": c["source"], "key": c["source_key"], "first_seen_at": iso(c["first_seen_at"])}
            for c in persons.contacts(conn, identity)
        ],
        "consents": [
            {"channel": c[1], "type": c[2], "at": iso(c[3]), "proof": c[4], "source": c[5]}
            for c in facts.consents(conn, [identity], _EVER)
        ],
        "suppressions": [
            {"channel": s[1], "reason": s[2], "at": iso(s[3])} for s in facts.suppressions(conn, [identity])
        ],
        "notes": [
            {"kind": n[1], "opened_at": iso(n[2]), "closed_at": iso(n[3])}
            for n in facts.notes(conn, [identity])
        ],
    }


def _shown(name: str, value: Any) -> Any:
    return iso(value) if PERSON_FIELDS[name] is FieldType.INSTANT else value


def suspects_as_data(conn: Connection, limit: int) -> dict[str, Any]:
    """Phones that several mailboxes share, and whose identities they are; ``limit`` phones at most.

    ``same_person`` is True where one company made them one identity: worth a look when it is a switchboard.
    """
    found = []
    for phone, rows in groupby(people.suspects(conn, limit), key=lambda row: row[0]):
        members = [{"identity": r[1], "email": r[2], "company_domain": r[3]} for r in rows]
        one = len({m["identity"] for m in members}) == 1
        found.append({"phone": phone, "same_person": one, "people": members})
    return {"format_version": 1, "phones": found}
