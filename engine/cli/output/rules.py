"""``rekindle rules`` as a table, and the page of ``rekindle rule``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from difflib import SequenceMatcher
from itertools import groupby
from typing import Any

from rich.console import Group, RenderableType
from rich.markdown import Markdown
from rich.text import Text

from engine.cli.output.look import BAD, DIM, STRONG, WAITS, mark, table, under
from engine.diagnostics import Severity
from engine.rule_pages import Example, RulePage, facts
from engine.rules import Rule

_COLOURS = {Severity.ERROR: BAD, Severity.WARNING: WAITS}
#: a link to another page: only its words can be shown in a terminal
_LINK = re.compile(r"\[([^\]]+)\]\((?:\.\./)?([^)#]+)(?:#[^)]*)?\)")


def data(rule: Rule) -> dict[str, Any]:
    """A rule for programs."""
    return {
        "code": rule.code,
        "title": rule.title,
        "meaning": rule.meaning,
        "severity": str(rule.severity),
        "family": rule.family,
        "waivable": rule.waivable,
    }


def page_data(page: RulePage) -> dict[str, Any]:
    """A rule and the parts of its page for programs; ``why`` is Markdown."""
    examples = {"bad": page.bad, "good": page.good}
    return data(page.rule) | {"why": page.why} | {k: [asdict(e) for e in v] for k, v in examples.items()}


def render_table(rules: Iterable[Rule]) -> Group:
    """A table for each family. Red fails the command, yellow does not."""
    parts: list[RenderableType] = []
    for family, members in groupby(rules, key=lambda rule: rule.family):
        body = table("code", "severity", "waivable", "rule")
        for rule in members:
            waivable = Text("yes") if rule.waivable else Text("no", DIM)
            body.add_row(rule.code, Text(rule.severity, _COLOURS[rule.severity]), waivable, rule.title)
        body.columns[1].min_width = len(Severity.WARNING)
        parts += under(family.capitalize(), body)
    return Group(*parts[1:])


def render_page(page: RulePage) -> Group:
    """The page for a terminal; a cross marks the lines that make an example bad, a tick what mends them."""
    return Group(
        Text(page.title, STRONG),
        Text(facts(page.rule), _COLOURS[page.rule.severity]),
        Text(),
        Markdown(_LINK.sub(r"\1 (docs/\2)", page.why)),
        *_examples("Bad", mark(False), page.bad, page.good),
        *_examples("Good", mark(True), page.good, page.bad),
    )


def _examples(
    title: str, sign: Text, examples: Iterable[Example], others: Iterable[Example]
) -> Iterator[RenderableType]:
    there = {other.file: other.text.splitlines() for other in others}
    yield from (Text(), Text(title, f"{STRONG} {sign.style}"))
    for example in examples:
        lines = example.text.splitlines()
        pairs = SequenceMatcher(None, lines, there.get(example.file, []), autojunk=False).get_matching_blocks()
        same = {pair.a + step for pair in pairs for step in range(pair.size)}
        yield Text(example.file, DIM)
        for number, line in enumerate(lines):
            plain = number in same
            yield Text.assemble("   " if plain else Text.assemble(" ", sign, " "), (line, "" if plain else sign.style))
