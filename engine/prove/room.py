"""What a cap leaves room for, read off the declarations: caps that can never matter, cadences that do not fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from engine.gates.fatigue import in_words
from engine.model import Campaign, Cap, Cohort, Project, Step, StepKind, Track
from engine.phrases import duration
from engine.predicate import EventHappened, Predicate, leaves
from engine.prove.base import Asked
from engine.prove.kinds import who_enters
from engine.prove.model import Answer, Outcome
from engine.testfile import DEFAULT_NOW
from engine.witness import Undecided, witness

#: combinations of steps tried for one cap and cohort
_TRIED = 2_000

UNCHANGED = "of what a cadence plans: the person stays as they are, and events can come as they like"


def answers(asked: Asked) -> Iterator[Answer]:
    """Caps that another cap makes idle, and cadences that plan more than a cap has room for."""
    policy = asked.project.policy.caps
    yield from _idle(policy, policy, None)
    for campaign in asked.campaigns:
        yield from _idle(campaign.caps, (*policy, *campaign.caps), campaign)
        for cap in (*policy, *campaign.caps):
            if (steps := _crowd(asked.project, campaign, cap)) is not None:
                yield _cramped(campaign, cap, steps)


# ── idle caps ──


def _idle(caps: Iterable[Cap], others: Sequence[Cap], campaign: Campaign | None) -> Iterator[Answer]:
    for cap in caps:
        stricter = next(
            (o for o in others if o is not cap and implies(o, cap) and not _twins(o, cap, others)), None
        )
        if stricter is not None:
            message = f"the cap of {in_words(cap)} is never what puts a touch off: {in_words(stricter)} is full first"
            yield Answer(
                question="caps",
                outcome=Outcome.NOTED,
                message=message,
                source=cap.source,
                campaign=campaign.id if campaign else None,
                details=(f"the other one: {stricter.source}",),
            )


def implies(one: Cap, other: Cap) -> bool:
    """Is the other cap kept by whoever keeps this one? A window of the other is covered by so many windows of this
    one, and holds no more than all of them."""
    if one.channel not in (None, other.channel) or one.campaign not in (None, other.campaign):
        return False
    windows = -(-other.per // one.per)
    return one.limit * windows <= other.limit


def _twins(one: Cap, other: Cap, order: Sequence[Cap]) -> bool:
    """Of two caps that say the same the first is not idle."""
    return implies(other, one) and order.index(other) < order.index(one)


# ── crowded cadences ──


def _crowd(project: Project, campaign: Campaign, cap: Cap) -> tuple[Step, ...] | None:
    """Steps that somebody gets all of, planned within one window of the cap and more than it has room for."""
    for cohort in campaign.cohorts or (None,):
        if cohort is not None and cohort.park_until:
            continue
        for track in (campaign.main, *campaign.triggers):
            for n, steps in enumerate(_together(track, cohort, cap)):
                if n >= _TRIED:
                    break
                if _somebody_gets(project, campaign, cohort, steps):
                    return steps
    return None


def _together(track: Track, cohort: Cohort | None, cap: Cap) -> Iterator[tuple[Step, ...]]:
    """One step more than the cap allows, in every way in which a window holds so many."""
    steps = [s for s in track.steps if s.kind is StepKind.SEND and cap.channel in (None, s.channel)]
    mine = [s for s in steps if s.cohorts is None or (cohort is not None and cohort.id in s.cohorts)]
    for first, step in enumerate(mine):
        rest = [s for s in mine[first + 1 :] if s.at < step.at + cap.per]
        for others in combinations(rest, cap.limit):
            if all(_leads_to(track, a, b) for a, b in zip((step, *others), others, strict=False)):
                yield (step, *others)


def _leads_to(track: Track, one: Step, other: Step) -> bool:
    """Is there a way through the track that has both?"""
    order = track.steps
    reached = {order.index(one) + 1}
    for n, step in enumerate(order):
        if n not in reached:
            continue
        if step is other:
            return True
        reached |= {order.index(s) for s in order for b in step.branches if b.go == s.id}
        if not any(b.when is None for b in step.branches):
            reached.add(n + 1)
    return False


def _somebody_gets(
    project: Project, campaign: Campaign, cohort: Cohort | None, steps: Sequence[Step]
) -> bool:
    wanted, unwanted = who_enters(project, campaign, cohort)
    wanted += [p for s in steps if (p := s.only_if) is not None and not _is_behaviour(p)]
    unwanted += [p for s in steps if (p := s.unless) is not None and not _is_behaviour(p)]
    try:
        return witness(wanted, unwanted, now=DEFAULT_NOW, values=project.values) is not None
    except Undecided:
        return True


def _is_behaviour(predicate: Predicate) -> bool:
    return any(isinstance(leaf, EventHappened) for leaf in leaves(predicate))


def _cramped(campaign: Campaign, cap: Cap, steps: Sequence[Step]) -> Answer:
    names = ", ".join(s.id for s in steps)
    message = f"the cadence plans {len(steps)} touches within {duration(cap.per)} where {in_words(cap)} may be: {names}"
    return Answer(
        question="caps",
        outcome=Outcome.NOTED,
        message=message,
        source=steps[-1].source,
        campaign=campaign.id,
        step=steps[-1].id,
        details=(f"the cap: {cap.source}",),
        assumptions=(UNCHANGED,),
    )
