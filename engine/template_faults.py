"""What is wrong with a template as it is written, told with its line, before anybody is written to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from jinja2 import Environment, TemplateSyntaxError, nodes

from engine.fields import FieldType
from engine.jinja_faults import slip
from engine.printed import Bound, Kinds, Printed, bound, dotted, kind, leaves, printed

#: how a value of a type has to be written
_WRITTEN = {FieldType.INSTANT: "date", FieldType.MONEY: "money"}

#: filters of ours that a template may use, and what they take
_TAKES = {"date": FieldType.INSTANT, "money": FieldType.MONEY, "ago": FieldType.INSTANT}
FILTERS = tuple(_TAKES)

_A = {
    FieldType.TEXT: "text",
    FieldType.NUMBER: "a number",
    FieldType.MONEY: "an amount",
    FieldType.INSTANT: "an instant",
    FieldType.FLAG: "true or false",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that no message can be made of. ``line``: 1-based, within the part; ``word``: what it is about;
    ``instead``: what safely stands in its place."""

    code: str  # of its rule, engine/rules.py
    message: str
    mend: str = ""
    line: int = 1
    word: str = ""
    part: str = "body"  # or the key of the front matter
    instead: str | None = None
    #: the stretch of the part that it is about, from and to; else the word is looked for on its line
    at: tuple[int, int] | None = None


class TemplateFault(ValueError):
    """A template that can never be rendered as it is written, with everything that is wrong with it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        first = faults[0]
        super().__init__(f"{first.message}: {first.mend}" if first.mend else first.message)
        self.faults = tuple(faults)


def faults(env: Environment, source: str, types: Mapping[str, FieldType], part: str) -> Iterator[Fault]:
    """What is wrong with a template as it is written, in the order of its kinds; nothing when it is sound.

    ``types``: dotted name -> type, for values that need a filter. Raises nothing for what ``source`` holds.
    """
    try:
        tree = env.parse(source)
    except TemplateSyntaxError as error:
        at = slip(error, source)
        yield Fault(code="RK601", message=at.message, mend=at.mend, line=at.line, word=at.word, part=part)
        return
    except (RecursionError, ValueError):  # nested too deep; a number of thousands of digits
        yield Fault(code="RK601", message="the template cannot be read", part=part)
        return
    shown, names = printed(env, source, tree), bound(tree)
    bare = [fault for each in shown for fault in _bare_values(each, source, types, names)]
    found = [*_unknown_filters(env, tree), *bare, *_misfits(tree, source, types, shown)]
    yield from (replace(fault, part=part) for fault in dict.fromkeys(found))


def _unknown_filters(env: Environment, tree: nodes.Template) -> Iterator[Fault]:
    for node in tree.find_all((nodes.Filter, nodes.Test)):
        what, known = ("filter", env.filters) if isinstance(node, nodes.Filter) else ("test", env.tests)
        if node.name not in known:
            message = f"unknown {what} '{node.name}'"
            yield Fault(code="RK603", message=message, line=node.lineno, word=node.name)


def _bare_values(shown: Printed, source: str, types: Kinds, names: Bound) -> Iterator[Fault]:
    """Instants and amounts that would be printed as the numbers they are kept as."""
    for leaf in leaves(shown.expr):
        wanted = _WRITTEN.get(kind(leaf, types, names) or FieldType.TEXT)
        if wanted is None:
            continue
        name = dotted(leaf) or ""
        sure = _filtered(leaf, shown, source, wanted) if leaf is shown.expr and name else None
        yield Fault(
            code="RK609",
            message=f"{name or _inner(leaf, types, names)} cannot be printed as it is",
            mend=_mend(leaf, shown, source, wanted),
            line=leaf.lineno,
            word=name,
            instead=sure,
            at=shown.at if sure else _within(shown.at, source, name),
        )


def _filtered(leaf: nodes.Node, shown: Printed, source: str, wanted: str) -> str:
    """The whole expression with its filter."""
    name = dotted(leaf)
    words = source[slice(*shown.at)] if shown.at else name or "..."
    if name:
        return f"{words} | {wanted}"
    whole = " | round | int" if list(leaf.find_all(nodes.Div)) or isinstance(leaf, nodes.Div) else ""
    return f"({words}){whole} | {wanted}"


def _mend(leaf: nodes.Node, shown: Printed, source: str, wanted: str) -> str:
    """What to write instead; what stands in for a missing value is kept."""
    name, whole = dotted(leaf), shown.expr
    if leaf is whole and not isinstance(leaf, nodes.Filter):
        return f"write {{{{ {_filtered(leaf, shown, source, wanted)} }}}}"
    if name is None:
        return f"put '| {wanted}' behind the amount or the instant itself"
    match whole:
        case nodes.Mod() | nodes.Filter(name="format"):
            return f"write {{{{ {name} | {wanted} }}}}"
        case nodes.Or(right=rest) | nodes.Filter(name="default" | "d", args=[rest, *_]) if leaf is not rest:
            other = f'"{rest.value}"' if isinstance(rest, nodes.Const) else dotted(rest) or "..."
            return f"write {{{{ {name} | {wanted} if {name} else {other} }}}}"
    return f"write '{name} | {wanted}' in its place"


def _inner(leaf: nodes.Node, types: Kinds, names: Bound) -> str:
    """The first value in a reckoning that is an amount or an instant."""
    inside = (dotted(node) for node in leaf.find_all((nodes.Getattr, nodes.Name)) if kind(node, types, names))
    return next((name for name in inside if name), "the value")


def _within(at: tuple[int, int] | None, source: str, name: str) -> tuple[int, int] | None:
    """Where the name stands in a stretch of the source; the whole stretch where that is not sure."""
    if at is None:
        return None
    pattern = r"\s*\.\s*".join(map(re.escape, name.split(".")))
    found = list(re.finditer(rf"(?<![\w.]){pattern}(?![\w.])", source[slice(*at)])) if name else []
    return (at[0] + found[0].start(), at[0] + found[0].end()) if len(found) == 1 else at


def _misfits(tree: nodes.Template, source: str, types: Kinds, shown: Sequence[Printed]) -> Iterator[Fault]:
    """Filters of ours over values of another type: an amount is no date."""
    places = {id(node): each.at for each in shown for node in each.filters()}
    for node in tree.find_all(nodes.Filter):
        wanted = _TAKES.get(node.name)
        if wanted is None or node.node is None:
            continue
        for leaf in leaves(node.node):
            name = dotted(leaf) or ""
            is_ = types.get(name)
            if is_ is not None and is_ is not wanted:
                right = _WRITTEN.get(is_)
                mend = f"write {{{{ {name} | {right} }}}}" if right else f"write {{{{ {name} }}}}"
                message = f"'{node.name}' takes {_A[wanted]}, and {name} is {_A[is_]}"
                at = _within(places.get(id(node)), source, name)
                yield Fault(code="RK609", message=message, mend=mend, line=leaf.lineno, word=name, at=at)
