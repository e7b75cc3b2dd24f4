"""Failed cases for a reader: the expected and the actual story side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from engine.cases.compare import Pair
from engine.cases.runner import CaseResult
from engine.cli.output.cases import CaseReport, Parts, name, place, plain, told_parts, wanted_parts
from engine.cli.output.look import BAD, DIM, GOOD, STRONG, rows
from engine.cli.output.text import printable

#: of a message that does not say what it should, so many lines are shown
_LINES = 24
#: a terminal with fewer columns has no room for two stories: they stand one under the other
_TWO_STORIES = 60
#: columns that the line numbers and the space between take
_FRAME = 14


def render(result: CaseResult) -> RenderableType:
    """One failed case, to be laid out in any width."""
    head = Text.assemble((place(result), STRONG), (" failed ", BAD), name(result))
    if result.error:
        return Group(head, Padding(Text(printable(result.error), BAD), (0, 2)), "")
    parts: list[RenderableType] = [head, _Stories(result.pairs)]  # which ends with a blank line
    if result.note:
        parts += [Padding(Text(printable(result.note)), (0, 2)), ""]
    for pair in result.pairs:
        parts += _message(pair)
    return Group(*parts)


def slowest(report: CaseReport, number: int) -> RenderableType:
    """The slowest cases, slowest first."""
    body = rows()
    for result in report.slowest(number):
        body.add_row(f"{result.seconds * 1000:.0f} ms", f"{name(result)}  {place(result)}")
    return Group(Text("Slowest", STRONG), Padding(body, (0, 0, 0, 2)), "")


@dataclass(frozen=True, slots=True)
class _Stories:
    """Both stories, as the width allows."""

    pairs: Sequence[Pair]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterable[RenderableType]:
        if options.max_width < _TWO_STORIES:
            yield from (Text(plain(pair), BAD if pair.problems else "") for pair in self.pairs)
            yield ""
            return
        room = options.max_width - _FRAME
        left = _Column([wanted_parts(pair.expected) for pair in self.pairs if pair.expected], room // 2)
        right = _Column(
            [told_parts(pair.actual, pair.expected) for pair in self.pairs if pair.actual], room - left.width
        )
        table = Table(box=box.SIMPLE_HEAD, expand=True, padding=(0, 1), header_style=DIM)
        table.add_column("line", justify="right", no_wrap=True, style=DIM)
        table.add_column("expected", width=left.width)
        table.add_column("happened", ratio=1)
        for pair in self.pairs:
            line = str(pair.expected.source.line) if pair.expected else ""
            table.add_row(line, _expected(pair, left), _happened(pair, right))
        yield table


class _Column:
    """Lines of a story: moments and steps each under the other where there is room, so that the eye can run down."""

    def __init__(self, lines: Sequence[Parts], room: int) -> None:
        self._widths = [max((len(line[n]) for line in lines if line[1]), default=0) for n in (0, 1)]
        widest = max((len(self.text(line)) for line in lines), default=0)
        if widest > room:
            self._widths = [0, 0]
        self.width = max(min(widest, room), len("expected"))

    def text(self, line: Parts, style: str = "") -> Text:
        """One line."""
        padded = [part.ljust(width) for part, width in zip(line, self._widths, strict=False)]
        return Text("  ".join(filter(None, map(printable, (*padded[: 2 if line[1] else 1], line[2])))), style)


def _expected(pair: Pair, column: _Column) -> Text:
    if pair.expected is None:
        return Text("")
    return column.text(wanted_parts(pair.expected), BAD if pair.problems else GOOD)


def _happened(pair: Pair, column: _Column) -> RenderableType:
    style = BAD if pair.problems else GOOD if pair.expected else DIM
    lines: list[RenderableType] = [column.text(told_parts(pair.actual, pair.expected), style)] if pair.actual else []
    lines += [Text(f"✗ {printable(problem)}", f"{STRONG} {BAD}") for problem in pair.problems]
    if pair.problems and pair.actual and pair.actual.because:
        lines.append(Padding(Text(printable(pair.actual.because), DIM), (0, 0, 0, 2)))
    return Group(*lines)


def _message(pair: Pair) -> list[RenderableType]:
    """What was said, where it is about words."""
    if pair.actual is None or not any(" say" in problem for problem in pair.problems):
        return []
    lines = pair.actual.text.strip().splitlines()
    more = [f"... and {len(lines) - _LINES} more lines"] if len(lines) > _LINES else []
    body = Text("\n".join(printable(line) for line in [*lines[:_LINES], *more]), DIM)
    return [Text(f"  {pair.actual.step} says:"), Padding(body, (0, 4)), ""]
