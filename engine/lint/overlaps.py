"""Segments that overlap, each with a person who is in both: then the order of the table decides."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from engine.diagnostics import Finding
from engine.lint.person_words import told
from engine.lint.someone import dated, someone
from engine.located import Span
from engine.model import Project, SegmentDef
from engine.witness import Undecided


def overlaps(project: Project, names: Mapping[str, Span], empty: Collection[str]) -> Iterator[Finding]:
    """RK310: one finding for each segment that shares people with some above it. ``names``: where each segment's name
    stands; ``empty``: those that nobody can be in."""
    above: list[SegmentDef] = []
    for segment in project.segments:
        if segment.id in empty:
            continue
        shared = {other.id: person for other in above if (person := _in_both(project, other, segment))}
        above.append(segment)
        if shared:
            yield _finding(names, segment.id, shared)


def _in_both(project: Project, one: SegmentDef, other: SegmentDef) -> str | None:
    """Somebody who fits both, in words."""
    both = [one.where, other.where]
    try:
        person = someone(project, both)
    except Undecided:
        return None
    return told(person, project, dated=dated(both)) if person else None


def _finding(names: Mapping[str, Span], segment: str, shared: Mapping[str, str]) -> Finding:
    others = " and ".join(f"'{name}'" for name in shared)
    take = "takes" if len(shared) == 1 else "take"
    message = f"{others} above {take} whoever fits both: {next(iter(shared.values()))}"
    mend = "let the conditions exclude each other, or waive it and say why the order is right"
    related = tuple(names[other].related(f"takes {person}") for other, person in shared.items())
    return names[segment].finding("RK310", message, mend, related=related)
