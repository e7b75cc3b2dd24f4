"""What people, colleagues and systems can do while somebody is on a campaign, as far as a campaign can notice it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from engine.candidates import Variable, candidates
from engine.cases.cast import involved
from engine.endings import segment_of
from engine.event_names import REFUSALS
from engine.facts import Facts
from engine.gates.notes import HOLDING
from engine.model import Campaign, Project, StepKind
from engine.predicate import Compare, NoteExists, Predicate, events_of, leaves
from engine.prove.people import Person
from engine.testfile import PersonData


class Doing(StrEnum):
    """The sorts of things that happen."""

    EVENT = "event"
    OPEN = "open"  # a note
    CLOSE = "close"
    REVIEW = "review"
    CHANGE = "change"  # of the person's data


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that can happen. ``name``: of the event, the kind of note, or the disposition of a review."""

    doing: Doing
    name: str
    data: Mapping[str, Any] = field(default_factory=dict)
    #: of a change: which of the world's people they are from then on
    who: int = 0

    @property
    def told(self) -> str:
        """The act in a few words."""
        match self.doing:
            case Doing.EVENT:
                more = ", ".join(f"{key}: {value}" for key, value in self.data.items())
                return f"{self.name} ({more})" if more else self.name
            case Doing.OPEN | Doing.CLOSE:
                done = "opened" if self.doing is Doing.OPEN else "closed"
                return f"{self.name.replace('_', ' ')} {done}"
            case Doing.REVIEW:
                return f"the review is {self.name}"
            case Doing.CHANGE:
                return self.name


def acts_of(project: Project, campaign: Campaign, facts: Facts) -> list[Act]:
    """Everything that the campaign, or one it may hand over to, can notice of a person; changes of data apart."""
    every, asked = involved(project, campaign.id), asked_on_the_way(project, campaign)
    acts = [act for name in _names(project, every, asked) for act in _events(every, name, asked, facts)]
    if any(step.channel for c in every for step in c.steps):
        acts.append(Act(doing=Doing.EVENT, name="replied", data={"text": "STOP"}))
    kinds = {leaf.kind for p in asked for leaf in leaves(p) if isinstance(leaf, NoteExists)}
    kinds.add(min(HOLDING - {"complaint", "review_reply"}))  # one stands for all that hold a person
    acts += [Act(doing=doing, name=kind) for kind in sorted(kinds) for doing in (Doing.OPEN, Doing.CLOSE)]
    if any(step.kind is StepKind.REVIEW for c in every for step in c.steps):
        acts += [Act(doing=Doing.REVIEW, name=name) for name in ("approved", "rejected")]
    return acts


def asked_on_the_way(project: Project, campaign: Campaign) -> list[Predicate]:
    """All that is asked about a person once they have entered; who the audience is for is asked before."""
    every = involved(project, campaign.id)
    return [
        *(s.where for s in project.segments),
        *(p for c in every for p in c.predicates if p is not c.where),
    ]


def ending_events(project: Project, campaign: Campaign) -> frozenset[str]:
    """Events that end a round of the campaign at once, whatever else is so."""
    goals = campaign.goal.events if campaign.goal else ()
    exits = (e.event for e in campaign.exits if e.event)
    return frozenset({*REFUSALS, *project.policy.won_back, *goals, *exits})


def _names(project: Project, every: tuple[Campaign, ...], asked: list[Predicate]) -> list[str]:
    names = {name for c in every for name in c.listens_to} | project.policy.won_back | events_of(*asked)
    return sorted((names | REFUSALS) - {"refused"})  # a reply that refuses stands for it


def _events(every: tuple[Campaign, ...], name: str, asked: list[Predicate], facts: Facts) -> Iterator[Act]:
    """The event once for each trigger that it can match, and once as it is where that can mean anything."""
    triggers = [t for c in every for t in c.triggers if t.event == name]
    for trigger in triggers:
        data = {key: facts.value(column) for key, column in trigger.matching}
        if data and None not in data.values():
            yield Act(doing=Doing.EVENT, name=name, data=data)
    if not triggers or name in events_of(*asked) or not all(t.matching for t in triggers):
        yield Act(doing=Doing.EVENT, name=name)


def leaver(project: Project, campaign: Campaign, person: Person) -> Person | None:
    """The same person with one field changed so that the campaign is not for them any more; None: none would do."""
    where = next((s.where for s in project.segments if s.id == campaign.segment), None)
    for leaf in leaves(where) if where is not None else ():
        if not isinstance(leaf, Compare) or leaf.field.startswith("consent."):
            continue
        every = candidates(Variable.of(leaf), [leaf], person.now, None, project.values.get(leaf.field))
        for value in sorted((c.value for c in every), key=lambda v: v is None):
            changed = with_field(person, leaf.field, value)
            if segment_of(project, changed.facts, person.now) != campaign.segment:
                return changed
    return None


def with_field(person: Person, name: str, value: Any) -> Person:
    """The person with another value of a field (``attributes.x`` too)."""
    extra = name.partition(".")[2]
    columns, given = dict(person.facts.person), person.given.person
    if extra:
        columns["attributes"] = {**(columns["attributes"] or {}), extra: value}
        data = replace(given, attributes={**given.attributes, extra: value})
    else:
        columns[name] = value
        data = replace(given, fields={**given.fields, name: value})
    facts = replace(person.facts, person=columns)
    return replace(person, given=replace(person.given, person=data), facts=facts)


def changes(before: PersonData, after: PersonData) -> PersonData:
    """What has to be set for the one to become the other; what is gone is None."""
    return PersonData(
        fields=_changed(before.fields, after.fields), attributes=_changed(before.attributes, after.attributes)
    )


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    names = dict.fromkeys((*before, *after))
    return {n: after.get(n) for n in names if before.get(n) != after.get(n)}
