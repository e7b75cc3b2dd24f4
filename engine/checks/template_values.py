"""Values that a template compares a field with, and that are not in the field's closed list."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from jinja2 import nodes

from engine import suggest
from engine.printed import dotted

_EQUALITY = frozenset({"eq", "ne"})
_MEMBERSHIP = frozenset({"in", "notin"})

#: line, the value in its quotes, message, mend
Unlisted = tuple[int, str, str, str]


def unlisted(tree: nodes.Template, text: str, values: Mapping[str, Collection[str]]) -> Iterator[Unlisted]:
    """Every such value. ``values``: field of a person -> all it can hold."""
    lines = text.split("\n")
    for field, const in _compared(tree):
        legal = values.get(field)
        if legal is None or const.value in legal:
            continue
        none = f"people.values in rekindle.yaml lists what {field} can hold"
        mend = suggest.mend(const.value, legal, none=none)
        line = lines[min(const.lineno, len(lines)) - 1]
        quoted = next((f"{q}{const.value}{q}" for q in "\"'" if f"{q}{const.value}{q}" in line), const.value)
        yield const.lineno, quoted, f"{field} is never '{const.value}'", mend


def _compared(tree: nodes.Template) -> Iterator[tuple[str, nodes.Const]]:
    """Every field of a person that is compared as it is, and each text that it is compared with."""
    for compare in tree.find_all(nodes.Compare):
        for op in compare.ops:
            if op.op in _EQUALITY:
                yield from _pairs(compare.expr, [op.expr])
                yield from _pairs(op.expr, [compare.expr])
            elif op.op in _MEMBERSHIP and isinstance(op.expr, nodes.List | nodes.Tuple):
                yield from _pairs(compare.expr, op.expr.items)


def _pairs(field: nodes.Node, others: Collection[nodes.Node]) -> Iterator[tuple[str, nodes.Const]]:
    name = dotted(field) or ""
    if name.startswith("person."):
        for other in others:
            if isinstance(other, nodes.Const) and isinstance(other.value, str):
                yield name.removeprefix("person."), other
