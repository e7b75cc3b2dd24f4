"""Results of test cases in words; each format is a module over this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.cases.compare import Pair, elapsed, kind_of
from engine.cases.runner import CaseResult
from engine.cases.story import Kind, Line
from engine.cli.output.coverage import CoverageReport
from engine.cli.output.text import printable
from engine.model import DAY, Source
from engine.testfile import Expected, Moment

#: when, the step, and what
Parts = tuple[str, str, str]

_UNITS = {604_800: "w", 86_400: "d", 3_600: "h", 60: "m", 1: "s"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReport:
    """Every result, in the order run, with file names as the reader can open them."""

    results: tuple[CaseResult, ...]
    seconds: float  # of real time, all together
    coverage: CoverageReport | None = None

    @property
    def failed(self) -> Sequence[CaseResult]:
        """The results that failed."""
        return [result for result in self.results if not result.passed]

    @property
    def summary(self) -> str:
        """The verdict in a line."""
        failed = len(self.failed)
        counts = [f"{failed} failed"] * bool(failed) + [f"{len(self.results) - failed} passed"]
        told = f"{', '.join(counts)} in {self.seconds:.1f} s"
        return f"{told}, {self.coverage.summary}" if self.coverage else told

    @property
    def passed(self) -> bool:
        """Every case is as expected, and the coverage is what was asked for."""
        return not self.failed and (self.coverage is None or self.coverage.enough)

    def slowest(self, number: int) -> list[CaseResult]:
        """So many results that took the longest."""
        return sorted(self.results, key=lambda result: -result.seconds)[:number]


def wanted(expected: Expected) -> str:
    """An expected line: ``7d  short_note  linkedin``, ``14d  exit: completed``."""
    return "  ".join(filter(None, wanted_parts(expected)))


def wanted_parts(expected: Expected) -> Parts:
    """When, the step or "", and what."""
    what = {
        Kind.SEND: f"{expected.channel}",
        Kind.SKIP: f"skipped: {expected.skipped}",
        Kind.HOLD: f"held: {expected.held}",
        Kind.EXIT: f"exit: {expected.exit}{_task(expected.task)}",
    }[kind_of(expected)]
    return written(expected.at), expected.step or "", what


def told(line: Line, beside: Expected | None = None) -> str:
    """A line of the story, in the same form."""
    return "  ".join(filter(None, told_parts(line, beside)))


def told_parts(line: Line, beside: Expected | None = None) -> Parts:
    """When, the step or "", and what. The expectation ``beside`` it gives the unit, and whether tasks matter."""
    what = {
        Kind.SEND: f"{line.channel}",
        Kind.SKIP: f"skipped: {line.reason}",
        Kind.HOLD: f"held: {line.reason}",
        Kind.EXIT: f"exit: {line.reason}{_task(line.task if beside and beside.task else None)}",
    }[line.kind]
    return elapsed(line.at, beside.at.width if beside else DAY), line.step or "", what


def _task(kind: str | None) -> str:
    return f", task {kind}" if kind else ""


def written(moment: Moment) -> str:
    """A moment as the file has it: ``72h``."""
    return f"{moment.at // moment.width}{_UNITS[moment.width]}"


def plain(pair: Pair) -> str:
    """A pair as lines of text: ``-`` what was expected, ``+`` what happened instead."""
    if not pair.problems and pair.actual is not None:
        return f"    {told(pair.actual, pair.expected)}"
    lines = [f"  - {wanted(pair.expected)}"] if pair.expected else []
    lines += [f"  + {told(pair.actual, pair.expected)}"] if pair.actual else []
    return "\n".join([*lines, *(f"      {problem}" for problem in pair.problems)])


def place(result: CaseResult) -> str:
    """``campaigns/tests/churned.yaml:5:9``: the first expectation that differs, or the case."""
    source = first_difference(result)
    return f"{result.file}:{source.line}:{source.column}"


def first_difference(result: CaseResult) -> Source:
    """Where the file and the story part; what nobody expects belongs behind the expectation before it."""
    before = result.case.source
    for pair in result.pairs:
        before = pair.expected.source if pair.expected else before
        if pair.problems:
            break
    else:
        return result.case.source
    return before


def first_problem(result: CaseResult) -> str:
    """The first thing that is not as expected, in words; "" when all is."""
    for pair in result.pairs:
        if pair.problems:
            about = wanted(pair.expected) if pair.expected else told(pair.actual) if pair.actual else ""
            return f"{about}: {pair.problems[0]}"
    return result.error


def name(result: CaseResult) -> str:
    """``churned: stops when they reply``."""
    return printable(f"{result.campaign}: {result.case.it}")
