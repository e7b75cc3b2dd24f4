"""What is wrong with a template as it is written, told with its line, before anybody is written to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from jinja2 import Environment, TemplateSyntaxError, nodes

from engine.fields import FieldType

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
        problem = (error.message or "this is not a template").rstrip(".")
        yield Fault(code="RK601", message=f"template syntax: {problem}", line=error.lineno, part=part)
        return
    except (RecursionError, ValueError):  # nested too deep; a number of thousands of digits
        yield Fault(code="RK601", message="the template cannot be read", part=part)
        return
    found = [*_unknown_filters(env, tree), *_bare_values(tree, types), *_misfits(tree, types)]
    yield from (replace(fault, part=part) for fault in dict.fromkeys(found))


def _unknown_filters(env: Environment, tree: nodes.Template) -> Iterator[Fault]:
    for node in tree.find_all((nodes.Filter, nodes.Test)):
        what, known = ("filter", env.filters) if isinstance(node, nodes.Filter) else ("test", env.tests)
        if node.name not in known:
            message = f"unknown {what} '{node.name}'"
            yield Fault(code="RK603", message=message, line=node.lineno, word=node.name)


def _bare_values(tree: nodes.Template, types: Mapping[str, FieldType]) -> Iterator[Fault]:
    """Instants and amounts that would be printed as the numbers they are kept as."""
    for output in tree.find_all(nodes.Output):
        for whole, leaf in ((printed, leaf) for printed in output.nodes for leaf in _leaves(printed)):
            name = dotted(leaf) or ""
            wanted = _WRITTEN.get(types.get(name, FieldType.TEXT))
            if wanted:
                mend = f"write {{{{ {name} | {wanted} }}}}"
                message = f"{name} cannot be printed as it is"
                sure = f"{name} | {wanted}" if leaf is whole else None  # beside an 'or' there is another way
                yield Fault(
                    code="RK609", message=message, mend=mend, line=leaf.lineno, word=name, instead=sure
                )


def _misfits(tree: nodes.Template, types: Mapping[str, FieldType]) -> Iterator[Fault]:
    """Filters of ours over values of another type: an amount is no date."""
    for node in tree.find_all(nodes.Filter):
        wanted = _TAKES.get(node.name)
        if wanted is None or node.node is None:
            continue
        for leaf in _leaves(node.node):
            name = dotted(leaf) or ""
            kind = types.get(name)
            if kind is not None and kind is not wanted:
                right = _WRITTEN.get(kind)
                mend = f"write {{{{ {name} | {right} }}}}" if right else f"write {{{{ {name} }}}}"
                message = f"'{node.name}' takes {_A[wanted]}, and {name} is {_A[kind]}"
                yield Fault(code="RK609", message=message, mend=mend, line=leaf.lineno, word=name)


def _leaves(node: nodes.Expr) -> Iterator[nodes.Expr]:
    """The expressions whose values may end up printed as they are."""
    match node:
        case nodes.Or(left=left, right=right) | nodes.And(left=left, right=right):
            yield from _leaves(left)
            yield from _leaves(right)
        case nodes.CondExpr(expr1=yes, expr2=no):
            yield from _leaves(yes)
            if no is not None:
                yield from _leaves(no)
        case nodes.Concat(nodes=parts):
            for part in parts:
                yield from _leaves(part)
        case nodes.Filter(node=inner, name="default" | "d", args=args) if inner is not None:
            for part in (inner, *args):
                yield from _leaves(part)
        case _:
            yield node


def dotted(node: nodes.Node) -> str | None:
    """``person.attributes.gap`` for the expression that says so, None for any other."""
    match node:
        case nodes.Name(name=name):
            return str(name)
        case (
            nodes.Getattr(node=inner, attr=attr) | nodes.Getitem(node=inner, arg=nodes.Const(value=str(attr)))
        ):
            before = dotted(inner)
            return f"{before}.{attr}" if before else None
    return None
