"""Declared values in a reader's words: durations as YAML writes them, predicates on one line."""

from __future__ import annotations

from typing import Any

from babel import Locale

from engine.clock import utc
from engine.fields import FieldType
from engine.predicate import All, AnyOf, Compare, EventHappened, Leaf, Not, NoteExists, Op, Predicate
from engine.wording import money

_ENGLISH = Locale("en", "US")

_COMPARISONS = {
    Op.EQUALS: "is",
    Op.NOT_EQUALS: "is not",
    Op.IN: "is one of",
    Op.NOT_IN: "is none of",
    Op.MISSING: "is missing",
    Op.PRESENT: "is there",
}


def duration(seconds: int) -> str:
    """The largest unit that divides it: ``7d``, ``36h``; ``0d`` for none."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def in_words(predicate: Predicate, currency: str) -> str:
    """The whole predicate on one line; ``currency`` is the one its money is in."""
    match predicate:
        case All(of):
            return _joined(of, " and ", currency) or "everyone"
        case AnyOf(of):
            return _joined(of, " or ", currency) or "nobody"
        case Not(of):
            return f"not ({in_words(of, currency)})"
        case _:
            return _leaf(predicate, currency)


def _joined(of: tuple[Predicate, ...], word: str, currency: str) -> str:
    if len(of) == 1:
        return in_words(of[0], currency)
    return word.join(
        f"({in_words(p, currency)})"
        if isinstance(p, All | AnyOf) and len(p.of) > 1
        else in_words(p, currency)
        for p in of
    )


def _leaf(leaf: Leaf, currency: str) -> str:
    match leaf:
        case Compare():
            return _comparison(leaf, currency)
        case EventHappened():
            often = (
                "" if (leaf.op, leaf.times) == (Op.AT_LEAST, 1) else f" {_words(leaf.op)} {leaf.times} times"
            )
            return f"event {leaf.name}{often}{_within(leaf.within)}"
        case NoteExists():
            state = {None: "", True: "open ", False: "closed "}[leaf.open]
            return f"{state}note {leaf.kind}{_within(leaf.within)}"


def _comparison(leaf: Compare, currency: str) -> str:
    words = f"{leaf.field} {_words(leaf.op)}"
    if leaf.op in (Op.MISSING, Op.PRESENT):
        return words
    if leaf.op in (Op.OLDER_THAN, Op.NEWER_THAN):
        return f"{words} {duration(leaf.value)}"
    values = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
    return f"{words} {', '.join(_value(v, leaf.type, currency) for v in values)}"


def _value(value: Any, type_: FieldType, currency: str) -> str:
    match type_:
        case FieldType.MONEY:
            return money(value, currency, _ENGLISH)
        case FieldType.INSTANT:
            return utc(value).date().isoformat()
        case FieldType.FLAG:
            return str(value).lower()
        case _:
            return str(value)


def _words(op: Op) -> str:
    return _COMPARISONS.get(op, op.replace("_", " "))


def _within(seconds: int | None) -> str:
    return "" if seconds is None else f" within {duration(seconds)}"
