"""Names in a template, each with what the conditions around it have made sure of.

``{% if offer %}`` asks whether there is an offer, and inside it there is one: a template can serve steps with
and without. That is what rendering does too, where a missing value is false and cannot be printed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import nodes

_Sure = frozenset[str]
_NOTHING: _Sure = frozenset()


@dataclass(frozen=True, slots=True)
class Mention:
    """A dotted name that is read, whole: ``person.attributes.x`` once, not also ``person``."""

    line: int
    path: tuple[str, ...]
    asked: bool  # only whether it is there
    sure: bool  # a condition around it says that its root is there

    @property
    def guarded(self) -> bool:
        """True where the name does no harm when its root is not there."""
        return self.asked or self.sure


def mentions(tree: nodes.Node) -> Iterator[Mention]:
    """Every name of a template, in the order written."""
    todo: list[tuple[nodes.Node, bool, _Sure]] = [(tree, False, _NOTHING)]
    while todo:
        node, asked, sure = todo.pop()
        path = _path(node)
        if path:
            yield Mention(node.lineno, path, asked, path[0] in sure)
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
            yield left, asked, sure
            yield right, asked, sure | _when(left, true=False)
        case nodes.Not(node=inner):
            yield inner, True, sure
        case nodes.Test(node=inner, name="defined" | "undefined" | "none"):
            yield inner, True, sure
        case _:
            yield from ((part, False, sure) for part in node.iter_child_nodes())


def _when(test: nodes.Node, *, true: bool) -> _Sure:
    """Roots that are certainly there when a condition has come out so."""
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
    return frozenset(path[:1]) if true and path else _NOTHING


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
