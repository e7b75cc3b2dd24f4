"""Segments that overlap, each with a person who is in both: then the order of the table decides."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from engine.diagnostics import Finding
from engine.lint.person_words import told
from engine.lint.someone import Crowd, dated
from engine.located import Span
from engine.model import Project, SegmentDef
from engine.predicate import All, Compare, Op, Predicate
from engine.witness import Undecided

#: so many segments above one are looked at closely; a table of more that could overlap is beyond its readers too
MOST_LOOKS = 30

#: segment -> those above it that it shares people with, each with such a person in words
Overlaps = Mapping[str, Mapping[str, str]]


def overlaps(project: Project, crowd: Crowd) -> Overlaps:
    """Every segment of the project with what it overlaps."""
    above: list[tuple[SegmentDef, Mapping[str, frozenset[Any]]]] = []
    found: dict[str, Mapping[str, str]] = {}
    for segment in project.segments:
        only = _only(segment.where)
        near = [other for other, its in above if all(only[f] & its[f] for f in only.keys() & its.keys())]
        people = {other.id: _in_both(project, crowd, other, segment) for other in near[-MOST_LOOKS:]}
        found[segment.id] = {name: person for name, person in people.items() if person}
        above.append((segment, only))
    return found


def findings(shared: Overlaps, names: Mapping[str, Span], empty: Collection[str]) -> Iterator[Finding]:
    """RK310: one for each segment that shares people with some above it. ``names``: where each one's name stands;
    ``empty``: those that take nobody."""
    for segment, others in shared.items():
        people = {other: person for other, person in others.items() if other not in empty}
        if people and segment not in empty:
            yield _finding(names, segment, people)


def _only(predicate: Predicate) -> dict[str, frozenset[Any]]:
    """What fields must hold, as far as that is plain to see: most segments of a table part ways there."""
    match predicate:
        case All(of):
            joined: dict[str, frozenset[Any]] = {}
            for part in of:
                for field, values in _only(part).items():
                    joined[field] = joined.get(field, values) & values
            return joined
        case Compare(op=Op.EQUALS, field=field, value=value):
            return {field: frozenset({value})}
        case Compare(op=Op.IN, field=field, value=value):
            return {field: frozenset(value)}
    return {}


def _in_both(project: Project, crowd: Crowd, one: SegmentDef, other: SegmentDef) -> str | None:
    """Somebody who fits both, in words."""
    both = [one.where, other.where]
    try:
        person = crowd.someone(both)
    except Undecided:
        return None
    return told(person, project, dated=dated(both)) if person else None


def _finding(names: Mapping[str, Span], segment: str, shared: Mapping[str, str]) -> Finding:
    others = " and ".join(f"'{name}'" for name in shared)
    take = "takes" if len(shared) == 1 else "take"
    message = f"{others} above {take} whoever fits both: {next(iter(shared.values()))}"
    mend = "let the conditions exclude each other, or waive it and say why the order is right"
    # the first one's person is in the message
    takes = [f"takes {person}" if n else "takes them first" for n, person in enumerate(shared.values())]
    related = tuple(names[other].related(words) for other, words in zip(shared, takes, strict=True))
    return names[segment].finding("RK310", message, mend, related=related)
