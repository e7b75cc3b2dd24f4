"""Results of test cases in words; each format is a module over this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.cases.compare import Pair, elapsed, kind_of
from engine.cases.runner import CaseResult
from engine.cases.story import Kind, Line
from engine.cli.output.text import printable
from engine.testfile import Expected, Moment

_UNITS = {604_800: "w", 86_400: "d", 3_600: "h", 60: "m", 1: "s"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReport:
    """Every result, in the order run, with file names as the reader can open them."""

    results: tuple[CaseResult, ...]
    seconds: float  # of real time, all together

    @property
    def failed(self) -> Sequence[CaseResult]:
        """The results that failed."""
        return [result for result in self.results if not result.passed]

    @property
    def summary(self) -> str:
        """The verdict in a line."""
        failed = len(self.failed)
        counts = [f"{failed} failed"] * bool(failed) + [f"{len(self.results) - failed} passed"]
        return f"{', '.join(counts)} in {self.seconds:.1f} s"


def wanted(expected: Expected) -> str:
    """An expected line: ``7d  short_note  linkedin``, ``14d  exit: completed``."""
    what = {
        Kind.SEND: expected.channel,
        Kind.SKIP: f"skipped: {expected.skipped}",
        Kind.HOLD: f"held: {expected.held}",
        Kind.EXIT: f"exit: {expected.exit}",
    }[kind_of(expected)]
    return "  ".join(part for part in (written(expected.at), expected.step, what) if part)


def told(line: Line) -> str:
    """A line of the story, in the same form."""
    what = {
        Kind.SEND: line.channel,
        Kind.SKIP: f"skipped: {line.reason}",
        Kind.HOLD: f"held: {line.reason}",
        Kind.EXIT: f"exit: {line.reason}",
    }[line.kind]
    return "  ".join(part for part in (elapsed(line.at), line.step, what) if part)


def written(moment: Moment) -> str:
    """A moment as the file has it: ``72h``."""
    return f"{moment.at // moment.width}{_UNITS[moment.width]}"


def plain(pair: Pair) -> str:
    """A pair as lines of text: ``-`` what was expected, ``+`` what happened instead."""
    if not pair.problems and pair.actual is not None:
        return f"    {told(pair.actual)}"
    lines = [f"  - {wanted(pair.expected)}"] if pair.expected else []
    lines += [f"  + {told(pair.actual)}"] if pair.actual else []
    return "\n".join([*lines, *(f"      {problem}" for problem in pair.problems)])


def place(result: CaseResult) -> str:
    """``campaigns/tests/churned.yaml:5``."""
    return f"{result.file}:{result.case.source.line}"


def name(result: CaseResult) -> str:
    """``churned: stops when they reply``."""
    return printable(f"{result.campaign}: {result.case.it}")
