"""Somebody of whom a source tells nothing but an address: a row of it, read as the importer reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.endings import segment_of
from engine.errors import ImportFailed
from engine.facts import Facts
from engine.model import DAY, Campaign, Project, SourceDef
from engine.people.mapping import ImportedRow, RowReader, RowRejected, mapped_columns
from engine.predicate import holds
from engine.testfile import DEFAULT_NOW
from engine.timeline import cohort_of
from engine.witness import Witness

#: field -> what it is called, and one that nobody has
_ADDRESSES = {
    "email": ("an e-mail address", "sam@customer.example"),
    "phone": ("a telephone number", "+13125550142"),
    "linkedin": ("a LinkedIn profile", "https://profiles.example/sam"),
}
#: a mailbox that says nothing of a company
_PRIVATE = "sam@example.com"
#: when the row came in: just now, or so long ago that it is old by any measure
_AGES = (0, 3650 * DAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """Such a person; ``told`` is all that is known of them, ``segment`` where they belong all the same."""

    told: str
    facts: Facts
    segment: str | None


def strangers(project: Project) -> list[Stranger]:
    """Everybody of whom no more is known than that: of each people source, and of none where none is declared."""
    return [
        Stranger(told=told, facts=facts, segment=segment_of(project, facts, DEFAULT_NOW))
        for told, facts in _everybody(project)
    ]


def _everybody(project: Project) -> Iterator[tuple[str, Facts]]:
    sources = [source for source in project.sources if source.kind == "people"]
    for source in sources:
        yield from _of(project, source)
    if not sources:
        email = {"email": _ADDRESSES["email"][1]}
        yield "somebody of whom only an e-mail address is known", _facts(email, {}, {}, 0)


def enters(campaign: Campaign, stranger: Stranger) -> bool:
    """Would the campaign take this person?"""
    facts, now = stranger.facts, DEFAULT_NOW
    return (
        stranger.segment == campaign.segment
        and (campaign.where is None or holds(campaign.where, facts, now))
        and (not campaign.cohorts or cohort_of(campaign, facts, now) is not None)
    )


def _of(project: Project, source: SourceDef) -> Iterator[tuple[str, Facts]]:
    header = tuple(dict.fromkeys(mapped_columns(source)))
    try:
        reader = RowReader(source, project, header, source.id)
    except ImportFailed:  # what 'set' gives cannot be: an import says so
        return
    for told, values in _filled(source):
        cells = {source.key: "1"} | {source.mapping[field]: value for field, value in values.items()}
        try:
            row = reader.read(2, "1", "", [cells.get(column, "") for column in header])
        except RowRejected:
            continue
        for age in _AGES:
            yield f"somebody of whom '{source.id}' knows only {told}", _facts_of(row, age)


def _filled(source: SourceDef) -> Iterator[tuple[str, Mapping[str, str]]]:
    """What one row holds, in words and by field: one address, or all of them."""
    known = {field: address for field, (_, address) in _ADDRESSES.items() if field in source.mapping}
    for field, address in known.items():
        yield _ADDRESSES[field][0], {field: address}
    if "email" in known:
        yield _ADDRESSES["email"][0], {"email": _PRIVATE}
    if len(known) > 1:
        yield "addresses", known


def _facts_of(row: ImportedRow, age: int) -> Facts:
    extras = {f"attributes.{name}": value for name, value in row.attributes.items()}
    return _facts(row.values, extras, {c.channel: c.type for c in row.consents}, age)


def _facts(
    values: Mapping[str, object], extras: Mapping[str, object], consents: Mapping[str, str], age: int
) -> Facts:
    fields = {**values, **extras, "created_at": DEFAULT_NOW - age}
    return Witness(now=DEFAULT_NOW, fields=fields, consents=consents, events=(), notes=()).facts()
