"""The people who are sent through a campaign: of each kind one, where it is known where they are and where not.

A person is made as a test case gives one, and read back as the core is given one, so that what is found of them can
be played again to the letter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.cases.cast import involved
from engine.cases.given import DEFAULTS
from engine.cases.runner import CaseRunner
from engine.compile_predicate import field_types
from engine.facts import Facts
from engine.fields import FieldType
from engine.law import BY_PHONE
from engine.model import BUILT_IN, Campaign, Project
from engine.places import country_zones
from engine.predicate import fields_of
from engine.prove.kinds import Kind
from engine.prove.needs import needed, plain_value
from engine.schedule import clock_changes
from engine.testfile import Given, GivenEvent, GivenNote, PersonData, TestCase

_PLACE_FIELDS = ("timezone", "country", "region")
#: a number that is at home in every zone of its country
_FREEPHONE = "+18005550142"
#: where most of a country's people need only one zone to be found
_KNOWN: Mapping[str, tuple[str, str]] = {"US": ("America/Chicago", "IL"), "CA": ("America/Toronto", "ON")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Somewhere:
    """Where a person's record puts them."""

    known: bool
    zone: str  # in whose time their story is told
    fields: Mapping[str, str | None]

    @property
    def told(self) -> str:
        """``in America/Chicago``, ``somewhere nobody knows``."""
        return f"in {self.zone}" if self.known else "somewhere unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person as a case gives them, and as the core is given them; both at the moment ``now``."""

    kind: Kind
    place: Somewhere
    now: int
    given: Given
    facts: Facts
    types: Mapping[str, FieldType]  # of fields

    def given_at(self, now: int) -> Given:
        """The same person entering at another moment: whatever happened before lies as long ago."""
        return _moved(self.given, self.types, now - self.now)

    def facts_at(self, now: int) -> Facts:
        """The same for the core."""
        return _moved_facts(self.facts, self.types, now - self.now)


def places(project: Project, campaign: Campaign, year: int) -> tuple[Somewhere, ...]:
    """Where people are taken to be: where the project is at home, and where nobody knows."""
    country = project.default_country
    zone, region = _KNOWN.get(country) or (_zone_of(country, year), None)
    fields = {"timezone": zone, "country": country} | ({"region": region} if region else {})
    known = Somewhere(known=True, zone=zone, fields=fields)
    steps = (s for c in involved(project, campaign.id) for s in c.steps)
    phone = _FREEPHONE if any(s.channel in BY_PHONE for s in steps) else None
    return known, Somewhere(known=False, zone=zone, fields={**dict.fromkeys(_PLACE_FIELDS), "phone": phone})


def _zone_of(country: str, year: int) -> str:
    zones = country_zones(country)
    return next((z for z in zones if clock_changes(z, year)), next(iter(zones), "UTC"))


def cast(project: Project, runner: CaseRunner, kind: Kind, place: Somewhere) -> Person:
    """A person of the kind in that place. Raises CaseError where no import could make one."""
    campaign = project.campaigns[kind.campaign]
    given = given_of(project, campaign, kind, place)
    now = kind.person.now
    case = TestCase(it="enters", now=now, given=given, when=(), expect=(), source=BUILT_IN)
    facts = runner.at_entry(campaign.id, case)
    types = field_types(project.attributes)
    return Person(kind=kind, place=place, now=now, given=given, facts=facts, types=types)


def given_of(project: Project, campaign: Campaign, kind: Kind, place: Somewhere) -> Given:
    """The person as a case gives them, agreeing to whatever they can be asked."""
    person = kind.person
    looked_at = _looked_at(project, campaign)
    fields: dict[str, Any] = {n: v for n, v in place.fields.items() if n not in looked_at}
    # what a case would give by itself, and this person must not have
    fields |= {n: None for n in DEFAULTS if n in looked_at}
    fields |= {n: v for n, v in person.fields.items() if "." not in n}
    attributes = {n.partition(".")[2]: v for n, v in person.fields.items() if "." in n}
    known = {*looked_at, *fields, *DEFAULTS, *(f"attributes.{name}" for name in attributes)}
    for name, value in _for_messages(project, campaign, person.now).items():
        if name not in known:
            (attributes if "." in name else fields)[name.removeprefix("attributes.")] = value
    if "postal_address" in project.attributes and "attributes.postal_address" not in looked_at:
        attributes["postal_address"] = project.brand.postal_address
    if "push_token" in project.attributes and "attributes.push_token" not in looked_at:
        attributes["push_token"] = "sam"  # noqa: S105 (an address, no secret)
    return Given(
        person=PersonData(fields=fields, attributes=attributes, consent=_consent(project, campaign, kind)),
        notes=tuple(
            GivenNote(kind=n.kind, opened_at=n.opened_at, closed_at=n.closed_at) for n in person.notes
        ),
        events=tuple(GivenEvent(name=e.name, at=e.at, data=e.data) for e in person.events),
    )


def _for_messages(project: Project, campaign: Campaign, now: int) -> dict[str, Any]:
    """What the messages of the campaign, and of those it may hand over to, need to know."""
    types = field_types(project.attributes)
    names = sorted({n for each in involved(project, campaign.id) for n in needed(each)} & types.keys())
    return {name: plain_value(project, name, types[name], now) for name in names}


def _consent(project: Project, campaign: Campaign, kind: Kind) -> dict[str, str]:
    """All that can be asked, for every channel used; unless conditions look at it."""
    looked_at = _looked_at(project, campaign)
    every = [s for c in involved(project, campaign.id) for s in c.steps]
    channels = dict.fromkeys(
        s.channel for s in every if s.channel and f"consent.{s.channel}" not in looked_at
    )
    return {**dict.fromkeys(channels, "express_written"), **kind.person.consents}


def _looked_at(project: Project, campaign: Campaign) -> frozenset[str]:
    """The fields that decide something about a person of the campaign, or of one that it may hand them to."""
    asked = [p for each in involved(project, campaign.id) for p in each.predicates]
    return fields_of(*(s.where for s in project.segments), *asked)


# ── another moment ──


def _moved(given: Given, types: Mapping[str, FieldType], by: int) -> Given:
    person = replace(
        given.person,
        fields=_later(given.person.fields, types, "", by),
        attributes=_later(given.person.attributes, types, "attributes.", by),
    )
    notes = (
        replace(n, opened_at=n.opened_at + by, closed_at=None if n.closed_at is None else n.closed_at + by)
        for n in given.notes
    )
    events = (replace(e, at=e.at + by) for e in given.events)
    touches = (replace(t, at=t.at + by) for t in given.touches)
    return replace(given, person=person, notes=tuple(notes), events=tuple(events), touches=tuple(touches))


def _later(values: Mapping[str, Any], types: Mapping[str, FieldType], prefix: str, by: int) -> dict[str, Any]:
    return {
        name: value + by if value is not None and types.get(f"{prefix}{name}") is FieldType.INSTANT else value
        for name, value in values.items()
    }


def _moved_facts(facts: Facts, types: Mapping[str, FieldType], by: int) -> Facts:
    person = _later(facts.person, types, "", by)
    person["attributes"] = _later(facts.person["attributes"] or {}, types, "attributes.", by)
    return Facts(
        identity_id=facts.identity_id,
        person=person,
        consents={c: f._replace(at=f.at + by) for c, f in facts.consents.items()},
        suppressions=tuple(s._replace(at=s.at + by) for s in facts.suppressions),
        notes=tuple(_at(n._replace(opened_at=n.opened_at + by), by) for n in facts.notes),
        events=tuple(e._replace(at=e.at + by) for e in facts.events),
    )


def _at(note: Any, by: int) -> Any:
    return note if note.closed_at is None else note._replace(closed_at=note.closed_at + by)


def everybody(
    project: Project, runner: CaseRunner, kinds: Iterable[Kind], where: Iterable[Somewhere]
) -> list[Person]:
    """Every kind in every place, the plainest first."""
    listed = sorted(kinds, key=lambda k: k.weight)
    return [cast(project, runner, kind, place) for place in where for kind in listed]
