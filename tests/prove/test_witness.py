"""A witness is what it is said to be, and where there is none no person would do: against trying everybody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations, combinations_with_replacement, product
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from engine.facts import EventFact, NoteFact
from engine.fields import FieldType
from engine.model import DAY, Source
from engine.predicate import (
    OPS_OF,
    All,
    AnyOf,
    Compare,
    EventHappened,
    Not,
    NoteExists,
    Op,
    Predicate,
    holds,
)
from engine.witness import Undecided, witness

NOW = 1_772_463_600
HERE = Source("segments.yaml", 1)

_TYPES = {
    "attributes.n": FieldType.NUMBER,
    "purchases": FieldType.NUMBER,
    "attributes.t": FieldType.TEXT,
    "churned_at": FieldType.INSTANT,
    "attributes.f": FieldType.FLAG,
    "consent.sms": FieldType.TEXT,
}
#: constants of comparisons: few and near to each other, so that they meet
_NAMED: dict[str, Sequence[Any]] = {
    "attributes.n": (0, 1, 1.5, 2),
    "purchases": (0, 1, 1.5, 2),
    "attributes.t": ("", "a", "b", "ab", "aba"),
    "churned_at": tuple(NOW + n for n in (-3, -1, 0, 1)),
    "attributes.f": (True, False),
    "consent.sms": ("revoked", "express"),
}
_AGES = (0, 1, 2, 4)
#: everything a field may be, as far as constants like these can tell
_WORDS = ["", *("".join(w) for n in range(1, 6) for w in product("abx", repeat=n))]
_EVERY: dict[str, Sequence[Any]] = {
    "attributes.n": [None, *(n / 4 for n in range(-4, 16))],
    "purchases": [None, *range(-2, 5)],
    "attributes.t": [None, *_WORDS],
    "churned_at": [None, *range(NOW - 8, NOW + 4)],
    "attributes.f": [None, True, False],
    "consent.sms": [None, "revoked", "implied", "soft_opt_in", "express", "express_written"],
}


class Person:
    """A person of whom two things at most are set."""

    def __init__(self) -> None:
        self.fields: dict[str, Any] = {}
        self.events: Sequence[EventFact] = ()
        self.notes: Sequence[NoteFact] = ()

    def value(self, field: str) -> Any:
        return self.fields.get(field)


@st.composite
def comparisons(draw: st.DrawFn, name: str) -> Compare:
    op = draw(st.sampled_from(sorted(OPS_OF[_TYPES[name]])))
    value: Any = draw(st.sampled_from(_NAMED[name]))
    if op in (Op.MISSING, Op.PRESENT):
        value = None
    elif op in (Op.IN, Op.NOT_IN):
        value = tuple(draw(st.lists(st.sampled_from(_NAMED[name]), min_size=1, max_size=3)))
    elif op in (Op.OLDER_THAN, Op.NEWER_THAN):
        value = draw(st.sampled_from(_AGES))
    return Compare(name, _TYPES[name], op, value, HERE)


_COUNTS = st.sampled_from([Op.AT_LEAST, Op.AT_MOST, Op.MORE_THAN, Op.LESS_THAN, Op.EQUALS])
_WITHIN = st.none() | st.sampled_from([1, 2, 4])
_happened = st.builds(
    EventHappened, st.just("clicked"), _WITHIN, _COUNTS, st.integers(0, 2), source=st.just(HERE)
)
_noted = st.builds(NoteExists, st.just("discount"), st.none() | st.booleans(), _WITHIN, st.just(HERE))


def _leaves(thing: str) -> st.SearchStrategy[Predicate]:
    return {"event": _happened, "note": _noted}[thing] if thing in ("event", "note") else comparisons(thing)


def _grown(inner: st.SearchStrategy[Predicate]) -> st.SearchStrategy[Predicate]:
    several = st.lists(inner, max_size=3).map(tuple)
    return st.builds(All, of=several) | st.builds(AnyOf, of=several) | st.builds(Not, of=inner)


@st.composite
def questions(draw: st.DrawFn) -> tuple[list[str], list[Predicate], list[Predicate]]:
    """Two things about people, and what is wanted and unwanted of them."""
    things = draw(st.lists(st.sampled_from([*_TYPES, "event", "note"]), min_size=1, max_size=2, unique=True))
    predicate = st.recursive(st.one_of(*map(_leaves, things)), _grown, max_leaves=5)
    wanted = draw(st.lists(predicate, min_size=1, max_size=2))
    return things, wanted, draw(st.lists(predicate, max_size=2))


def _everybody(things: Sequence[str], since: int | None) -> Iterable[Person]:
    for ways in product(*(_ways(thing) for thing in things)):
        person = Person()
        for thing, way in zip(things, ways, strict=True):
            if thing == "event":
                person.events = [EventFact(n, "clicked", at, {}) for n, at in enumerate(way)]
            elif thing == "note":
                person.notes = way
            else:
                person.fields[thing] = way
        yield person


def _ways(thing: str) -> Iterable[Any]:
    if thing == "event":
        moments = range(NOW - 5, NOW + 1)
        return [c for n in range(5) for c in combinations_with_replacement(moments, n)]
    if thing == "note":
        each = [NoteFact("discount", NOW - a, c) for a in (0, 1, 3, 5) for c in (None, NOW)]
        return [c for n in range(4) for c in combinations(each, n)]
    return _EVERY[thing]


@settings(max_examples=80, derandomize=True, deadline=None, database=None)
@given(question=questions(), since=st.none() | st.sampled_from([NOW, NOW - 1, NOW - 3]))
def test_a_witness_is_found_exactly_where_somebody_would_do(
    question: tuple[list[str], list[Predicate], list[Predicate]], since: int | None
) -> None:
    things, wanted, unwanted = question

    def fits(person: Any) -> bool:
        return all(holds(p, person, NOW, since=since) for p in wanted) and not any(
            holds(p, person, NOW, since=since) for p in unwanted
        )

    found = witness(wanted, unwanted, now=NOW, since=since)
    if found is None:
        assert not any(map(fits, _everybody(things, since)))
    else:
        assert fits(found.facts())


def _of(field: str, op: Op, value: Any = None) -> Compare:
    types = {"churned_at": FieldType.INSTANT, "purchases": FieldType.NUMBER, "created_at": FieldType.INSTANT}
    return Compare(field, types.get(field, FieldType.TEXT), op, value, HERE)


def test_the_witness_is_plain() -> None:
    churned = All(
        (_of("status_at_last_touch", Op.EQUALS, "churned"), _of("churned_at", Op.OLDER_THAN, 30 * DAY))
    )
    either = AnyOf((All((churned, _of("product", Op.PRESENT))), _of("purchases", Op.AT_LEAST, 5)))
    found = witness([either], now=NOW)
    assert found is not None
    assert found.fields == {"purchases": 5}

    found = witness([churned], [_of("churned_at", Op.OLDER_THAN, 90 * DAY)], now=NOW)
    assert found is not None
    assert found.fields == {"status_at_last_touch": "churned", "churned_at": NOW - 60 * DAY}


def test_the_smallest_person_has_nothing() -> None:
    found = witness([], [_of("product", Op.PRESENT), Not(_of("title", Op.EQUALS, "boss"))], now=NOW)
    assert found is not None
    assert (found.fields, found.consents, found.events, found.notes) == ({}, {}, (), ())


def test_a_closed_list_leaves_nothing_else() -> None:
    neither = All((_of("loss_reason", Op.PRESENT), _of("loss_reason", Op.NOT_IN, ("price", "gap"))))
    assert witness([neither], now=NOW) is not None
    assert witness([neither], now=NOW, values={"loss_reason": ["price", "gap"]}) is None


def test_a_row_always_says_when_it_was_made() -> None:
    assert witness([_of("created_at", Op.MISSING)], now=NOW) is None
    assert witness([_of("created_at", Op.NEWER_THAN, 0)], now=NOW) is None


def test_what_is_too_large_is_not_decided() -> None:
    many = EventHappened("clicked", None, Op.AT_LEAST, 1_000_000, HERE)
    with pytest.raises(Undecided, match="clicked is counted up to 1000000 times"):
        witness([many], now=NOW)
    parity = [
        AnyOf((All((_of(a, Op.PRESENT), _of(b, Op.PRESENT))), All((_of(a, Op.MISSING), _of(b, Op.MISSING)))))
        for a, b in combinations(("company", "title", "product", "language"), 2)
    ]
    with pytest.raises(Undecided, match="too many ways"):
        witness(parity, parity, now=NOW, effort=5)
