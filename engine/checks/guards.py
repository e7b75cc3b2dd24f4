"""Names in a template, each with what the conditions around it have made sure of.

``{% if offer %}`` asks whether there is an offer, and inside it there is one: a template can serve steps with
and without. That is what rendering does too, where a missing value is false and cannot be printed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import nodes

#: whole names, and first words of names, that are there whatever happens
_Sure = frozenset[tuple[str, ...]]
_NOTHING: _Sure = frozenset()

#: comparisons that a missing value answers, on both sides or on the left; the others fail on it
_EQUALITY = frozenset({"eq", "ne"})
_ANSWERED = _EQUALITY | {"in", "notin"}


@dataclass(frozen=True, slots=True)
class Mention:
    """A dotted name that is read, whole: ``person.attributes.x`` once, not also ``person``."""

    line: int
    path: tuple[str, ...]
    asked: bool  # only whether it is there
    sure: bool  # a condition around it says that its root is there
    known: bool  # a condition around it says that it is there itself, or something stands in for it

    @property
    def guarded(self) -> bool:
        """True where the name does no harm when its root is not there."""
        return self.asked or self.sure

    @property
    def needed(self) -> bool:
        """True where the message fails for whom it is not known."""
        return not (self.asked or self.known)


def mentions(tree: nodes.Node) -> Iterator[Mention]:
    """Every name of a template, in the order written."""
    todo: list[tuple[nodes.Node, bool, _Sure]] = [(tree, False, _NOTHING)]
    while todo:
        node, asked, sure = todo.pop()
        path = _path(node)
        if path:
            yield Mention(node.lineno, path, asked, path[:1] in sure, len(path) > 1 and path in sure)
        else:
            todo += reversed(list(_below(node, asked, sure)))


def _below(node: nodes.Node, asked: bool, sure: _Sure) -> Iterator[tuple[nodes.Node, bool, _Sure]]:
    """What stands below a node: whether it is only asked for, and what is sure there."""
    match node:
        case nodes.If(test=test, body=body, elif_=others, else_=rest):
            yield test, True, sure
            yield from ((part, False, sure | _when(test, true=True)) for part in body)
            without = sure | _when(test, true=False)
            yield from ((part, False, without) for part in (*others, *rest))
        case nodes.CondExpr(test=test, expr1=yes, expr2=no):
            yield test, True, sure
            yield yes, asked, sure | _when(test, true=True)
            if no is not None:
                yield no, asked, sure | _when(test, true=False)
        case nodes.And(left=left, right=right):
            yield left, asked, sure
            yield right, asked, sure | _when(left, true=True)
        case nodes.Or(left=left, right=right):
            yield left, asked, sure | _values(left)
            yield right, asked, sure | _when(left, true=False)
        case nodes.Not(node=inner):
            yield inner, True, sure
        case nodes.Test(node=inner, name="defined" | "undefined" | "none"):
            yield inner, True, sure
        case nodes.Filter(node=nodes.Expr() as inner, name="default" | "d"):
            yield inner, False, sure | _values(inner)
            yield from ((part, False, sure) for part in node.iter_child_nodes() if part is not inner)
        case nodes.Compare(expr=left, ops=[nodes.Operand(op=op, expr=right)]) if op in _ANSWERED:
            yield left, False, sure | _values(left)
            yield right, False, sure | _values(right) if op in _EQUALITY else sure
        case _:
            yield from ((part, False, sure) for part in node.iter_child_nodes())


def _when(test: nodes.Node, *, true: bool) -> _Sure:
    """Names, and their roots, that are certainly there when a condition has come out so."""
    match test:
        case nodes.Not(node=inner):
            return _when(inner, true=not true)
        case nodes.And(left=left, right=right) if true:
            return _when(left, true=True) | _when(right, true=True)
        case nodes.Or(left=left, right=right) if not true:
            return _when(left, true=False) | _when(right, true=False)
        case nodes.Test(node=inner, name="defined"):
            return _when(inner, true=true)
        case nodes.Test(node=inner, name="undefined" | "none"):
            return _when(inner, true=not true)
    path = _path(test)
    return frozenset({path[:1], path}) if true and path else _NOTHING


def _values(node: nodes.Node) -> _Sure:
    """Whole names whose value may be missing here, because something stands in for it."""
    match node:
        case nodes.Or(left=left, right=right) | nodes.CondExpr(expr1=left, expr2=nodes.Expr() as right):
            return _values(left) | _values(right)
    path = _path(node)
    return frozenset({path}) if len(path) > 1 else _NOTHING


def _path(node: nodes.Node) -> tuple[str, ...]:
    """The names of a dotted name; empty for anything else."""
    match node:
        case nodes.Name(name=name, ctx="load"):
            return (str(name),)
        case (
            nodes.Getattr(node=inner, attr=attr) | nodes.Getitem(node=inner, arg=nodes.Const(value=str(attr)))
        ):
            before = _path(inner)
            return (*before, attr) if before else ()
    return ()
