"""Is incentive exposure bounded? How often an offer can be promised to one person, how many at once, what it costs.

The distance between discounts is proven on the gates themselves, like the caps: none is allowed while another, of any
campaign and any round, is younger than the policy's cool-down.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from babel import Locale

from engine import gates
from engine.facts import TouchFact
from engine.flow import TouchState
from engine.gates.base import Gate, Situation
from engine.model import DAY, Campaign, Offer, Project, Step, Track
from engine.phrases import duration
from engine.prove.base import Asked
from engine.prove.due import sends, willing
from engine.prove.histories import ELSEWHERE, Earlier, edges, gathered, rarer, shown
from engine.prove.model import Answer, Outcome
from engine.prove.often import UNBOUNDED, Times, by_caps, namings, spaced
from engine.prove.staged import repeated
from engine.prove.whereabouts import everywhere
from engine.testfile import DEFAULT_NOW
from engine.verdict import Says
from engine.wording import money

YEAR = 365 * DAY
_ENGLISH = Locale("en", "US")

ASSUMED = "offers are promised by rekindle's own messages; what colleagues promise is known by its note"


def answers(asked: Asked) -> Iterator[Answer]:
    """Discounts that come too close, and how much of each offer one person can be promised."""
    yield from _too_close(asked)
    uses = _uses(asked.project)
    named = {s.offer for c in asked.campaigns for s in c.steps if s.offer}
    for use in uses:
        if use.offer.id in named:
            yield from _amount(asked.project, use)
    if named:
        yield _at_once(asked.project, uses)


# ── the distance between discounts ──


def _too_close(asked: Asked) -> Iterator[Answer]:
    project = asked.project
    kinds = {c.id: list(_discounts(project, c)) for c in asked.campaigns}
    every = [kind for several in kinds.values() for kind in several]
    loaded = gathered(project, every, DEFAULT_NOW) if every else {}
    breaches = [
        breach
        for campaign in asked.campaigns
        for track, step in sends(campaign)
        if (offer := campaign.offers.get(step.offer or "")) is not None and offer.is_discount
        if (breach := _breach(project, campaign, track, step, kinds[campaign.id], loaded)) is not None
    ]
    yield from breaches
    if every and not breaches:
        cooldown = duration(project.policy.discount_cooldown)
        message = f"no discount is promised within {cooldown} of another: {len(every):,} ways of a first one were tried"
        yield Answer(question="exposure", outcome=Outcome.KEPT, message=message, assumptions=(ASSUMED,))


def _discounts(project: Project, campaign: Campaign) -> Iterator[Earlier]:
    """Every way in which a touch may have promised a discount within the cool-down."""
    cooldown = project.policy.discount_cooldown
    offers = [o.id for o in project.offers.values() if o.is_discount]
    steps = [s for s in campaign.steps if s.offer in offers]
    ages = sorted(
        {age for age in (DAY, *edges(project), cooldown - 1, 0) if age < cooldown}, key=lambda a: (a == 0, a)
    )
    for channel in dict.fromkeys(s.channel for s in steps if s.channel):
        for sender, cycle in ((campaign.id, 2), (ELSEWHERE, 1), (campaign.id, 1)):
            for offer in offers:
                yield Earlier(channel, sender, cycle, TouchState.QUEUED.value, None, offer)
                for age in ages:
                    sent = Earlier(channel, sender, cycle, TouchState.SENT.value, age, offer)
                    yield sent
                    yield from (kind for kind in rarer(sent) if kind.cycle == cycle)


def _breach(
    project: Project, campaign: Campaign, track: Track, step: Step, kinds: Sequence[Earlier],
    loaded: Mapping[Earlier, TouchFact],
) -> Answer | None:  # fmt: skip
    where = everywhere(project, step.channel or "")
    s = next((s for w in where if (s := willing(project, campaign, track, step, w)) is not None), None)
    if s is None:
        return None
    if not _allowed(s, gates.GATES):
        message = f"nobody was found whom '{step.id}' may be sent to"
        return Answer(question="exposure", outcome=Outcome.NOT_SETTLED, message=message, source=step.source)
    own = TouchFact(*s.own, step.channel or "", TouchState.QUEUED.value, None, step.offer)
    for kind in kinds:
        if (kind.campaign, kind.cycle, kind.offer) == (campaign.id, 1, step.offer):
            continue  # a reminder of the same offer in the same round
        # the project's other promises are not at issue: as far as caps go there is room
        s.facts.touches[:] = shown([kind], loaded, s.now)
        decided = _allowed(s, gates.GATES)
        s.facts.touches.append(own)
        # of two that are queued the one that leaves first has it
        leaves = kind.state != TouchState.QUEUED and _allowed(s, gates.AT_DISPATCH)
        if decided or leaves:
            return _close(project, campaign, track, s, kind)
    return None


def _allowed(s: Situation, asked: tuple[Gate, ...]) -> bool:
    return gates.judge(s, asked)[-1].says is Says.ALLOW


def _close(project: Project, campaign: Campaign, track: Track, s: Situation, kind: Earlier) -> Answer:
    cooldown = duration(project.policy.discount_cooldown)
    return Answer(
        question="exposure",
        outcome=Outcome.VIOLATED,
        message=f"'{s.step.id}' promises a discount although another one was promised within {cooldown}",
        source=s.step.source,
        campaign=campaign.id,
        step=s.step.id,
        details=(kind.told, f"the cool-down: {project.policy.source}"),
        counterexample=repeated(project, track, s, project.policy.discount_cooldown),
        assumptions=(ASSUMED,),
    )


# ── how often ──


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    """An offer and where it is named."""

    offer: Offer
    steps: tuple[tuple[Campaign, Track, tuple[Step, ...]], ...]

    def promised(self, project: Project, window: int) -> Times:
        """How often at most in any ``window`` seconds; a reminder in the same round is no new promise."""
        by_campaign: dict[str, Times] = {}
        for campaign, track, steps in self.steps:
            rounds = namings(project, campaign, track, steps, window)
            by_campaign[campaign.id] = by_campaign.get(campaign.id, 0) + rounds
        campaigns = {c.id: c for c, _, _ in self.steps}
        total = sum(
            min(rounds, by_caps(campaigns[c].caps, self._channels(c), window))
            for c, rounds in by_campaign.items()
        )
        cooled = spaced(window, project.policy.discount_cooldown) if self.offer.is_discount else UNBOUNDED
        return min(total, cooled, by_caps(project.policy.caps, self._channels(None), window))

    def _channels(self, campaign: str | None) -> frozenset[str]:
        named = (s.channel for c, _, steps in self.steps for s in steps if campaign in (None, c.id))
        return frozenset(channel for channel in named if channel)


def _uses(project: Project) -> list[_Use]:
    found: dict[str, list[tuple[Campaign, Track, tuple[Step, ...]]]] = {}
    for campaign in project.campaigns.values():
        for track in (campaign.main, *campaign.triggers):
            for offer in dict.fromkeys(s.offer for s in track.steps if s.offer):
                steps = tuple(s for s in track.steps if s.offer == offer)
                found.setdefault(offer, []).append((campaign, track, steps))
    return [
        _Use(offer=project.offers[o], steps=tuple(steps)) for o, steps in found.items() if o in project.offers
    ]


def _amount(project: Project, use: _Use) -> Iterator[Answer]:
    offer = use.offer
    often, open_at_once = use.promised(project, YEAR), use.promised(project, offer.valid_for)
    if often == UNBOUNDED:
        message = f"nothing bounds how often '{offer.id}' is promised to one person"
        details = [*_where(use), "declare a cap on its channel, or when people may enter again"]
        yield _answer(Outcome.VIOLATED, message, offer, details)
        return
    message = (
        f"'{offer.id}' is promised to one person at most {_times(often)} in 365 days{_cost(offer, often)}"
    )
    details = _where(use)
    if open_at_once > 1:
        details.append(
            f"up to {open_at_once:.0f} promises of it are open at once, each with a date of its own:"
            f" it is valid for {duration(offer.valid_for)}"
        )
    yield _answer(Outcome.NOTED, message, offer, details)


def _times(often: Times) -> str:
    return "once" if often == 1 else f"{often:.0f} times"


def _cost(offer: Offer, often: Times) -> str:
    if offer.amount is None or offer.currency is None:
        return f", {offer.percent / 100:g}% each" if offer.percent else ""
    total, each = (
        money(int(often) * a if n else a, offer.currency, _ENGLISH)
        for n, a in ((1, offer.amount), (0, offer.amount))
    )
    return f": {total}, {each} each"


def _where(use: _Use) -> list[str]:
    return [
        f"named by {c.id}: {', '.join(s.id for s in steps)} ({steps[0].source})" for c, _, steps in use.steps
    ]


def _at_once(project: Project, uses: Sequence[_Use]) -> Answer:
    """All offers together."""
    longest = max(use.offer.valid_for for use in uses)
    channels = frozenset(s.channel for use in uses for _, _, steps in use.steps for s in steps if s.channel)
    each = sum(use.promised(project, use.offer.valid_for) for use in uses)
    together = min(each, by_caps(project.policy.caps, channels, longest))
    if together == UNBOUNDED:
        return _answer(
            Outcome.VIOLATED, "nothing bounds how many offers are open for one person at once", None, []
        )
    are = "is" if together == 1 else "are"
    many = "" if together == 1 else "s"
    kinds = f"of {len(uses)} offers" if len(uses) > 1 else "of one offer"
    return _answer(
        Outcome.NOTED,
        f"at most {together:.0f} promise{many} {kinds} {are} open for one person at once",
        None,
        [],
    )


def _answer(outcome: Outcome, message: str, offer: Offer | None, details: Sequence[str]) -> Answer:
    source = offer.source if offer else None
    return Answer(
        question="exposure", outcome=outcome, message=message, source=source, details=tuple(details),
        assumptions=(ASSUMED,),
    )  # fmt: skip
