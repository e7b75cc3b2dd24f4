"""All the questions of one project, asked and answered: explored, replayed, and told with what they rest on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.cases.cast import involved
from engine.cases.runner import CaseRunner
from engine.compile import Loaded
from engine.model import Campaign, Project
from engine.prove import caps, contention, deferrals, ends, exposure, hours, promises, reach
from engine.prove.base import Asked, Budget, Prover
from engine.prove.explore import Explorer, Progress
from engine.prove.findings import Findings, settled
from engine.prove.model import QUESTIONS, Answer, Outcome
from engine.prove.replay import Replays

#: questions answered from what is declared, each with the code of the core that it is about
_DECLARED: Mapping[str, Prover] = {
    "caps": caps.answers,
    "windows": hours.answers,
    "contention": contention.answers,
    "exposure": exposure.answers,
}
#: questions answered from where people came on the walks
_WALKED: Mapping[str, Callable[[Findings], Iterator[Answer]]] = {
    "deferrals": deferrals.answers,
    "ends": ends.answers,
    "reach": reach.answers,
    "promises": promises.answers,
}

#: the worst first
_ORDER = (Outcome.VIOLATED, Outcome.NOT_SETTLED, Outcome.NOTED, Outcome.KEPT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Every answer, by question and the worst first; and how much was looked at."""

    campaigns: tuple[str, ...]
    answers: tuple[Answer, ...]
    people: int
    courses: int
    decisions: int
    seconds: float  # of real time

    def of(self, question: str) -> list[Answer]:
        """What was found about a question; nothing where it is simply kept."""
        return [a for a in self.answers if a.question == question]

    def outcome(self, question: str) -> Outcome:
        """The worst that was found about it."""
        found = {a.outcome for a in self.of(question)}
        return next((o for o in _ORDER if o in found), Outcome.KEPT)

    def count(self, outcome: Outcome) -> int:
        """How many findings there are of an outcome."""
        return sum(a.outcome is outcome for a in self.answers)

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the answers rest on, each once."""
        return tuple(dict.fromkeys(text for a in self.answers for text in a.assumptions))


def prove(
    loaded: Loaded,
    campaigns: Sequence[Campaign],
    seconds: float,
    progress: Progress = lambda done, of: None,
) -> Proof:
    """Ask everything about these campaigns, with all of the project in mind, in about so many ``seconds``."""
    started, budget = time.monotonic(), Budget(seconds)
    project = loaded.require()
    asked = Asked(project=project, campaigns=tuple(campaigns), budget=budget)
    # these are quick, and the walks take whatever time there is
    found = [a for prover in _DECLARED.values() for a in prover(asked)]
    with CaseRunner(loaded) as runner:
        explorer = Explorer(project, runner, budget)
        explorer.explore(_leading_to(project, campaigns), progress)
        findings = Findings(
            project=project, campaigns=tuple(campaigns), log=explorer.log, empty=explorer.empty
        )
        for campaign in campaigns:
            if reach.missing(findings, campaign):
                explorer.look_closer(campaign)
        replays = Replays(loaded, runner)
        found += [a for name, prover in _WALKED.items() for a in settled(name, findings, prover(findings))]
        answers = tuple(map(replays.shown, sorted(found, key=_place)))
    return Proof(
        campaigns=tuple(c.id for c in campaigns),
        answers=answers,
        people=sum(map(len, explorer.people.values())),
        courses=explorer.log.courses,
        decisions=explorer.log.turns,
        seconds=time.monotonic() - started,
    )


def _leading_to(project: Project, campaigns: Sequence[Campaign]) -> list[Campaign]:
    """The campaigns, and those that may hand somebody over to them: some people come in no other way."""
    names = {c.id for c in campaigns}
    every = project.campaigns.values()
    return [c for c in every if any(other.id in names for other in involved(project, c.id))]


_QUESTIONS = list(QUESTIONS)


def _place(answer: Answer) -> tuple[int, int, str, int]:
    source = answer.source
    worst = _ORDER.index(answer.outcome)
    return (
        _QUESTIONS.index(answer.question),
        worst,
        source.file if source else "",
        source.line if source else 0,
    )
