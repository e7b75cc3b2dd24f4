"""What prove found, for a reader: a line a question, what was found under it, and what it rests on at the end."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from engine.cli.output.look import BAD, DIM, GOOD, STRONG, WAITS
from engine.cli.output.prove import UNWRITTEN, ProofReport, moment, verdict
from engine.cli.output.text import printable
from engine.prove.model import Answer, Outcome, Question, Replay

_MARKS = {
    Outcome.KEPT: ("✓", GOOD),
    Outcome.NOTED: ("✓", GOOD),
    Outcome.NOT_SETTLED: ("?", WAITS),
    Outcome.VIOLATED: ("✗", BAD),
}
#: the same of one finding
_SIGNS = {**_MARKS, Outcome.NOTED: ("·", WAITS)}


def render(report: ProofReport, *, verbose: bool = False) -> RenderableType:
    """The whole of it; ``verbose`` tells what is only noted at length too."""
    parts: list[RenderableType] = [
        Text.assemble((report.project, STRONG), (f"  {report.looked_at}", DIM)),
        Text(),
    ]
    for question in report.questions:
        parts += _question(report, question, verbose)
    if report.proof.assumptions:
        parts += ["", Text("Taken for granted", STRONG)]
        parts += [_item("·", text, DIM, indent=2) for text in report.proof.assumptions]
    return Group(*parts, "")


def _question(report: ProofReport, question: Question, verbose: bool) -> Iterator[RenderableType]:
    outcome = report.proof.outcome(question.name)
    sign, style = _MARKS[outcome]
    line = Table.grid(padding=(0, 2), expand=True)
    line.add_column(width=1)
    line.add_column(ratio=1)
    line.add_column(ratio=1)
    line.add_row(Text(sign, style), Text(question.asks, STRONG), Text(verdict(outcome, question), style))
    yield line
    for answer in report.proof.of(question.name):
        yield from _answer(report, answer, verbose or answer.outcome is not Outcome.NOTED)


def _answer(report: ProofReport, answer: Answer, at_length: bool) -> Iterator[RenderableType]:
    sign, style = _SIGNS[answer.outcome]
    place = report.place(answer.source)
    words = Text.assemble((f"{place}  ", STRONG) if place else "", printable(answer.message))
    yield _item(sign, words, style, indent=3)
    if not at_length:
        return
    yield from (_item(" ", detail, "", indent=3) for detail in answer.details)
    replay = answer.counterexample.replay if answer.counterexample else None
    if replay is not None:
        yield from _example(replay)


def _example(replay: Replay) -> Iterator[RenderableType]:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style=DIM)
    table.add_column()
    for told in replay.timeline:
        style = BAD if told.wrong else ""
        mark = "✗ " if told.wrong else "  "
        table.add_row(moment(told, replay.zone), Text(f"{mark}{printable(told.text)}", style))
    yield Padding(Text(f"played by the engine, {_clock(replay)}", DIM), (1, 0, 0, 7))
    yield Padding(table, (0, 0, 0, 7))
    if replay.yaml:
        yield Padding(Text("as a test that fails until it is mended (--write-tests)", DIM), (1, 0, 0, 7))
        yield Padding(Text(printable_lines(replay.yaml.rstrip())), (0, 0, 1, 7))
    else:
        yield Padding(Text(UNWRITTEN, DIM), (1, 0, 1, 7))


def _clock(replay: Replay) -> str:
    return f"by the clock of {replay.zone}"


def printable_lines(text: str) -> str:
    """The text line by line, made harmless for a terminal."""
    return "\n".join(printable(line) for line in text.splitlines())


def _item(sign: str, words: str | Text, style: str, *, indent: int) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=1)
    grid.add_column(overflow="fold")
    grid.add_row(Text(sign, style), Text(printable(words)) if isinstance(words, str) else words)
    return Padding(grid, (0, 0, 0, indent))
