"""What a command changes, or would change, in a file: a unified diff, in the colours a reader knows."""

from __future__ import annotations

from difflib import unified_diff

import click

from engine.cli.output.text import printable

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}
_HEADS = ("--- ", "+++ ")
#: as ``diff`` says it
_NO_END = "\\ No newline at end of file"


def render(before: str, after: str, name: str) -> str:
    """The lines that differ, with three around them; empty where none does."""
    lines = unified_diff(_lines(before), _lines(after), name, name, lineterm="")
    return "".join(f"{_coloured(part)}\n" for line in lines for part in line.split("\n"))


def _lines(text: str) -> list[str]:
    lines = text.split("\n")
    last = lines.pop()
    return [*lines, f"{last}\n{_NO_END}"] if last else lines


def _coloured(line: str) -> str:
    shown = "\t".join(printable(part) for part in line.split("\t"))
    if line.startswith(_HEADS):
        return click.style(shown, bold=True)
    return click.style(shown, fg=_COLOURS[line[0]]) if line[:1] in _COLOURS else shown
