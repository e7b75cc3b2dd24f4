"""Can two campaigns fight for one slot, and who wins?

A person's place in a group goes to the campaign of the highest priority that wants them. Slots under caps that
campaigns share go to whoever asks first: at the same moment the higher priority, else who came first. Both are shown
by letting the campaigns run, one after the other and both at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from engine.cases.compare import elapsed
from engine.facts import TouchFact
from engine.model import DAY, Campaign, Project, Step
from engine.phrases import duration
from engine.prove.base import Asked
from engine.prove.kinds import Kind, kinds_of, who_enters
from engine.prove.model import Answer, Counterexample, Outcome
from engine.prove.race import Fate, Race
from engine.prove.staged import crowded_out
from engine.testfile import DEFAULT_NOW, GivenTouch
from engine.witness import Undecided, witness

#: so many patterns of earlier touches of one campaign are tried, the densest first
_PATTERNS = 24

ASSUMED = (
    "from one decision to the next a person may come from any segment into any other, and events may end a round",
    "who wins is shown for somebody in Chicago on a Monday morning: other hours move steps, and not who asks first",
)

#: touches just before, the oldest first: (channel, seconds before the last one)
_Pattern = tuple[tuple[str, int], ...]


def answers(asked: Asked) -> Iterator[Answer]:
    """Campaigns that want the same person, at once or one after the other."""
    project = asked.project
    names = {c.id for c in asked.campaigns}
    for one, other in combinations(project.campaigns.values(), 2):
        if one.segment == other.segment and not names.isdisjoint((one.id, other.id)):
            yield from _same_people(project, one, other)
    had = {c.id: _patterns(project, c) for c in project.campaigns.values()}
    for campaign in asked.campaigns:
        if asked.budget.over:
            message = "there was no time to let all campaigns follow each other"
            yield _answer(Outcome.NOT_SETTLED, message, campaign)
            return
        lost = _after_others(project, campaign, had)
        if lost:
            yield _loser(campaign, lost)


def _answer(
    outcome: Outcome, message: str, campaign: Campaign, step: Step | None = None, details: Sequence[str] = (),
    example: Counterexample | None = None,
) -> Answer:  # fmt: skip
    return Answer(
        question="contention",
        outcome=outcome,
        message=message,
        source=(step or campaign).source,
        campaign=campaign.id,
        step=step.id if step else None,
        details=tuple(details),
        counterexample=example,
        assumptions=ASSUMED,
    )


# ── two campaigns for the same people ──


def _same_people(project: Project, one: Campaign, other: Campaign) -> Iterator[Answer]:
    """``one`` stands before ``other``: by priority, and by name where that is the same."""
    try:
        shared = _shared(project, one, other)
    except Undecided as undecided:
        message = f"whether '{one.id}' and '{other.id}' are for the same people: {undecided}"
        yield _answer(Outcome.NOT_SETTLED, message, other)
        return
    if shared is None:
        return
    if one.group != other.group:
        yield from _at_once(project, one, other, shared)
        return
    message = (
        f"'{one.id}' and '{other.id}' are for the same people, and '{one.id}' takes them: {_by(one, other)}"
    )
    details = [f"'{other.id}' ({other.source}) takes whom that one does not want, or has let go"]
    yield _answer(Outcome.NOTED, message, one, details=[*details, *_tie(one, other)])


def _by(one: Campaign, other: Campaign) -> str:
    if one.priority == other.priority:
        return f"both have priority {one.priority}, and its name comes first"
    return f"priority {one.priority} against {other.priority}"


def _tie(one: Campaign, other: Campaign) -> list[str]:
    tied = one.priority == other.priority
    return ["the alphabet decides: give them different priorities"] if tied else []


def _shared(project: Project, one: Campaign, other: Campaign) -> Kind | None:
    """Somebody who can enter both, awake."""
    for mine in one.cohorts or (None,):
        for theirs in other.cohorts or (None,):
            if any(c is not None and c.park_until for c in (mine, theirs)):
                continue
            both = [who_enters(project, one, mine), who_enters(project, other, theirs)]
            wanted, unwanted = ([p for pair in both for p in pair[n]] for n in (0, 1))
            person = witness(wanted, unwanted, now=DEFAULT_NOW, values=project.values)
            if person is not None:
                return Kind(campaign=one.id, cohort=mine, person=person)
    return None


def _at_once(project: Project, one: Campaign, other: Campaign, shared: Kind) -> Iterator[Answer]:
    """Both hold the person. They are let run entered together, and each behind the other."""
    race = Race(project, shared, DEFAULT_NOW)
    alone = {(f.campaign, f.step) for c in (one, other) for f in race.run({c.id: 0}) if f.contested}
    together = [f for f in race.run({one.id: 0, other.id: 0}) if f.contested]
    details = [f"both at once: {_told(project, f)}" for f in together if (f.campaign, f.step) not in alone]
    behind = [
        x for first, second in ((one, other), (other, one)) for x in _behind(project, race, first, second)
    ]
    details += [x.told for x in behind if (x.fate.campaign, x.fate.step) not in alone]
    if details:
        message = (
            f"'{one.id}' and '{other.id}' hold the same people at once and want the same slots; at the same moment"
            f" '{one.id}' gets them: {_by(one, other)}"
        )
        example = behind[0].example if behind else None
        yield _answer(Outcome.NOTED, message, other, None, [*details, *_tie(one, other)], example)


def _behind(project: Project, race: Race, first: Campaign, second: Campaign) -> Iterator[_Lost]:
    """What the second loses that enters a day later."""
    entered = DEFAULT_NOW + DAY
    sent = [f for f in race.run({first.id: 0}) if f.sent and f.at <= entered]
    pattern = tuple((f.channel, entered - f.at) for f in sent)
    after = f"{first.id} ({', '.join(f.step for f in sent)}), a day earlier"
    for fate in race.run({second.id: 0}, _touches(pattern)):
        if fate.contested:
            yield _lost(project, second, race, pattern, after, fate)


def _told(project: Project, fate: Fate) -> str:
    if fate.sent:
        return f"{fate.campaign}.{fate.step} is put off by {elapsed(fate.put_off)}"
    step = _step(project.campaigns[fate.campaign], fate.step)
    return f"{fate.campaign}.{fate.step} is skipped, it lives {duration(step.expires)}"


def _step(campaign: Campaign, name: str) -> Step:
    return next(s for s in campaign.steps if s.id == name)


# ── one campaign after another ──


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lost:
    """The worst that can happen to a step because another campaign came first."""

    fate: Fate
    told: str
    example: Counterexample

    @property
    def rank(self) -> tuple[bool, int]:
        """What is lost is worse than what is late."""
        return not self.fate.sent, self.fate.put_off


def _patterns(project: Project, campaign: Campaign) -> Mapping[_Pattern, str]:
    """What somebody may just have had when the campaign lets them go, after any of its touches; and its steps."""
    found: dict[_Pattern, str] = {}
    for kind in kinds_of(project, campaign, DEFAULT_NOW).found:
        sent = [f for f in Race(project, kind, DEFAULT_NOW).run({campaign.id: 0}) if f.sent]
        for n, last in enumerate(sent):
            recent = [f for f in sent[: n + 1] if _counts(project, f, last.at)]
            steps = ", ".join(f.step for f in recent)
            found.setdefault(tuple((f.channel, last.at - f.at) for f in recent), f"{campaign.id} ({steps})")
    densest = sorted(found, key=lambda p: (-len(p), sum(age for _, age in p)))
    return {pattern: found[pattern] for pattern in densest[:_PATTERNS]}


def _counts(project: Project, fate: Fate, now: int) -> bool:
    return any(now - fate.at < c.per and c.channel in (None, fate.channel) for c in project.policy.caps)


def _after_others(
    project: Project, campaign: Campaign, had: Mapping[str, Mapping[_Pattern, str]]
) -> list[_Lost]:
    """Each step's worst fate where the campaign begins right after another one, in the order of the steps."""
    worst: dict[str, _Lost] = {}
    for kind in kinds_of(project, campaign, DEFAULT_NOW).found:
        race = Race(project, kind, DEFAULT_NOW)
        alone = {f.step for f in race.run({campaign.id: 0}) if f.contested}
        before = [
            (p, told) for other, those in had.items() if other != campaign.id for p, told in those.items()
        ]
        for pattern, after in before:
            for fate in race.run({campaign.id: 0}, _touches(pattern)):
                if fate.contested and fate.step not in alone:
                    lost = _lost(project, campaign, race, pattern, after, fate)
                    if fate.step not in worst or lost.rank > worst[fate.step].rank:
                        worst[fate.step] = lost
    return [worst[s.id] for s in campaign.steps if s.id in worst]


def _touches(pattern: _Pattern) -> list[TouchFact]:
    return [
        TouchFact("", 1, f"earlier_{n}", channel, "sent", DEFAULT_NOW - age)
        for n, (channel, age) in enumerate(pattern)
    ]


def _lost(
    project: Project, campaign: Campaign, race: Race, pattern: _Pattern, after: str, fate: Fate
) -> _Lost:
    touches = [GivenTouch(channel=channel, at=DEFAULT_NOW - age) for channel, age in pattern]
    step = _step(campaign, fate.step)
    at = fate.at - fate.put_off - DEFAULT_NOW
    example = crowded_out(campaign, step, DEFAULT_NOW, race.given, touches, at, lost=not fate.sent)
    return _Lost(fate=fate, told=f"after {after}: {_told(project, fate)}", example=example)


def _loser(campaign: Campaign, lost: Sequence[_Lost]) -> Answer:
    skipped = ", ".join(x.fate.step for x in lost if not x.fate.sent)
    late = ", ".join(f"{x.fate.step} (by up to {elapsed(x.fate.put_off)})" for x in lost if x.fate.sent)
    parts = ([f"skips {skipped}"] if skipped else []) + ([f"puts off {late}"] if late else [])
    message = f"what another campaign has just sent comes first: '{campaign.id}' then {' and '.join(parts)}"
    first = lost[0]
    return _answer(
        Outcome.NOTED,
        message,
        campaign,
        _step(campaign, first.fate.step),
        [x.told for x in lost],
        first.example,
    )
