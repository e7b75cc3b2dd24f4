"""What lint says of audiences against trying everybody, and against the importer and the enrolment themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from engine.app import App
from engine.facts import Facts
from engine.fields import FieldType
from engine.lint.overlaps import overlaps
from engine.lint.someone import Crowd
from engine.model import DAY, Project, SegmentDef, Source
from engine.predicate import All, AnyOf, Compare, Not, Op, Predicate, holds
from engine.sources import read_source
from engine.testfile import DEFAULT_NOW
from engine.witness import Witness
from state.store import Store
from state.testing import database
from tests.engine.building import open_files
from tests.language.support import load, small
from tests.lint.support import codes, lint

HERE = Source("segments.yaml", 1)
PROJECT = load(small()).require()


def _leaf(field: str, type_: FieldType, op: Op, value: object) -> Compare:
    return Compare(field, type_, op, value, HERE)


_AGES, _DATES = (0, 5 * DAY, 30 * DAY), (DEFAULT_NOW, DEFAULT_NOW - 10 * DAY, DEFAULT_NOW + 20 * DAY)
_LEAVES: st.SearchStrategy[Predicate] = st.one_of(
    st.builds(
        lambda field, op, age: _leaf(field, FieldType.INSTANT, op, age),
        st.sampled_from(["closed_at", "churned_at"]),
        st.sampled_from([Op.OLDER_THAN, Op.NEWER_THAN]),
        st.sampled_from(_AGES),
    ),
    st.builds(
        lambda op, date: _leaf("closed_at", FieldType.INSTANT, op, date),
        st.sampled_from([Op.BEFORE, Op.AFTER]),
        st.sampled_from(_DATES),
    ),
    st.builds(lambda v: _leaf("product", FieldType.TEXT, Op.EQUALS, v), st.sampled_from(["a", "b"])),
    st.builds(lambda v: _leaf("product", FieldType.TEXT, Op.IN, v), st.sampled_from([("a",), ("b", "c")])),
    st.builds(
        lambda op: _leaf("purchases", FieldType.NUMBER, op, 1), st.sampled_from([Op.AT_LEAST, Op.LESS_THAN])
    ),
    st.builds(
        lambda op: _leaf("purchases", FieldType.NUMBER, op, None), st.sampled_from([Op.MISSING, Op.PRESENT])
    ),
)
_PREDICATES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda parts: All(tuple(parts)), st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: AnyOf(tuple(parts)), st.lists(inner, min_size=1, max_size=3)),
        st.builds(Not, inner),
    ),
    max_leaves=6,
)

_DAYS = [date + age for date in _DATES for age in (-1, 0, 1, 4 * DAY, 6 * DAY, 29 * DAY, 31 * DAY)]
_AGO = (None, -DAY, 0, 1, 5 * DAY, 6 * DAY, 30 * DAY, 40 * DAY)


def _everybody(day: int) -> Iterator[Facts]:
    """One of each kind that the comparisons tell apart on a day, near enough."""
    for closed, churned, thing, bought in product(_AGO, _AGO[:6:2], (None, "a", "b", "c"), (None, 0, 1)):
        fields = {
            "closed_at": None if closed is None else day - closed,
            "churned_at": None if churned is None else day - churned,
            "product": thing,
            "purchases": bought,
        }
        yield Witness(now=day, fields=fields, consents={}, events=(), notes=()).facts()


@settings(max_examples=150)
@given(one=_PREDICATES, other=_PREDICATES)
def test_the_person_of_two_segments_is_in_both_and_where_there_is_none_nobody_is(
    one: Predicate, other: Predicate
) -> None:
    found = Crowd(PROJECT).someone([one, other])
    rows = tuple(
        SegmentDef(id=n, where=w, description="", source=HERE) for n, w in (("one", one), ("other", other))
    )
    shared = overlaps(replace(PROJECT, segments=rows), Crowd(PROJECT))["other"]
    assert ("one" in shared) == (found is not None)
    if found is not None:
        facts = found.facts()
        assert holds(one, facts, found.now)
        assert holds(other, facts, found.now)
    else:
        both = All((one, other))
        assert not any(holds(both, facts, day) for day in _DAYS[::5] for facts in _everybody(day))


@settings(max_examples=80)
@given(wanted=_PREDICATES, unwanted=_PREDICATES)
def test_whoever_is_left_is_not_taken_above(wanted: Predicate, unwanted: Predicate) -> None:
    found = Crowd(PROJECT).someone([wanted], [unwanted])
    if found is not None:
        assert holds(wanted, found.facts(), found.now)
        assert not holds(unwanted, found.facts(), found.now)


# ── RK309 against an import ──

_SEGMENTS = """\
segments:
  - segment: churned
    where: {WHERE}
  - segment: lost
    where: {status_at_last_touch: closed_lost, closed_at: {older_than: 30d}}
"""


@pytest.fixture
def store() -> Iterator[Store]:
    """An empty store; what is true of it is true of the other database, as other tests hold."""
    with database("sqlite") as url:
        store = Store.open(url)
        yield store
        store.close()


def _imported(store: Store, files: dict[str, str], folder: Path, cells: dict[str, str]) -> App:
    """A worker after an import of one row in which only these cells are filled."""
    app = open_files(store, files, folder)
    source = next(source for source in app.project.sources if source.kind == "people")
    columns = [*cells, *(c for c in _columns(app.project) if c not in cells)]
    row = [*cells.values(), *("" for _ in columns[len(cells) :])]
    path = folder / str(source.csv)
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{','.join(columns)}\n{','.join(row)}\n")
    assert read_source(app, source).created == 1
    return app


def _columns(project: Project) -> list[str]:
    [source] = [source for source in project.sources if source.kind == "people"]
    consents = [column for c in source.consent for column in (c.type, c.at, c.proof) if column]
    return [*source.mapping.values(), *consents, *source.opted_out.values(), *source.notes.values()]


@pytest.mark.parametrize(
    ("where", "enters"),
    [
        ("status_at_last_touch: {is: missing}", True),
        ("company_domain: customer.example", True),
        ("source: crm, country: US", True),
        ("purchases: {is: present}", False),
        ("not: {status_at_last_touch: churned}", False),
    ],
)
def test_it_is_found_where_an_import_would_enrol_them(
    store: Store, tmp_path: Path, where: str, enters: bool
) -> None:
    files = small(segments=_SEGMENTS.replace("WHERE", where))
    cells = {"customer_id": "1", "E-mail": "sam@customer.example"}
    app = _imported(store, files, tmp_path, cells)
    campaign = app.project.campaigns["follow_up"]
    with store.begin() as conn:
        assert app.audience.enrol(conn, [campaign], app.clock.now()) == enters
    assert ("RK309" in codes(lint(segments=files["segments.yaml"]))) == enters
