"""What the answers about paths are read from: the log of all walks, and the steps by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from engine.cases.cast import involved
from engine.cases.compare import elapsed
from engine.model import Campaign, Project, Step, Track
from engine.prove.log import Course, Log, Seen, StepKey
from engine.prove.model import Answer, Outcome

#: what every answer about paths rests on
ASSUMED = (
    "one plain person stands for all whom the conditions of a campaign treat alike",
    "what happens does so soon after a decision or shortly before the next, and a note is opened once at most",
    "people enter at both ends of each stretch of hours of a week, and around the changes of the clocks; from one end"
    " of each every behaviour is followed",
    "a round that an event begins is followed by itself, and right after what the round before it has sent",
    "a message leaves in the turn that decides it, and can be written",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """One project, explored. ``empty``: cohorts by campaign that nobody can be in."""

    project: Project
    campaigns: tuple[Campaign, ...]
    log: Log
    empty: dict[str, tuple[str, ...]]

    def steps(self) -> Iterator[tuple[Campaign, Track, Step, StepKey]]:
        """Every step that is asked about."""
        for campaign in self.campaigns:
            for track in (campaign.main, *campaign.triggers):
                for step in track.steps:
                    yield campaign, track, step, StepKey(campaign.id, track.id, step.id)

    def doubt(self, campaign: Campaign) -> str:
        """Why not all that leads to a step of the campaign was looked at; empty where it was."""
        leading = (name for name in self.log.doubts if self._leads(name, campaign))
        return "; ".join(dict.fromkeys(why for name in leading for why in self.log.doubts[name]))

    def _leads(self, name: str, campaign: Campaign) -> bool:
        return any(c.id == campaign.id for c in involved(self.project, name))


def kept(question: str, message: str) -> Answer:
    """What holds of everybody, and was looked at."""
    return Answer(question=question, outcome=Outcome.KEPT, message=message, assumptions=ASSUMED)


def settled(question: str, findings: Findings, found: Iterable[Answer]) -> Iterator[Answer]:
    """The answers to a question, as far as the walks were completed: what was not followed to its end is not kept."""
    doubts = {c.id: (c, doubt) for c in findings.campaigns if (doubt := findings.doubt(c))}
    told: set[str | None] = set()
    for answer in found:
        if answer.outcome is Outcome.KEPT and doubts:
            continue
        told |= {answer.campaign} if answer.outcome is Outcome.NOT_SETTLED else set()
        yield answer
    for campaign, doubt in doubts.values():
        if campaign.id not in told:
            message = f"not every path of {campaign.id} was followed: {doubt}"
            yield Answer(
                question=question,
                outcome=Outcome.NOT_SETTLED,
                message=message,
                source=campaign.source,
                campaign=campaign.id,
                assumptions=ASSUMED,
            )


def counted(n: int, what: str) -> str:
    """``1 step``, ``1,200 steps``."""
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def who(course: Course) -> str:
    """The person and what happens to them, in words."""
    person = course.people[0]
    cohort = person.kind.cohort
    parts = [f"somebody in cohort {cohort.id}" if cohort else "somebody", person.place.told]
    parts += [f"{elapsed(done.at - course.entry)} after entry {done.act.told}" for done in course.acts]
    return ", ".join(parts)


def delays(seen: Seen) -> str:
    """``2d``, ``1d to 6d``, ``up to 3d``."""
    least, most = elapsed(seen.least or 0), elapsed(seen.most or 0)
    if least == most:
        return least
    return f"{least} to {most}" if seen.least else f"up to {most}"
