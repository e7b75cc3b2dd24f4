"""What prove found, in words; each format is a module over this."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.cli.output.report import counted
from engine.errors import ConfigurationError
from engine.model import Source
from engine.prove.model import QUESTIONS, Answer, Outcome, Question, Replay, Told
from engine.prove.proof import Proof
from engine.prove.write import file_yaml
from engine.schedule import local

#: in the place of a test
UNWRITTEN = "not written as a test: what should happen instead depends on how it is mended"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofReport:
    """A proof for a reader. ``prefix`` goes before the names of the project's files."""

    project: str
    proof: Proof
    prefix: str

    @property
    def questions(self) -> tuple[Question, ...]:
        """All of them, in the order asked."""
        return tuple(QUESTIONS.values())

    @property
    def looked_at(self) -> str:
        """How much was looked at."""
        p = self.proof
        return (
            f"{counted(len(p.campaigns), 'campaign')}, {counted(p.people, 'kind')} of people in"
            f" {p.courses:,} courses, {p.decisions:,} decisions, {p.seconds:.1f} s"
        )

    @property
    def summary(self) -> str:
        """The verdict in a line."""
        outcomes = [self.proof.outcome(q.name) for q in self.questions]
        broken = sum(o is Outcome.VIOLATED for o in outcomes)
        unsettled = sum(o is Outcome.NOT_SETTLED for o in outcomes)
        kept = sum(o in (Outcome.KEPT, Outcome.NOTED) for o in outcomes)
        parts = [f"{kept} of {len(outcomes)} questions kept"]
        parts += [f"{broken} violated"] * bool(broken) + [f"{unsettled} not settled"] * bool(unsettled)
        notes = self.proof.count(Outcome.NOTED)
        return ", ".join(parts) + (f"; {counted(notes, 'thing')} to know" if notes else "")

    def place(self, source: Source | None) -> str:
        """``campaigns/churned.yaml:47``, as the reader can open it; empty where there is none."""
        return "" if source is None or not source.line else f"{self.prefix}{source}"

    def examples(self) -> list[tuple[Answer, Replay]]:
        """The violations that can be written as a test."""
        return [
            (a, a.counterexample.replay)
            for a in self.proof.answers
            if a.outcome is Outcome.VIOLATED
            and a.counterexample
            and a.counterexample.replay
            and a.counterexample.replay.yaml
        ]


def verdict(outcome: Outcome, question: Question) -> str:
    """The answer to a question in a few words."""
    told = {Outcome.KEPT: question.kept, Outcome.NOTED: question.noted}
    return told.get(outcome, outcome.value)


def moment(told: Told, zone: str) -> str:
    """``Mon 04 May 2026 10:00``, by the clock of the zone."""
    return f"{local(told.at, zone):%a %d %b %Y %H:%M}"


def write_cases(report: ProofReport, folder: Path) -> list[Path]:
    """One file of tests for each campaign with a violation: each fails until the fault is mended. Returns the files.

    Raises ConfigurationError where a file of that name says something else: it may have been edited since.
    """
    cases: dict[str, dict[str, str]] = {}
    for answer, replay in report.examples():
        assert answer.counterexample is not None
        mend = answer.counterexample.mend
        comment = f"{answer.message}; to mend it: {mend.told}" if mend else answer.message
        cases.setdefault(answer.counterexample.campaign, {})[comment] = replay.yaml
    written: list[Path] = []
    for campaign, found in cases.items():
        folder.mkdir(parents=True, exist_ok=True)
        path, text = folder / f"prove_{campaign}.yaml", file_yaml(campaign, found)
        if path.exists() and path.read_text(encoding="utf-8") != text:
            raise ConfigurationError(f"{path} is there already, and says something else", hint="Give it another name")
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written
