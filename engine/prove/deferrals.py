"""Which steps does a cap put off, and for how long? By what a person was sent before, and at worst by others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from engine.cases.story import Kind
from engine.gates.fatigue import in_words
from engine.model import Campaign, Cap, Project, Step
from engine.phrases import duration
from engine.prove.examples import example, sent
from engine.prove.findings import ASSUMED, Findings, delays, who
from engine.prove.log import Seen, StepKey, Way
from engine.prove.mending import longer_life, more_room
from engine.prove.model import Answer, Outcome, Shown

_OTHERS = "at worst others' messages fill a cap right before a step is due, and no more come while it waits"


def answers(findings: Findings) -> Iterator[Answer]:
    """Steps that a cap always puts off or loses, sometimes does, and can when others fill it."""
    for campaign, _, step, key in findings.steps():
        if step.channel is not None and (ways := _by_cap(findings, key)):
            found = _of_step(campaign, step, ways, _all_ways(findings, key))
            # what is so on every course is not known before every course was followed
            doubtful = bool(findings.doubt(campaign))
            yield from (a for a in found if not (doubtful and a.outcome is Outcome.VIOLATED))
        yield from _in_later_rounds(findings, campaign, step, key)
    yield from _at_worst(findings)


_Ways = list[tuple[Way, Seen]]


def _all_ways(findings: Findings, key: StepKey) -> _Ways:
    """How the step came out for those it is for."""
    return [(way, seen) for way, seen in findings.log.ways(key) if way.rule != "condition"]


def _by_cap(findings: Findings, key: StepKey) -> _Ways:
    return [(w, seen) for w, seen in _all_ways(findings, key) if w.capped or w.rule == "fatigue"]


def _of_step(campaign: Campaign, step: Step, capped: _Ways, every: _Ways) -> Iterator[Answer]:
    gone = next((seen for way, seen in capped if way == Way("sent", None, True)), None)
    lost = [(way, seen) for way, seen in capped if way.how == "skipped" and seen.free]
    if lost and _always(lost, every):
        yield _never(campaign, step, lost)
        return
    if gone is not None and gone.least is not None:
        how = "a cap always puts" if _always(capped, every) else "a cap can put"
        yield _noted(campaign, step, f"{how} '{step.id}' off, by {delays(gone)}", gone)
    yield from _lost(campaign, step, lost)


def _always(some: _Ways, every: _Ways) -> bool:
    """Does it come out so on every course that nobody holds up?"""
    free = [pair for pair in every if pair[1].free] or every
    return all(pair in some for pair in free)


def _never(campaign: Campaign, step: Step, lost: _Ways) -> Answer:
    way, seen = min(lost, key=lambda pair: pair[1].course.rank)
    life = duration(step.expires)
    message = f"'{step.id}' is not sent: whenever it is due a cap is full until its life of {life} is over"
    shown = Shown(kind=Kind.SKIP, campaign=campaign.id, step=step.id, reason=way.rule)
    answer = _answer(campaign, step, Outcome.VIOLATED, message, (who(seen.course),))
    told = f"plan '{step.id}' where a cap has room, raise 'expires' above {life}, or raise the cap"
    mend = longer_life(campaign, step, told)
    shows = example(seen.course, f"sends {step.id}", sent(step), shown, mend=mend)
    return replace(answer, counterexample=shows)


def _noted(campaign: Campaign, step: Step, message: str, seen: Seen) -> Answer:
    return _answer(campaign, step, Outcome.NOTED, message, (who(seen.longest or seen.course),))


def _lost(campaign: Campaign, step: Step, lost: _Ways) -> Iterator[Answer]:
    if not lost:
        return
    way, seen = min(lost, key=lambda pair: pair[1].course.rank)
    message = f"'{step.id}' can be lost to a cap: no room, or no open hour, before its life is over"
    shown = Shown(kind=Kind.SKIP, campaign=campaign.id, step=step.id, reason=way.rule)
    answer = _answer(campaign, step, Outcome.NOTED, message, (who(seen.course),))
    yield replace(answer, counterexample=example(seen.course, f"sends {step.id}", sent(step), shown))


# ── rounds that begin again ──


def _in_later_rounds(findings: Findings, campaign: Campaign, step: Step, key: StepKey) -> Iterator[Answer]:
    """A step that what the rounds before were sent leaves no room for: in some round for everybody, or for some."""
    rounds = findings.log.later.get(key, {})
    lost = {n: seen for n, ways in sorted(rounds.items()) if (seen := ways.get(_FULL)) is not None}
    if not lost or campaign.then.repeat is None:
        return
    always = [n for n in lost if set(rounds[n]) <= {_FULL, _NOT_FOR_THEM}]
    told = always or list(lost)
    some = "" if always else " for some people"
    message = (
        f"'{step.id}' is lost to a cap{some} in {_rounds(told)} of the {max(rounds)} that were followed:"
        " what the rounds before were sent leaves no room"
    )
    course = lost[told[0]].course
    since = (told[0] - 1) * campaign.then.repeat
    shown = Shown(kind=Kind.SKIP, campaign=campaign.id, step=step.id, reason="fatigue", since=since)
    every = duration(campaign.then.repeat)
    mend = more_room(campaign, f"begin again later than {every} after each round began, or raise the cap")
    outcome = Outcome.VIOLATED if always and not findings.doubt(campaign) else Outcome.NOTED
    answer = _answer(campaign, step, outcome, message, (who(course),))
    shows = example(course, f"sends {step.id} in every round", sent(step), shown, mend=mend)
    yield replace(answer, counterexample=shows)


_FULL, _NOT_FOR_THEM = Way("skipped", "fatigue"), Way("skipped", "condition")


def _rounds(numbers: Sequence[int]) -> str:
    if len(numbers) == 1:
        return f"round {numbers[0]}"
    return f"rounds {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"


def _answer(
    campaign: Campaign, step: Step, outcome: Outcome, message: str, details: tuple[str, ...]
) -> Answer:
    return Answer(
        question="deferrals",
        outcome=outcome,
        message=message,
        source=step.source,
        campaign=campaign.id,
        step=step.id,
        details=details,
        assumptions=ASSUMED,
    )


# ── others ──


def _at_worst(findings: Findings) -> Iterator[Answer]:
    """One line for the project: how long others can keep a step waiting, and which steps do not live so long."""
    short: list[str] = []
    longest: Cap | None = None
    for campaign, _, step, _ in findings.steps():
        cap = _widest(findings.project, campaign, step)
        if cap is None:
            continue
        longest = cap if longest is None or cap.per > longest.per else longest
        if step.expires <= cap.per:
            short.append(f"{campaign.id}.{step.id}")
    if longest is None:
        return
    message = f"messages of others can keep a step waiting for up to {duration(longest.per)}"
    details = [f"the cap of {in_words(longest)} ({longest.source})"]
    if short:
        those = (
            "1 step does not live so long, and is"
            if len(short) == 1
            else f"{len(short)} steps do not live so long, and are"
        )
        details.append(f"{those} lost then: {', '.join(short)}")
    yield Answer(
        question="deferrals",
        outcome=Outcome.NOTED,
        message=message,
        source=longest.source,
        details=tuple(details),
        assumptions=(_OTHERS,),
    )


def _widest(project: Project, campaign: Campaign, step: Step) -> Cap | None:
    """Of the caps that others can fill the one that takes longest to have room again."""
    caps = [c for c in project.policy.caps if step.channel is not None and c.channel in (None, step.channel)]
    return max(caps, key=lambda c: c.per, default=None)
