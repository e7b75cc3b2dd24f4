"""Can an offer or a deadline run out before the step that names it? Offers keep the expiry that the first message of
the round gave them; a step that comes to be due after it is skipped."""

from __future__ import annotations

from collections.abc import Iterator

from engine.cases.story import Kind
from engine.model import Campaign, Step, Track
from engine.phrases import duration
from engine.prove.acts import Doing
from engine.prove.examples import example, sent
from engine.prove.findings import ASSUMED, Findings, counted, kept, who
from engine.prove.log import Course, Seen, StepKey
from engine.prove.mending import Mend, longer_offer
from engine.prove.model import Answer, Outcome, Shown

_LATE = "a message can wait in the outbox, for a rate or a provider, until the step's life is over"


def answers(findings: Findings) -> Iterator[Answer]:
    """Steps that come too late for what they promise: always, for somebody, or only where something holds them up."""
    found = list(_found(findings))
    yield from found
    naming = sum(step.offer is not None for _, _, step, _ in findings.steps())
    if naming and not any(a.outcome is Outcome.VIOLATED for a in found):
        yield kept("promises", f"an offer is named by {counted(naming, 'step')}, never after its end")


def _found(findings: Findings) -> Iterator[Answer]:
    for campaign, track, step, key in findings.steps():
        if step.offer is not None:
            yield from _run_out(findings, campaign, track, step, key)
        for what, seen in findings.log.late.get(key, {}).items():
            yield _late(campaign, step, what, seen)


def _run_out(
    findings: Findings, campaign: Campaign, track: Track, step: Step, key: StepKey
) -> Iterator[Answer]:
    ways = [(way, seen) for way, seen in findings.log.ways(key) if way.rule != "condition"]
    over = [seen for way, seen in ways if way.rule == "offer_expired"]
    if not over:
        return
    seen = min(over, key=lambda s: s.course.rank)
    always = all(way.rule == "offer_expired" for way, _ in ways)
    held_up = _is_held_up(seen.course)
    how = "always" if always else "for those a note holds up" if held_up else "for some people"
    message = f"the offer {step.offer} has run out {how} before '{step.id}' can name it"
    shown = Shown(kind=Kind.SKIP, campaign=campaign.id, step=step.id, reason="offer_expired")
    yield Answer(
        question="promises",
        outcome=Outcome.NOTED if held_up and not always else Outcome.VIOLATED,
        message=message,
        source=step.source,
        campaign=campaign.id,
        step=step.id,
        details=(who(seen.course), _first_named(findings, campaign, track, step)),
        counterexample=example(
            seen.course,
            f"names the offer in {step.id} while it is open",
            sent(step),
            shown,
            mend=_mend(campaign, track, step),
        ),
        assumptions=ASSUMED,
    )


def _mend(campaign: Campaign, track: Track, step: Step) -> Mend:
    offer = campaign.offers[step.offer or ""]
    first = next(s for s in track.steps if s.offer == step.offer)
    sooner = f", or bring '{step.id}' closer to '{first.id}'" if first is not step else ""
    return longer_offer(step, f"raise 'valid_for' of {offer.id} ({offer.source}){sooner}")


def _is_held_up(course: Course) -> bool:
    return any(done.act.doing is Doing.OPEN for done in course.acts)


def _first_named(findings: Findings, campaign: Campaign, track: Track, step: Step) -> str:
    offer = campaign.offers[step.offer or ""]
    first = next(s for s in track.steps if s.offer == step.offer)
    valid = f"it is valid for {duration(offer.valid_for)} ({offer.source})"
    if first is step:
        return valid
    return f"{valid}, from '{first.id}' at {duration(first.at)} on; '{step.id}' comes at {duration(step.at)}"


def _late(campaign: Campaign, step: Step, what: str, seen: Seen) -> Answer:
    life, shorter = duration(step.expires), _shorter(campaign, step, what)
    then = "it is cancelled when the offer ends" if what == "offer" else "it names a date that has passed"
    lives = "than its offer" if what == "offer" else "than it gives to answer"
    return Answer(
        question="promises",
        outcome=Outcome.NOTED,
        message=f"'{step.id}' lives {life}, longer {lives}: left in the outbox to the end of it, {then}",
        source=step.source,
        campaign=campaign.id,
        step=step.id,
        details=(who(seen.course), f"an 'expires' of less than {shorter} settles it"),
        assumptions=(*ASSUMED, _LATE),
    )


def _shorter(campaign: Campaign, step: Step, what: str) -> str:
    if what == "offer" and step.offer:
        return duration(campaign.offers[step.offer].valid_for)
    return f"{step.respond_by.days}d" if step.respond_by else "1d"
