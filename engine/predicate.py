"""One predicate language with one meaning, told twice: here for one person, in ``predicate_sql`` for
populations.

Logic is three-valued, as in SQL: a comparison with a missing value is *unknown* (None), its negation is
unknown too, and a person is taken only where the whole is True. ``is: missing`` and ``is: present`` are
always known. A property test holds both meanings together.

Values in a compiled predicate are already in the store's units: instants and durations in seconds, money in
minor units, text as written, flags as bool.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from engine.fields import FieldType

if TYPE_CHECKING:
    from engine.model import Source


class Op(StrEnum):
    """Comparisons, spelt as in YAML."""

    EQUALS = "equals"
    NOT_EQUALS = "not_equals"
    IN = "in"
    NOT_IN = "not_in"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    MORE_THAN = "more_than"
    LESS_THAN = "less_than"
    OLDER_THAN = "older_than"  # the instant lies at least so long ago
    NEWER_THAN = "newer_than"  # the instant lies less long ago, or ahead
    BEFORE = "before"
    AFTER = "after"  # at or after
    CONTAINS = "contains"  # letter for letter
    MISSING = "missing"
    PRESENT = "present"


_EVERY = {Op.MISSING, Op.PRESENT}
_EQUAL = {Op.EQUALS, Op.NOT_EQUALS, Op.IN, Op.NOT_IN}
_ORDER = {Op.AT_LEAST, Op.AT_MOST, Op.MORE_THAN, Op.LESS_THAN}

#: which comparisons make sense for which type of field
OPS_OF: dict[FieldType, frozenset[Op]] = {
    FieldType.TEXT: frozenset(_EVERY | _EQUAL | {Op.CONTAINS}),
    FieldType.NUMBER: frozenset(_EVERY | _EQUAL | _ORDER),
    FieldType.MONEY: frozenset(_EVERY | _EQUAL | _ORDER),
    FieldType.INSTANT: frozenset(_EVERY | {Op.OLDER_THAN, Op.NEWER_THAN, Op.BEFORE, Op.AFTER}),
    FieldType.FLAG: frozenset(_EVERY | {Op.EQUALS, Op.NOT_EQUALS}),
}


@dataclass(frozen=True, slots=True)
class Compare:
    """A person's field against a value. ``field`` is a column, ``attributes.x`` or ``consent.<channel>``.

    ``value`` is a tuple for ``in`` and ``not_in``, None for ``missing`` and ``present``.
    """

    field: str
    type: FieldType
    op: Op
    value: Any
    source: Source


@dataclass(frozen=True, slots=True)
class EventHappened:
    """How often an event happened: ``times op n`` within the last ``within`` seconds (None: ever).

    On a campaign's steps and exits only events since entry count.
    """

    name: str
    within: int | None
    op: Op  # AT_LEAST AT_MOST MORE_THAN LESS_THAN EQUALS
    times: int
    source: Source


@dataclass(frozen=True, slots=True)
class NoteExists:
    """Is there a note of that kind; ``open`` True or False narrows it to open or closed ones."""

    kind: str
    open: bool | None
    within: int | None  # opened so recently
    source: Source


@dataclass(frozen=True, slots=True)
class All:
    """Every one holds."""

    of: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one holds."""

    of: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """It does not hold; unknown stays unknown."""

    of: Predicate


Leaf = Compare | EventHappened | NoteExists
Predicate = Leaf | All | AnyOf | Not

#: what is always true
ALWAYS: Predicate = All(())


class EventLike(Protocol):
    """The part of an event a predicate looks at."""

    @property
    def name(self) -> str: ...
    @property
    def at(self) -> int: ...


class NoteLike(Protocol):
    """The part of a note a predicate looks at."""

    @property
    def kind(self) -> str: ...
    @property
    def opened_at(self) -> int: ...
    @property
    def closed_at(self) -> int | None: ...


class Subject(Protocol):
    """One person, as a predicate sees them."""

    def value(self, field: str) -> Any:
        """The field's value, or None when it is missing."""
        ...

    @property
    def events(self) -> Sequence[EventLike]: ...
    @property
    def notes(self) -> Sequence[NoteLike]: ...


Truth = bool | None
#: (subject, now, since) -> truth; events before ``since`` are not looked at
Test = Callable[[Subject, int, int | None], Truth]


def holds(predicate: Predicate, subject: Subject, now: int, *, since: int | None = None) -> bool:
    """True where the whole predicate is true of ``subject`` at ``now``; unknown is not true."""
    return tested(predicate)(subject, now, since) is True


@lru_cache(maxsize=4096)
def tested(predicate: Predicate) -> Test:
    """The predicate as a function; compiled once and kept."""
    match predicate:
        case All(of):
            return _all([tested(p) for p in of])
        case AnyOf(of):
            return _any([tested(p) for p in of])
        case Not(of):
            return _not(tested(of))
        case Compare():
            return _compare(predicate)
        case EventHappened():
            return _event(predicate)
        case NoteExists():
            return _note(predicate)


def _all(tests: list[Test]) -> Test:
    def test(s: Subject, now: int, since: int | None) -> Truth:
        result: Truth = True
        for t in tests:
            truth = t(s, now, since)
            if truth is False:
                return False
            if truth is None:
                result = None
        return result

    return test


def _any(tests: list[Test]) -> Test:
    def test(s: Subject, now: int, since: int | None) -> Truth:
        result: Truth = False
        for t in tests:
            truth = t(s, now, since)
            if truth is True:
                return True
            if truth is None:
                result = None
        return result

    return test


def _not(inner: Test) -> Test:
    def test(s: Subject, now: int, since: int | None) -> Truth:
        truth = inner(s, now, since)
        return None if truth is None else not truth

    return test


#: (value, wanted, now) -> truth, for a value that is there
_COMPARISONS: dict[Op, Callable[[Any, Any, int], bool]] = {
    Op.EQUALS: lambda v, w, now: v == w,
    Op.NOT_EQUALS: lambda v, w, now: v != w,
    Op.IN: lambda v, w, now: v in w,
    Op.NOT_IN: lambda v, w, now: v not in w,
    Op.AT_LEAST: lambda v, w, now: v >= w,
    Op.AT_MOST: lambda v, w, now: v <= w,
    Op.MORE_THAN: lambda v, w, now: v > w,
    Op.LESS_THAN: lambda v, w, now: v < w,
    Op.OLDER_THAN: lambda v, w, now: v <= now - w,
    Op.NEWER_THAN: lambda v, w, now: v > now - w,
    Op.BEFORE: lambda v, w, now: v < w,
    Op.AFTER: lambda v, w, now: v >= w,
    Op.CONTAINS: lambda v, w, now: w in v,
}


#: what a value of each type is made of. An attribute can hold what an earlier declaration let in: a value of
#: another type is as good as none
_MADE_OF: dict[FieldType, tuple[type, ...]] = {
    FieldType.TEXT: (str,),
    FieldType.NUMBER: (int, float),
    FieldType.MONEY: (int, float),
    FieldType.INSTANT: (int, float),
    FieldType.FLAG: (bool,),
}


def _compare(leaf: Compare) -> Test:
    field, wanted, made_of = leaf.field, leaf.value, _MADE_OF[leaf.type]
    flag = leaf.type is FieldType.FLAG

    def value_of(s: Subject) -> Any:
        value = s.value(field)
        return value if isinstance(value, made_of) and isinstance(value, bool) is flag else None

    if leaf.op is Op.MISSING:
        return lambda s, now, since: value_of(s) is None
    if leaf.op is Op.PRESENT:
        return lambda s, now, since: value_of(s) is not None
    compare = _COMPARISONS[leaf.op]

    def test(s: Subject, now: int, since: int | None) -> Truth:
        value = value_of(s)
        return None if value is None else compare(value, wanted, now)

    return test


def _event(leaf: EventHappened) -> Test:
    compare = _COMPARISONS[leaf.op]

    def test(s: Subject, now: int, since: int | None) -> Truth:
        after = -1 if leaf.within is None else now - leaf.within
        count = sum(
            1
            for e in s.events
            if e.name == leaf.name and after < e.at <= now and (since is None or e.at >= since)
        )
        return compare(count, leaf.times, now)

    return test


def _note(leaf: NoteExists) -> Test:
    def test(s: Subject, now: int, since: int | None) -> Truth:
        return any(
            n.kind == leaf.kind
            and n.opened_at <= now
            and (leaf.within is None or n.opened_at > now - leaf.within)
            and (leaf.open is None or leaf.open == (n.closed_at is None or n.closed_at > now))
            for n in s.notes
        )

    return test


def leaves(predicate: Predicate) -> Iterator[Leaf]:
    """Every leaf, in the order written."""
    match predicate:
        case All(of) | AnyOf(of):
            for inner in of:
                yield from leaves(inner)
        case Not(of):
            yield from leaves(of)
        case _:
            yield predicate


def parts(predicate: Predicate) -> tuple[Predicate, ...]:
    """What a predicate is made of; a leaf of nothing."""
    match predicate:
        case All(of) | AnyOf(of):
            return of
        case Not(of):
            return (of,)
        case _:
            return ()


def fields_of(*predicates: Predicate | None) -> frozenset[str]:
    """Names of the fields the predicates look at."""
    return frozenset(leaf.field for p in predicates if p for leaf in leaves(p) if isinstance(leaf, Compare))


def events_of(*predicates: Predicate | None) -> frozenset[str]:
    """Names of the events the predicates look at."""
    return frozenset(
        leaf.name for p in predicates if p for leaf in leaves(p) if isinstance(leaf, EventHappened)
    )
