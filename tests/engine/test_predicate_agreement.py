"""A predicate has one meaning, told twice. Here the two tellings meet: random predicates, random people."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count
from typing import Any, cast

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import delete, insert, select

from engine.facts import Facts
from engine.fields import PERSON_FIELDS, FieldType
from engine.gather import Scope, gather
from engine.model import CHANNELS, Source
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
    events_of,
    holds,
)
from engine.predicate_sql import PERSON, to_sql
from state.store import Store
from state.tables import Consent, Event, Note
from state.testing import DIALECTS, database

NOW = 1_772_463_600
DAY = 86_400
HERE = Source("segments.yaml", 1)
_CONSENT, _EVENT, _NOTE = (cast(Any, t).__table__ for t in (Consent, Event, Note))

#: declared attributes of every type
ATTRIBUTES = {
    "t": FieldType.TEXT,
    "n": FieldType.NUMBER,
    "m": FieldType.MONEY,
    "i": FieldType.INSTANT,
    "f": FieldType.FLAG,
}
FIELDS: dict[str, FieldType] = {
    **PERSON_FIELDS,
    **{f"attributes.{name}": type_ for name, type_ in ATTRIBUTES.items()},
    **{f"consent.{channel}": FieldType.TEXT for channel in CHANNELS},
}
EVENTS = ("replied", "clicked", "page viewed")
NOTES = ("escalation", "discount")
CONSENTS = ("revoked", "implied", "soft_opt_in", "express", "express_written")

# few values, so that predicates and people meet; each one is there because some database once read it otherwise
TEXTS = (
    "",
    "a",
    "A",
    "ab",
    "aB%",
    "%",
    "_",
    "é",
    "É",
    "e\u0301",
    "ß",
    "ss",
    " a",
    "1",
    "1.0",
    "true",
    "null",
    "'",
    '"',
    "\\",
    "None",
    "I",
    "ı",
    "😀",
    "express",
    "revoked",
)
NUMBERS = (0, 1, -1, 2, 3.5, 0.1, 1e10, -2.5, 7, 2**31, 2**53)
WHOLE = (0, 1, 2, 3, 7, -1, 2**31, 2**62)
AGES = (0, 1, 3600, DAY - 1, DAY, DAY + 1, 30 * DAY, 400 * DAY)
MONEY = (0, 1, 100, 499_999, 500_000, 500_001, 2**40)


def _instants() -> st.SearchStrategy[int]:
    return st.sampled_from([NOW - age for age in AGES] + [NOW + 1, NOW + DAY])


def values(name: str) -> st.SearchStrategy[Any]:
    """A value of a field, in the store's units."""
    match FIELDS[name]:
        case FieldType.TEXT:
            return st.sampled_from(CONSENTS if name.startswith("consent.") else TEXTS)
        case FieldType.NUMBER:
            return st.sampled_from(NUMBERS if name.startswith("attributes.") else WHOLE)
        case FieldType.MONEY:
            return st.sampled_from(MONEY)
        case FieldType.INSTANT:
            return _instants()
        case FieldType.FLAG:
            return st.booleans()


@st.composite
def comparisons(draw: st.DrawFn) -> Compare:
    name = draw(st.sampled_from(sorted(FIELDS)) | st.sampled_from([f for f in sorted(FIELDS) if "." in f]))
    type_ = FIELDS[name]
    op = draw(st.sampled_from(sorted(OPS_OF[type_])))
    if op in (Op.MISSING, Op.PRESENT):
        value: Any = None
    elif op in (Op.IN, Op.NOT_IN):
        value = tuple(draw(st.lists(values(name), min_size=1, max_size=3)))
    elif op in (Op.OLDER_THAN, Op.NEWER_THAN):
        value = draw(st.sampled_from(AGES))
    elif type_ is FieldType.NUMBER:
        value = draw(st.sampled_from(NUMBERS))
    else:
        value = draw(values(name))
    return Compare(name, type_, op, value, HERE)


happenings = st.builds(
    EventHappened,
    name=st.sampled_from([*EVENTS, "never"]),
    within=st.none() | st.sampled_from([a for a in AGES if a]),
    op=st.sampled_from([Op.AT_LEAST, Op.AT_MOST, Op.MORE_THAN, Op.LESS_THAN, Op.EQUALS]),
    times=st.integers(0, 3),
    source=st.just(HERE),
)
noted = st.builds(
    NoteExists,
    kind=st.sampled_from([*NOTES, "never"]),
    open=st.none() | st.booleans(),
    within=st.none() | st.sampled_from([a for a in AGES if a]),
    source=st.just(HERE),
)


def _grown(inner: st.SearchStrategy[Predicate]) -> st.SearchStrategy[Predicate]:
    several = st.lists(inner, max_size=3).map(tuple)
    return st.builds(All, of=several) | st.builds(AnyOf, of=several) | st.builds(Not, of=inner)


predicates: st.SearchStrategy[Predicate] = st.recursive(
    comparisons() | happenings | noted, _grown, max_leaves=6
)


@st.composite
def people(draw: st.DrawFn) -> dict[str, Any]:
    """One person with consents, events and notes; most fields missing."""
    columns = {
        n: draw(st.none() | values(n))
        for n in draw(st.sets(st.sampled_from(sorted(PERSON_FIELDS)), max_size=12))
    }
    columns.pop("created_at", None)
    # what an earlier declaration of an attribute let in may be of any type, and JSON has more than ours
    strange = st.sampled_from([5, 2.5, "5", "five", True, False, [], {}, [1], ""])
    attributes = {
        n: draw(st.none() | values(f"attributes.{n}") | strange)
        for n in draw(st.sets(st.sampled_from(sorted(ATTRIBUTES))))
    }
    return {
        "columns": columns,
        "attributes": attributes,
        "consents": draw(
            st.lists(
                st.tuples(st.sampled_from(CHANNELS[:3]), st.sampled_from(CONSENTS), _instants()), max_size=4
            )
        ),
        "events": draw(st.lists(st.tuples(st.sampled_from(EVENTS), _instants()), max_size=4)),
        "notes": draw(
            st.lists(st.tuples(st.sampled_from(NOTES), _instants(), st.none() | _instants()), max_size=3)
        ),
    }


@pytest.fixture(params=DIALECTS, scope="module")
def shared_store(request: pytest.FixtureRequest) -> Iterator[Store]:
    with database(request.param) as url:
        store = Store.open(url)
        yield store
        store.close()


def _put(conn: Any, crowd: list[dict[str, Any]]) -> None:
    ids = count(1)
    for identity, person in enumerate(crowd, 1):
        fixed = {"identity_id": identity, "created_at": NOW - DAY, "updated_at": NOW}
        conn.execute(insert(PERSON).values(**fixed, **person["columns"], attributes=person["attributes"]))
        for channel, kind, at in person["consents"]:
            n = next(ids)
            conn.execute(
                insert(_CONSENT).values(
                    identity_id=identity,
                    id=n,
                    channel=channel,
                    type=kind,
                    at=at,
                    recorded_at=at,
                    source="t",
                    key=f"c{n}",
                )
            )
        for name, at in person["events"]:
            n = next(ids)
            conn.execute(
                insert(_EVENT).values(
                    identity_id=identity,
                    id=n,
                    name=name,
                    at=at,
                    received_at=at,
                    source="t",
                    key=f"e{n}",
                    data={},
                )
            )
        for kind, opened, closed in person["notes"]:
            n = next(ids)
            conn.execute(
                insert(_NOTE).values(
                    identity_id=identity,
                    id=n,
                    kind=kind,
                    opened_at=opened,
                    closed_at=closed,
                    source="t",
                    key=f"n{n}",
                )
            )


def _facts(conn: Any, size: int, predicates_: list[Predicate]) -> dict[int, Facts]:
    scope = Scope(events_of(*predicates_), 0, reviews=False)
    return gather(conn, scope, range(1, size + 1), NOW)


@settings(
    max_examples=int(os.environ.get("REKINDLE_SOAK_EXAMPLES", "40")),
    derandomize="REKINDLE_SOAK_EXAMPLES" not in os.environ,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(crowd=st.lists(people(), min_size=1, max_size=6), asked=st.lists(predicates, min_size=1, max_size=12))
def test_sql_takes_exactly_those_python_takes(
    shared_store: Store, crowd: list[dict[str, Any]], asked: list[Predicate]
) -> None:
    with shared_store.engine.connect() as conn:
        transaction = conn.begin()
        for table in (_CONSENT, _EVENT, _NOTE, PERSON):
            conn.execute(delete(table))
        _put(conn, crowd)
        facts = _facts(conn, len(crowd), asked)
        for predicate in asked:
            by_sql = {r[0] for r in conn.execute(select(PERSON.c.identity_id).where(to_sql(predicate, NOW)))}
            in_python = {identity for identity, person in facts.items() if holds(predicate, person, NOW)}
            assert by_sql == in_python, predicate
        transaction.rollback()
