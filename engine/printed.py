"""What a template prints: each ``{{ ... }}`` with its place, and the expressions whose values may end up in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from jinja2 import Environment, nodes

from engine.fields import FieldType

#: filters that leave a number the number it is
_NUMERIC = frozenset({"round", "int", "float", "abs", "string"})
#: who divides an amount by these makes units of its cents, and means to
_CENTS = frozenset({100, 1_000})

Kinds = Mapping[str, FieldType]
#: what the template itself sets, once: name -> value
Bound = Mapping[str, nodes.Node]


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """An expression that is printed, and what of the source it is: ``source[at[0]:at[1]]``."""

    expr: nodes.Expr
    at: tuple[int, int] | None

    def filters(self) -> Iterator[nodes.Filter]:
        """Every filter in it."""
        if isinstance(self.expr, nodes.Filter):
            yield self.expr
        yield from self.expr.find_all(nodes.Filter)


def printed(env: Environment, source: str, tree: nodes.Template) -> list[Printed]:
    """Everything a template prints, in the order written. Without places where they cannot be told."""
    outputs = tree.find_all(nodes.Output)
    shown = [expr for output in outputs for expr in output.nodes if not isinstance(expr, nodes.TemplateData)]
    places: list[tuple[int, int] | None] = list(_places(env, source))
    if len(places) != len(shown):
        places = [None] * len(shown)
    return [Printed(expr=expr, at=at) for expr, at in zip(shown, places, strict=True)]


def _places(env: Environment, source: str) -> Iterator[tuple[int, int]]:
    """What stands between ``{{`` and ``}}``, blanks left out."""
    at, first = 0, 0
    for _, kind, text in env.lex(source):
        found = source.find(text, at)  # Jinja leaves out blanks beside {%- and -%}
        start = found if found >= 0 else at
        at = start + len(text)
        if kind == "variable_begin":
            first = at
        elif kind == "variable_end":
            inside = source[first:start]
            yield first + len(inside) - len(inside.lstrip()), start - len(inside) + len(inside.rstrip())


def bound(tree: nodes.Template) -> dict[str, nodes.Node]:
    """Names that are set in one place only, so that they are what they are set to."""
    stored = [name.name for name in tree.find_all(nodes.Name) if name.ctx in ("store", "param")]
    return {
        assign.target.name: assign.node
        for assign in tree.find_all(nodes.Assign)
        if isinstance(assign.target, nodes.Name) and stored.count(assign.target.name) == 1
    }


def leaves(node: nodes.Node) -> Iterator[nodes.Node]:
    """The expressions whose values may end up printed as they are."""
    match node:
        case nodes.Or(left=left, right=right) | nodes.And(left=left, right=right):
            yield from leaves(left)
            yield from leaves(right)
        case nodes.CondExpr(expr1=yes, expr2=no):
            yield from leaves(yes)
            if no is not None:
                yield from leaves(no)
        case nodes.Concat(nodes=parts):
            for part in parts:
                yield from leaves(part)
        case nodes.Filter(node=inner, name="default" | "d", args=args) if inner is not None:
            for part in (inner, *args):
                yield from leaves(part)
        case nodes.Filter(node=nodes.Const(value=str()), name="format", args=args):
            for part in args:
                yield from leaves(part)
        case nodes.Mod(left=nodes.Const(value=str()), right=right):
            yield from leaves(right)
        case _:
            yield node


def kind(node: nodes.Node | None, types: Kinds, names: Bound) -> FieldType | None:
    """The type of a value, reckoned through filters, arithmetic and what the template sets; None where it is open."""
    name = dotted(node) if node is not None else None
    if name and name in types:
        return types[name]
    match node:
        case nodes.Name(name=own) if own in names:
            others = {other: value for other, value in names.items() if other != own}
            return next(filter(None, (kind(leaf, types, others) for leaf in leaves(names[own]))), None)
        case nodes.Const(value=int() | float()):
            return FieldType.NUMBER
        case nodes.Filter(node=inner, name=filter_) if filter_ in _NUMERIC:
            return kind(inner, types, names)
        case nodes.Neg(node=inner) | nodes.Pos(node=inner):
            return kind(inner, types, names)
        case nodes.BinExpr(left=left, right=right):
            return _reckoned(node, kind(left, types, names), kind(right, types, names))
    return None


def _reckoned(node: nodes.BinExpr, left: FieldType | None, right: FieldType | None) -> FieldType | None:
    """What arithmetic makes of two types; None where it makes something else of them: a share, a length of time."""
    money, instant, number = FieldType.MONEY, FieldType.INSTANT, FieldType.NUMBER
    match node:
        case nodes.Add() | nodes.Sub() if left is money and right in (money, number):
            return money
        case nodes.Add() | nodes.Sub() if left is instant and right is number:
            return instant
        case nodes.Add() if left is number and right in (money, instant):
            return right
        case nodes.Mul() if {left, right} == {money, number}:
            return money
        case nodes.Div() | nodes.FloorDiv() if left is money and right is number:
            is_cents = isinstance(node.right, nodes.Const) and node.right.value in _CENTS
            return None if is_cents else money
        case nodes.BinExpr() if left is number and right is number:
            return number
    return None


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
