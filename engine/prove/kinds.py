"""The kinds of people a campaign tells apart: one plain person for every way its conditions can come out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from engine.candidates import stretch
from engine.clock import utc
from engine.compile_predicate import field_types
from engine.fields import FieldType
from engine.model import BUILT_IN, Campaign, Cohort, Project
from engine.predicate import Compare, EventHappened, Op, Predicate, leaves, parts
from engine.witness import Undecided, Witness, witness

#: more kinds of people than this are not followed in one cohort
MAX_KINDS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """People whom a campaign treats alike at entry, by one of them."""

    campaign: str
    cohort: Cohort | None
    person: Witness

    @property
    def weight(self) -> int:
        """How much has to be said of them."""
        person = self.person
        return len(person.fields) + len(person.consents) + len(person.events) + len(person.notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kinds:
    """All kinds of a campaign. ``doubt``: why there may be more; ``empty``: cohorts that nobody can be in."""

    found: tuple[Kind, ...]
    empty: tuple[Cohort, ...] = ()
    doubt: str = ""


def kinds_of(project: Project, campaign: Campaign, now: int) -> Kinds:
    """Everybody who can enter the campaign at ``now``, by kind."""
    found: list[Kind] = []
    empty: list[Cohort] = []
    doubts: list[str] = []
    for cohort in campaign.cohorts or (None,):
        where = f"cohort {cohort.id}" if cohort else "the audience"
        asked = (*who_enters(project, campaign, cohort), _atoms(project, campaign, cohort))
        people, doubt = _bounded(project, *asked, now, where)
        if not people and not doubt and _is_dated(p for part in asked for p in part):
            doubt = (
                f"whether anybody is in {where} depends on the date, and it was asked for {utc(now):%d %b %Y}"
            )
        doubts += [doubt] if doubt else []
        if cohort is not None and not people and not doubt:
            empty.append(cohort)
        found += [Kind(campaign=campaign.id, cohort=cohort, person=p) for p in people]
    return Kinds(found=tuple(found), empty=tuple(empty), doubt="; ".join(doubts))


def _is_dated(predicates: Iterable[Predicate]) -> bool:
    """Is something compared with a day of the calendar, and not with how long ago it was?"""
    found = (leaf for p in predicates for leaf in leaves(p))
    return any(isinstance(leaf, Compare) and leaf.op in (Op.BEFORE, Op.AFTER) for leaf in found)


def kinds_within(project: Project, campaign: Campaign, now: int) -> Kinds:
    """Everybody whom the campaign keeps, by kind: who entered may have other data by then."""
    wanted, unwanted = who_stays(project, campaign)
    atoms = dict.fromkeys(a for c in campaign.cohorts or (None,) for a in _atoms(project, campaign, c))
    people, doubt = _bounded(project, wanted, unwanted, list(atoms), now, "the segment")
    found = (Kind(campaign=campaign.id, cohort=None, person=p) for p in people)
    return Kinds(found=tuple(found), doubt=doubt)


def aged(project: Project, campaign: Campaign, kind: Kind) -> tuple[Kind, Kind]:
    """The same kind, with everything as long ago as it can be for them, and as short a time: time turns conditions
    sooner, or later."""
    asked = [*(s.where for s in project.segments), *campaign.predicates]
    about: dict[str, list[Compare]] = {}
    for leaf in (x for p in asked for x in leaves(p)):
        if isinstance(leaf, Compare) and leaf.type is FieldType.INSTANT:
            about.setdefault(leaf.field, []).append(leaf)
    person, ends = kind.person, {}
    for name, value in kind.person.fields.items():
        if name in about and value <= person.now:
            ends[name] = stretch(about[name], value, person.now)
    older, younger = (
        replace(
            kind, person=replace(person, fields={**person.fields, **{n: e[end] for n, e in ends.items()}})
        )
        for end in (0, 1)
    )
    return older, younger


def _bounded(
    project: Project, wanted: list[Predicate], unwanted: list[Predicate], atoms: Sequence[Predicate], now: int,
    where: str,
) -> tuple[list[Witness], str]:  # fmt: skip
    """People for the ways in which the atoms can come out, and why there may be more."""
    try:
        people = list(islice(_split(project, wanted, unwanted, atoms, now), MAX_KINDS + 1))
    except Undecided as undecided:
        return [], f"{where}: {undecided}"
    doubt = f"{where} has more than {MAX_KINDS} kinds of people" if len(people) > MAX_KINDS else ""
    return people[:MAX_KINDS], doubt


def who_stays(project: Project, campaign: Campaign) -> tuple[list[Predicate], list[Predicate]]:
    """What is wanted, and what is unwanted, of whoever may stay on the campaign: its segment is the first that fits."""
    wanted: list[Predicate] = []
    unwanted: list[Predicate] = []
    for segment in project.segments:
        if segment.id == campaign.segment:
            wanted.append(segment.where)
            break
        unwanted.append(segment.where)
    return wanted, unwanted


def who_enters(
    project: Project, campaign: Campaign, cohort: Cohort | None
) -> tuple[list[Predicate], list[Predicate]]:
    """What is wanted, and what is unwanted, of whoever enters in the cohort: the first segment and cohort that fit."""
    stays, goes = who_stays(project, campaign)
    wanted: list[Predicate | None] = [*stays, campaign.where]
    unwanted: list[Predicate | None] = [*goes]
    for other in campaign.cohorts:
        if other is cohort:
            wanted.append(other.when)
            break
        unwanted.append(other.when)
    return [p for p in wanted if p is not None], [p for p in unwanted if p is not None]


def _split(
    project: Project, wanted: list[Predicate], unwanted: list[Predicate], atoms: Sequence[Predicate], now: int
) -> Iterator[Witness]:
    """A person for every way in which the atoms can come out; true, or not."""
    person = witness(wanted, unwanted, now=now, values=project.values)
    if person is None:
        return
    if not atoms:
        yield person
        return
    first, *rest = atoms
    yield from _split(project, [*wanted, first], unwanted, rest, now)
    yield from _split(project, wanted, [*unwanted, first], rest, now)


def _atoms(project: Project, campaign: Campaign, cohort: Cohort | None) -> list[Predicate]:
    """What steers those of the cohort, as far as it is known of them at entry."""
    name = cohort.id if cohort else None
    found: list[Predicate | None] = [e.where for e in campaign.exits]
    for track in (campaign.main, *campaign.triggers):
        for step in track.steps:
            if step.cohorts is None or name in step.cohorts:
                found += [step.only_if, step.unless, *(b.when for b in step.branches)]
    types = field_types(project.attributes)
    found += [
        Compare(field, types[field], Op.PRESENT, None, BUILT_IN)
        for track in campaign.triggers
        for _, field in track.matching
    ]
    return list(dict.fromkeys(atom for p in found if p is not None for atom in _known_at_entry(p)))


def _known_at_entry(predicate: Predicate) -> Iterator[Predicate]:
    """The largest parts that look at no event: those since entry are behaviour, not who somebody is."""
    if not any(isinstance(leaf, EventHappened) for leaf in leaves(predicate)):
        yield predicate
        return
    for part in parts(predicate):
        yield from _known_at_entry(part)
