"""Is every step reachable? A step that nobody comes to, and one that everybody who comes to it goes without."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from engine.cases.story import Kind
from engine.model import BUILT_IN, HOUR, Campaign, Step, StepKind, Track
from engine.prove.acts import ending_events
from engine.prove.examples import example, sent
from engine.prove.findings import ASSUMED, Findings, counted, kept, who
from engine.prove.log import Course, Seen, StepKey, Way
from engine.prove.mending import Mend, longer_life, no_condition, no_holdout
from engine.prove.model import Answer, Counterexample, Outcome, Shown
from engine.testfile import Expected, Moment
from engine.verdict import branch_way

#: what other questions answer: a step that no window, no cap, or no open offer lets go
_ELSEWHERE = frozenset({"window", "quiet_hours", "fatigue", "offer_expired"})


def missing(findings: Findings, campaign: Campaign) -> list[StepKey]:
    """Steps of the campaign that nobody has come to, or that nobody got."""
    return [
        key
        for c, _, step, key in findings.steps()
        if c.id == campaign.id and (key not in findings.log.arrived or _never_sent(findings, step, key))
    ]


def answers(findings: Findings) -> Iterator[Answer]:
    """Steps that nobody comes to or nobody gets, and branches that nobody takes."""
    found = list(_found(findings))
    yield from found
    steps = len(list(findings.steps()))
    if not any(a.outcome is not Outcome.NOTED for a in found):
        yield kept("reach", f"{counted(steps, 'step')}: somebody comes to each, and gets each that sends")


def _found(findings: Findings) -> Iterator[Answer]:
    for campaign, track, step, key in findings.steps():
        if key not in findings.log.arrived:
            yield _never_there(findings, campaign, track, step)
        elif _never_sent(findings, step, key):
            ways = _free_ways(findings, key)
            rules = {way.rule for way, _ in ways}
            if rules == {"condition"} or not rules - {"condition"} <= _ELSEWHERE:
                yield _never_got(findings, campaign, step, ways)
        yield from _never_taken(findings, campaign, step, key)


def _never_sent(findings: Findings, step: Step, key: StepKey) -> bool:
    return step.kind is StepKind.SEND and all(way.how == "skipped" for way, _ in _free_ways(findings, key))


def _free_ways(findings: Findings, key: StepKey) -> list[tuple[Way, Seen]]:
    """How the step came out where nobody held the round up; where that never was, however it came out."""
    ways = list(findings.log.ways(key))
    return [(way, seen) for way, seen in ways if seen.free] or ways


def _answer(findings: Findings, campaign: Campaign, step: Step, message: str, *details: str) -> Answer:
    doubt = findings.doubt(campaign)
    return Answer(
        question="reach",
        outcome=Outcome.NOT_SETTLED if doubt else Outcome.VIOLATED,
        message=message,
        source=step.source,
        campaign=campaign.id,
        step=step.id,
        details=(*details, *((f"not every path was followed: {doubt}",) if doubt else ())),
        assumptions=ASSUMED,
    )


# ── nobody comes to it ──


def _never_there(findings: Findings, campaign: Campaign, track: Track, step: Step) -> Answer:
    message = f"nobody ever comes to '{step.id}': {_why_not(findings, campaign, track, step)}"
    return replace(
        _answer(findings, campaign, step, message),
        counterexample=_without(findings, campaign, track, step),
    )


def _why_not(findings: Findings, campaign: Campaign, track: Track, step: Step) -> str:
    empty = findings.empty.get(campaign.id, ())
    if step.cohorts is not None and step.cohorts <= set(empty):
        return f"nobody can be in {_listed(sorted(step.cohorts), 'cohort')}"
    asleep = {c.id for c in campaign.cohorts if c.park_until}
    if step.cohorts is not None and step.cohorts <= {*empty, *asleep} and track.id == campaign.main.id:
        return f"nothing wakes {_listed(sorted(step.cohorts & asleep), 'cohort')} into this cadence"
    if (campaign.id, track.id) not in findings.log.rounds:
        return _never_begun(findings, campaign, track)
    jumps = _jumps(findings, campaign, track, step)
    if jumps:
        return f"every way on from {' and '.join(map(repr, jumps))} leads past it"
    starts = [s.id for s in track.steps[: track.steps.index(step)] if s.kind is StepKind.START]
    if starts:
        return f"the round ends before it, where '{starts[0]}' hands over"
    return "every round is over before it"


def _never_begun(findings: Findings, campaign: Campaign, track: Track) -> str:
    if track.event in ending_events(findings.project, campaign):
        return f"{track.event} ends the round, so that it cannot begin this one"
    if track.matching:
        fields = [field for _, field in track.matching]
        return f"nobody who gets on this campaign has {_listed(fields, 'field')} to match"
    return f"no {track.event or 'entry'} ever begins its cadence"


def _jumps(findings: Findings, campaign: Campaign, track: Track, step: Step) -> list[str]:
    """Steps before it that send nobody on to the one after them."""
    before = track.steps[: track.steps.index(step)]
    return [
        s.id
        for s in before
        if s.kind is StepKind.CHOOSE
        and (ways := [way for way, _ in findings.log.ways(StepKey(campaign.id, track.id, s.id))])
        and all(_leads_past(track, s, way, step) for way in ways)
    ]


def _leads_past(track: Track, choose: Step, way: Way, step: Step) -> bool:
    order = [s.id for s in track.steps]
    taken = {branch_way(n): b.go for n, b in enumerate(choose.branches)}.get(way.rule or "")
    return taken is not None and order.index(taken) > order.index(step.id)


def _listed(names: Sequence[str], what: str) -> str:
    return f"{what} {names[0]}" if len(names) == 1 else f"{what}s {', '.join(names)}"


def _without(findings: Findings, campaign: Campaign, track: Track, step: Step) -> Counterexample | None:
    """Somebody the step is meant for, as far as their cohort and what they do tell, who goes without it."""
    if step.channel is None:
        return None
    ways = findings.log.rounds.get((campaign.id, campaign.main.id), {}).values()
    courses = [s.course for s in ways if _is_for(step, s.course) and _comes_to(track, s.course)]
    if not courses:
        return None
    course = min(courses, key=lambda c: c.rank)
    begun = course.acts[-1].at - course.entry if course.acts else 0
    at = begun + step.at
    wanted = Expected(
        at=Moment(at=at - at % HOUR, width=HOUR), step=step.id, channel=step.channel, source=BUILT_IN
    )
    never = Shown(kind=Kind.SEND, campaign=campaign.id, step=step.id, absent=True)
    return example(course, f"sends {step.id}", wanted, never)


def _comes_to(track: Track, course: Course) -> bool:
    """Does the course come to where the track should begin? The cadence begins with entry alone."""
    return [done.act.name for done in course.acts] == ([track.event] if track.event else [])


def _is_for(step: Step, course: Course) -> bool:
    cohort = course.people[0].kind.cohort
    return step.cohorts is None or (cohort is not None and cohort.id in step.cohorts)


# ── nobody gets it ──


def _never_got(
    findings: Findings, campaign: Campaign, step: Step, ways: Sequence[tuple[Way, Seen]]
) -> Answer:
    told = {
        "condition": "its condition holds for nobody who comes to it",
        "expired": "its life is always over",
        "holdout": "everybody is kept back for comparison",
    }
    rules = {w.rule for w, _ in ways} - _ELSEWHERE
    # the condition tells least: most steps are not for everybody
    way, seen = min((p for p in ways if p[0].rule in rules), key=lambda p: p[0].rule == "condition")
    why = told.get(way.rule or "", f"it is always skipped, {way.rule}")
    if len(rules) > 1:
        why = f"it is always skipped, {', '.join(sorted(r for r in rules if r))}"
    shown = Shown(kind=Kind.SKIP, campaign=campaign.id, step=step.id, reason=way.rule)
    answer = _answer(findings, campaign, step, f"'{step.id}' is never sent: {why}", who(seen.course))
    mend = _mend(campaign, step, way.rule) if len(rules) == 1 else None
    shows = example(seen.course, f"sends {step.id}", sent(step), shown, mend=mend)
    return replace(answer, counterexample=shows)


def _mend(campaign: Campaign, step: Step, rule: str | None) -> Mend | None:
    match rule:
        case "condition":
            asks = " and ".join(k for k, p in (("'if'", step.only_if), ("'unless'", step.unless)) if p)
            return no_condition(
                campaign, step, f"let {asks} hold of somebody who comes here, or take it away"
            )
        case "expired":
            return longer_life(campaign, step, "raise 'expires', or plan the step where it comes in time")
        case "holdout":
            return no_holdout(campaign, "keep fewer people back ('experiment: holdout')")
        case _:
            return None


def _never_taken(findings: Findings, campaign: Campaign, step: Step, key: StepKey) -> Iterator[Answer]:
    taken = {way.rule for way, _ in findings.log.ways(key)}
    for n, branch in enumerate(step.branches if taken else ()):
        if branch_way(n) not in taken:
            message = f"nobody takes the way of '{step.id}' to '{branch.go}'"
            answer = _answer(findings, campaign, step, message)
            yield replace(answer, outcome=Outcome.NOTED, source=branch.source)
