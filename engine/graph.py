"""A compiled campaign, and the two lives behind every campaign, as nodes and edges. Drawing is a format's
business (engine/cli/output/mermaid.py).

The edges are those the pure core takes: each cohort's own next step, a branch's target, what follows the last
step, what a trigger or an exit does at any time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from engine.flow import ENROLMENT, TOUCH
from engine.model import Campaign, Cohort, Step, StepKind, Track
from engine.predicate import All, AnyOf, Not, Predicate, describe

EVERYONE = "everyone"


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


def of_campaign(campaign: Campaign) -> Graph:
    """The campaign as it runs: who enters, what each cohort gets and when, and every way out."""
    nodes = [Node(id="audience", kind=NodeKind.START, lines=_audience(campaign))]
    nodes += [_cohort(c) for c in campaign.cohorts]
    for track in _tracks(campaign):
        nodes += [_step(track, step) for step in track.steps]
    nodes += [_trigger(track) for track in campaign.triggers]
    nodes += _ways_out(campaign)
    edges = [*_entries(campaign), *_timelines(campaign), *_afterwards(campaign), *_exits(campaign)]
    return Graph(title=campaign.id, nodes=tuple(nodes), edges=_merged(edges))


def of_lives() -> tuple[Graph, Graph]:
    """The life of an enrolment and the life of a touch, from the tables the engine itself looks up."""
    enrolment = [Edge(start=s, end=t, label=m) for (s, m), t in ENROLMENT.items()]
    touch = [Edge(start=s or "new", end=t, label=m) for (s, m), t in TOUCH.items()]
    return _life("enrolment", enrolment), _life("touch", touch)


def _life(title: str, edges: list[Edge]) -> Graph:
    names = dict.fromkeys(name for edge in edges for name in (edge.start, edge.end))
    nodes = tuple(Node(id=str(n), kind=NodeKind.STATE, lines=(str(n),)) for n in names)
    return Graph(title=title, nodes=nodes, edges=_merged(edges))


def _merged(edges: Iterable[Edge]) -> tuple[Edge, ...]:
    """Arrows between the same two boxes as one, with all their labels; always needs no label."""
    labels: dict[tuple[str, str], dict[str, None]] = {}
    for edge in edges:
        labels.setdefault((edge.start, edge.end), {})[edge.label] = None
    return tuple(
        Edge(start=start, end=end, label="" if "" in words else ", ".join(words))
        for (start, end), words in labels.items()
    )


# ── boxes ─────────────────────────────────────────────────────────────────────────────────────────────


def _audience(campaign: Campaign) -> tuple[str, ...]:
    lines = [f"segment {campaign.segment}"]
    if campaign.where is not None:
        lines.append(f"where {in_words(campaign.where)}")
    if campaign.holdout:
        lines.append(f"holdout {campaign.holdout / 100:g}%")
    return tuple(lines)


def _cohort(cohort: Cohort) -> Node:
    who = in_words(cohort.when) if cohort.when is not None else "everyone left"
    if cohort.park_until is None:
        return Node(id=_cohort_id(cohort), kind=NodeKind.COHORT, lines=(cohort.id, who))
    lines = (cohort.id, who, f"asleep until {cohort.park_until}")
    return Node(id=_cohort_id(cohort), kind=NodeKind.ASLEEP, lines=lines)


_STEP_KINDS = {
    StepKind.SEND: NodeKind.SEND,
    StepKind.WAIT_FOR: NodeKind.WAIT,
    StepKind.CHOOSE: NodeKind.CHOOSE,
    StepKind.REVIEW: NodeKind.REVIEW,
    StepKind.START: NodeKind.END,
}


def _step(track: Track, step: Step) -> Node:
    lines = (f"{duration(step.at)} {step.id}", *_what_it_does(step), *_when_it_applies(step))
    return Node(id=_step_id(track, step), kind=_STEP_KINDS[step.kind], lines=lines, track=track.id)


def _what_it_does(step: Step) -> Iterator[str]:
    match step.kind:
        case StepKind.SEND:
            yield f"{step.channel}: " + " | ".join(
                f"{name}: {ref}" if name else ref for name, ref in step.variants
            )
        case StepKind.WAIT_FOR:
            yield f"wait for {step.event}, up to {duration(step.up_to)}"
        case StepKind.CHOOSE:
            yield "choose"
        case StepKind.REVIEW:
            yield f"review: {step.task}, up to {duration(step.up_to)}"
        case StepKind.START:
            yield f"start {step.start}"
    if step.offer:
        yield f"offer {step.offer}"


def _when_it_applies(step: Step) -> Iterator[str]:
    if step.only_if is not None:
        yield f"if {in_words(step.only_if)}"
    if step.unless is not None:
        yield f"unless {in_words(step.unless)}"


def _trigger(track: Track) -> Node:
    lines = [f"{track.event}", *(f"{key} = {field}" for key, field in track.matching)]
    return Node(id=f"trigger_{track.id}", kind=NodeKind.EVENT, lines=tuple(lines))


def _ways_out(campaign: Campaign) -> Iterator[Node]:
    yield Node(id="any_time", kind=NodeKind.EVENT, lines=("at any time",))
    then = campaign.then
    if then.repeat is not None:
        yield Node(id="after", kind=NodeKind.ASLEEP, lines=(f"again {duration(then.repeat)} after entry",))
    elif then.park:
        yield Node(id="after", kind=NodeKind.ASLEEP, lines=(f"parked {duration(then.park)}",))
    for reason in _reasons(campaign):
        yield Node(id=f"end_{reason}", kind=NodeKind.END, lines=(reason,))


def _reasons(campaign: Campaign) -> Iterable[str]:
    reasons = dict.fromkeys(["won_back", *(e.reason for e in campaign.exits), "left_segment", "opted_out"])
    if campaign.then.repeat is None:
        reasons["completed"] = None
    if any(s.kind is StepKind.REVIEW for t in _tracks(campaign) for s in t.steps):
        reasons |= {"withdrawn": None, "expired": None}
    return reasons


# ── arrows ────────────────────────────────────────────────────────────────────────────────────────────


def _entries(campaign: Campaign) -> Iterator[Edge]:
    for cohort in campaign.cohorts:
        yield Edge(start="audience", end=_cohort_id(cohort))
        yield from _into(campaign, campaign.main, cohort)
    if not campaign.cohorts:
        yield Edge(start="audience", end=_first(campaign, campaign.main, None))
    for track in campaign.triggers:
        yield Edge(start="any_time", end=f"trigger_{track.id}")
        for cohort_id in _cohort_ids(campaign):
            yield Edge(start=f"trigger_{track.id}", end=_first(campaign, track, cohort_id))


def _into(campaign: Campaign, track: Track, cohort: Cohort) -> Iterator[Edge]:
    """A cohort's way into the timeline; an event that a matching trigger speaks for wakes nobody into it."""
    event = cohort.park_until
    if event is None:
        yield Edge(start=_cohort_id(cohort), end=_first(campaign, track, cohort.id))
    elif not any(t.event == event and t.matching for t in campaign.triggers):
        yield Edge(start=_cohort_id(cohort), end=_first(campaign, track, cohort.id), label=event)
    else:
        for trigger in campaign.triggers:
            if trigger.event == event:
                yield Edge(start=_cohort_id(cohort), end=f"trigger_{trigger.id}", label=event)


def _timelines(campaign: Campaign) -> Iterator[Edge]:
    for track in _tracks(campaign):
        for cohort in _cohort_ids(campaign):
            steps = [s for s in track.steps if _is_for(s, cohort)]
            for step in steps:
                label = cohort if cohort and _is_split(campaign, track, step) else ""
                for edge in _onward(campaign, track, step, cohort):
                    yield Edge(start=edge.start, end=edge.end, label=edge.label or label)


def _onward(campaign: Campaign, track: Track, step: Step, cohort: str | None) -> Iterator[Edge]:
    here = _step_id(track, step)
    if step.kind is StepKind.START:
        return
    for branch in step.branches:
        label = in_words(branch.when) if branch.when is not None else "else"
        yield Edge(start=here, end=_landing(campaign, track, branch.go, cohort), label=label)
    if any(branch.when is None for branch in step.branches):
        return
    if step.kind is StepKind.REVIEW:
        yield Edge(start=here, end="end_withdrawn", label="declined")
        yield Edge(start=here, end="end_expired", label="no answer in time")
    label = {StepKind.REVIEW: "approved", StepKind.CHOOSE: "none holds"}.get(step.kind, "")
    yield Edge(start=here, end=_next(campaign, track, step, cohort), label=label)


def _is_split(campaign: Campaign, track: Track, step: Step) -> bool:
    """Do the cohorts that pass this step go on to different places?"""
    passing = [c for c in _cohort_ids(campaign) if _is_for(step, c)]
    return len({_next(campaign, track, step, c) for c in passing}) > 1


def _afterwards(campaign: Campaign) -> Iterator[Edge]:
    if campaign.then.repeat is not None:
        yield from (
            Edge(start="after", end=_first(campaign, campaign.main, cohort))
            for cohort in _cohort_ids(campaign)
        )
    elif campaign.then.park:
        yield Edge(start="after", end="end_completed")


def _exits(campaign: Campaign) -> Iterator[Edge]:
    for event in campaign.goal.events if campaign.goal else ():
        yield Edge(start="any_time", end="end_won_back", label=event)
    for way in campaign.exits:
        why = way.event or (in_words(way.where) if way.where is not None else "")
        task = f" (task {way.task})" if way.task else ""
        yield Edge(start="any_time", end=f"end_{way.reason}", label=f"{why}{task}")
    yield Edge(start="any_time", end="end_left_segment", label=f"no longer {campaign.segment}")
    yield Edge(start="any_time", end="end_opted_out", label="opt-out on every channel")


# ── where the core would go ───────────────────────────────────────────────────────────────────────────


def _tracks(campaign: Campaign) -> tuple[Track, ...]:
    return (campaign.main, *campaign.triggers)


def _cohort_ids(campaign: Campaign) -> tuple[str | None, ...]:
    return tuple(c.id for c in campaign.cohorts) or (None,)


def _is_for(step: Step, cohort: str | None) -> bool:
    return step.cohorts is None or cohort in step.cohorts


def _first(campaign: Campaign, track: Track, cohort: str | None) -> str:
    return _from(campaign, track, 0, cohort)


def _next(campaign: Campaign, track: Track, step: Step, cohort: str | None) -> str:
    return _from(campaign, track, track.steps.index(step) + 1, cohort)


def _landing(campaign: Campaign, track: Track, step_id: str, cohort: str | None) -> str:
    target = next(i for i, s in enumerate(track.steps) if s.id == step_id)
    return _from(campaign, track, target, cohort)


def _from(campaign: Campaign, track: Track, index: int, cohort: str | None) -> str:
    """The box of the first step at or after ``index`` that is for the cohort, or what follows the last."""
    found = next((s for s in track.steps[index:] if _is_for(s, cohort)), None)
    if found is not None:
        return _step_id(track, found)
    return "after" if campaign.then.park or campaign.then.repeat is not None else "end_completed"


def _step_id(track: Track, step: Step) -> str:
    return f"{track.id}.{step.id}"


def _cohort_id(cohort: Cohort) -> str:
    return f"cohort_{cohort.id}"


# ── words ─────────────────────────────────────────────────────────────────────────────────────────────


def duration(seconds: int) -> str:
    """As one writes it in YAML: the largest unit that divides it, ``0d`` for none."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def in_words(predicate: Predicate) -> str:
    """The whole predicate on one line."""
    match predicate:
        case All(of):
            return " and ".join(_inner(p) for p in of) or EVERYONE
        case AnyOf(of):
            return " or ".join(_inner(p) for p in of)
        case Not(of):
            return f"not ({in_words(of)})"
        case _:
            return describe(predicate)


def _inner(predicate: Predicate) -> str:
    words = in_words(predicate)
    return f"({words})" if isinstance(predicate, All | AnyOf) and len(predicate.of) > 1 else words
