"""Failed cases for a reader: the expected and the actual story side by side."""

from __future__ import annotations

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from engine.cases.compare import Pair
from engine.cases.runner import CaseResult
from engine.cli.output.cases import name, place, told, wanted
from engine.cli.output.text import printable

#: of a message that does not say what it should, so many lines are shown
_LINES = 24


def render(result: CaseResult) -> RenderableType:
    """One failed case, to be laid out in any width."""
    head = Text.assemble((name(result), "bold"), "\n", (place(result), "dim"))
    if result.error:
        return Group(head, Padding(Text(printable(result.error), style="red"), (0, 2)), "")
    parts: list[RenderableType] = [head, _timeline(result)]
    if result.note:
        parts.append(Padding(Text(printable(result.note)), (0, 2)))
    parts += [_message(pair) for pair in result.pairs if _about_words(pair)]
    return Group(*parts, "")


def _timeline(result: CaseResult) -> Table:
    table = Table(box=box.SIMPLE_HEAD, expand=True, padding=(0, 1), header_style="dim")
    table.add_column("line", justify="right", no_wrap=True, style="dim")
    table.add_column("expected", ratio=4)
    table.add_column("happened", ratio=5)
    for pair in result.pairs:
        line = str(pair.expected.source.line) if pair.expected else ""
        table.add_row(line, _expected(pair), _happened(pair))
    return table


def _expected(pair: Pair) -> Text:
    if pair.expected is None:
        return Text("")
    return Text(printable(wanted(pair.expected)), style="red" if pair.problems else "green")


def _happened(pair: Pair) -> RenderableType:
    style = "red" if pair.problems else "green" if pair.expected else "dim"
    lines: list[RenderableType] = [Text(printable(told(pair.actual)), style=style)] if pair.actual else []
    lines += [Text(f"✗ {printable(problem)}", style="bold red") for problem in pair.problems]
    if pair.problems and pair.actual and pair.actual.because:
        lines.append(Padding(Text(printable(pair.actual.because), style="dim"), (0, 0, 0, 2)))
    return Group(*lines)


def _about_words(pair: Pair) -> bool:
    """Would the reader want to see the message?"""
    return pair.actual is not None and any(" say" in problem for problem in pair.problems)


def _message(pair: Pair) -> RenderableType:
    assert pair.actual is not None
    lines = pair.actual.text.strip().splitlines()
    more = [f"... and {len(lines) - _LINES} more lines"] if len(lines) > _LINES else []
    body = Text("\n".join(printable(line) for line in [*lines[:_LINES], *more]), style="dim")
    return Group(Text(f"  {pair.actual.step} says:"), Padding(body, (0, 4)))
