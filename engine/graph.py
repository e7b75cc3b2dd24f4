"""Nodes and edges, and the two lives behind every campaign as such. Drawing them is a format's business
(engine/cli/output/mermaid.py)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from engine.flow import ENROLMENT, TOUCH


class NodeKind(StrEnum):
    """What a node stands for; a format gives each its own look."""

    START = "start"  # the audience
    COHORT = "cohort"
    ASLEEP = "asleep"  # a cohort, or a round, that waits for an event or for time
    SEND = "send"
    WAIT = "wait"
    CHOOSE = "choose"
    REVIEW = "review"
    EVENT = "event"  # something that can happen at any time
    STATE = "state"
    END = "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One box. ``lines`` are what it says, the most important first; ``track`` groups a timeline's steps."""

    id: str
    kind: NodeKind
    lines: tuple[str, ...]
    track: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One arrow; ``label`` says when it is taken, empty when always."""

    start: str
    end: str
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Nodes and edges in reading order."""

    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def of_lives() -> tuple[Graph, Graph]:
    """The life of an enrolment and the life of a touch, from the tables the engine itself looks up."""
    enrolment = [Edge(start=s, end=t, label=m) for (s, m), t in ENROLMENT.items()]
    touch = [Edge(start=s or "new", end=t, label=m) for (s, m), t in TOUCH.items()]
    return _life("enrolment", enrolment), _life("touch", touch)


def _life(title: str, edges: list[Edge]) -> Graph:
    names = dict.fromkeys(name for edge in edges for name in (edge.start, edge.end))
    nodes = tuple(Node(id=str(n), kind=NodeKind.STATE, lines=(str(n),)) for n in names)
    return Graph(title=title, nodes=nodes, edges=merged(edges))


def merged(edges: Iterable[Edge]) -> tuple[Edge, ...]:
    """Arrows between the same two boxes as one, with all their labels; always needs no label."""
    labels: dict[tuple[str, str], dict[str, None]] = {}
    for edge in edges:
        labels.setdefault((edge.start, edge.end), {})[edge.label] = None
    return tuple(
        Edge(start=start, end=end, label="" if "" in words else ", ".join(words))
        for (start, end), words in labels.items()
    )
