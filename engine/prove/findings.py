"""What the answers about paths are read from: the log of all walks, and the steps by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.cases.compare import elapsed
from engine.model import Campaign, Project, Step, Track
from engine.prove.log import Course, Log, Seen, StepKey

#: what every answer about paths rests on
ASSUMED = (
    "people of one kind are treated alike: one plain person stands for each way in which conditions can come out",
    "a thing happens right after a decision or right before the next, and a note is opened once at most",
    "people enter at either end of each stretch of hours of a plain week, and around both changes of the clocks; beside"
    " the plain course every behaviour is followed from one moment of each stretch",
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
        """Why not all of a campaign was looked at; empty where it was."""
        return "; ".join(self.log.doubts.get(campaign.id, ()))


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
