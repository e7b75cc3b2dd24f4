"""When time alone can move a person to another segment, so that a test need not look every hour."""

from __future__ import annotations

from collections.abc import Iterator

from engine.facts import Facts
from engine.model import Project
from engine.predicate import Compare, EventHappened, Leaf, NoteExists, Op, leaves


def turning_points(project: Project, facts: Facts, now: int) -> list[int]:
    """Moments after ``now``, rising, at which a segment's comparison with the clock can turn."""
    every = {leaf for segment in project.segments for leaf in leaves(segment.where)}
    return sorted({moment for leaf in every for moment in _of(leaf, facts) if moment > now})


def _of(leaf: Leaf, facts: Facts) -> Iterator[int]:
    match leaf:
        case Compare(op=Op.OLDER_THAN | Op.NEWER_THAN):
            instant = facts.value(leaf.field)
            if instant is not None:
                yield instant + leaf.value
        case EventHappened(within=int(within)):
            yield from (event.at + within for event in facts.events if event.name == leaf.name)
        case NoteExists():
            for note in facts.notes:
                yield note.opened_at
                if note.closed_at is not None:
                    yield note.closed_at
                if leaf.within is not None:
                    yield note.opened_at + leaf.within
        case _:
            pass
