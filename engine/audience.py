"""Who belongs where: segments to SQL, first match wins, and enrolment by one ``INSERT ... SELECT``.

Every person gets at most one *route*: the campaign and cohort that their segment leads to. The route is one
CASE expression over the person's row, evaluated once a person, whatever the number of campaigns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Connection,
    Insert,
    String,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    update,
)
from sqlalchemy import cast as cast_sql
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeEngine

from engine.flow import EnrolmentState
from engine.model import Campaign, Cohort, Project, Step
from engine.predicate_sql import PERSON, to_sql
from engine.timeline import first_step
from state.tables import Enrolment

_ENROLMENT = cast(Any, Enrolment).__table__
#: the moment, as a parameter: one prepared statement serves every refresh
_NOW: ColumnElement[int] = bindparam("now", type_=BigInteger)
#: a synthetic person (state.queries.synthetic) is enrolled in nothing
_LIVE_PERSON = and_(PERSON.c.merged_into.is_(None), PERSON.c.deleted_at.is_(None), PERSON.c.identity_id > 0)
#: an age in seconds that no enrolment reaches
_NEVER = 1 << 40

_COLUMNS = (
    "identity_id", "campaign", "cycle", "version", "exclusivity_group", "segment", "cohort", "track", "state", "step",
    "entered_at", "shift", "resume_at", "due_at",
)  # fmt: skip


def segment_sql(project: Project, now: ColumnElement[int] = _NOW) -> ColumnElement[Any]:
    """The name of a person's segment: the first that holds, or NULL."""
    whens = [(to_sql(s.where, now), literal(s.id)) for s in project.segments]
    return case(*whens, else_=null()) if whens else null()


@dataclass(frozen=True, slots=True)
class _Route:
    campaign: Campaign
    cohort: Cohort | None


class Audience:
    """The statements of one project, built once and kept while its files stay as they are."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._enrolments: dict[tuple[str, tuple[str, ...]], list[Insert]] = {}
        self._release = _release(project)
        self._segments = _segment_counts(project)

    def enrol(self, conn: Connection, campaigns: Sequence[Campaign], now: int) -> int:
        """Enrol everyone who belongs in one of the campaigns and is free. Returns how many.

        A person already live in the exclusivity group, or not yet allowed back, is left alone. Where a segment
        has several campaigns the one of highest priority takes whom it wants first.
        """
        if not campaigns:
            return 0
        key = (conn.dialect.name, tuple(c.id for c in campaigns))
        if key not in self._enrolments:
            self._enrolments[key] = [
                _enrolment(self._project, routes, key[0]) for routes in _rounds(campaigns)
            ]
        if conn.dialect.name == "postgresql":
            # The statement reads the table it fills. With statistics of an empty table the planner would scan it
            # whole for every person, and each scan would meet all rows inserted so far.
            conn.exec_driver_sql("SET LOCAL enable_seqscan = off")
        # SQLAlchemy forgets the count of an INSERT unless it is asked to keep it
        counted = conn.execution_options(preserve_rowcount=True)
        return sum(counted.execute(statement, {"now": now}).rowcount for statement in self._enrolments[key])

    def count_newcomers(self, conn: Connection, campaigns: Sequence[Campaign], now: int) -> int:
        """How many living people were never enrolled and belong in one of the campaigns: the next refresh takes
        them."""
        routes = [_route_sql(self._project, routes) for routes in _rounds(campaigns)]
        if not routes:
            return 0
        never = ~exists().where(_ENROLMENT.c.identity_id == PERSON.c.identity_id).correlate(PERSON)
        wanted = or_(*(route.is_not(None) for route in routes))
        found = select(func.count()).select_from(PERSON).where(_LIVE_PERSON, never, wanted)
        return int(conn.execute(found, {"now": now}).scalar_one())

    def release_parked(self, conn: Connection, now: int) -> int:
        """Have those looked at who sleep on a campaign whose segment they have left. Returns how many."""
        return conn.execute(self._release, {"now": now}).rowcount

    def count_segments(self, conn: Connection, now: int) -> dict[str | None, int]:
        """How many living people each segment holds; None for those in no segment."""
        return {row[0]: row[1] for row in conn.execute(self._segments, {"now": now})}


def _segment_counts(project: Project) -> Any:
    people = select(segment_sql(project).label("segment")).where(_LIVE_PERSON).subquery()
    return select(people.c.segment, func.count()).group_by(people.c.segment)


def _rounds(campaigns: Sequence[Campaign]) -> list[list[_Route]]:
    """Routes in rounds such that no segment has two campaigns in one round."""
    by_rank: dict[int, list[_Route]] = {}
    seen: dict[str, int] = {}
    for campaign in sorted(campaigns, key=lambda c: (-c.priority, c.id)):
        rank = seen.get(campaign.segment, 0)
        seen[campaign.segment] = rank + 1
        routes = [_Route(campaign, cohort) for cohort in campaign.cohorts] or [_Route(campaign, None)]
        by_rank.setdefault(rank, []).extend(routes)
    return [by_rank[rank] for rank in sorted(by_rank)]


def _enrolment(project: Project, routes: list[_Route], dialect: str) -> Insert:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(_ENROLMENT).from_select(list(_COLUMNS), _rows(project, routes))
    return statement.on_conflict_do_nothing()


def _rows(project: Project, routes: list[_Route]) -> Any:
    """The rows to insert. One pass over the people; ``MATERIALIZED`` keeps a database from working out the route
    again for every column that depends on it."""
    mine = _ENROLMENT.alias("mine")
    known = exists().where(mine.c.identity_id == PERSON.c.identity_id).correlate(PERSON)
    route = _route_sql(project, routes).label("route")
    routed = select(PERSON.c.identity_id, route, known.label("known")).where(_LIVE_PERSON)
    people = routed.cte("people", nesting=True).prefix_with("MATERIALIZED")
    told = _Told(people.c.route, routes)
    earlier = _ENROLMENT.alias("earlier")
    same = and_(earlier.c.identity_id == people.c.identity_id, earlier.c.campaign == told.campaign)
    last = select(func.max(earlier.c.cycle)).where(same).correlate(people).scalar_subquery()
    too_soon = exists().where(same, _too_soon(earlier, told.re_enter_after)).correlate(people)
    one: ColumnElement[int] = literal_column("1")
    values: tuple[ColumnElement[Any], ...] = (
        people.c.identity_id, told.campaign, case((~people.c.known, one), else_=func.coalesce(last, 0) + 1),
        told.version, told.group, told.segment, told.cohort, literal_column("'main'"), told.state, told.step, _NOW,
        literal_column("0"), told.resume_at, told.resume_at,
    )  # fmt: skip
    rows = select(*(value.label(name) for name, value in zip(_COLUMNS, values, strict=True))).where(
        people.c.route.is_not(None),
        or_(~people.c.known, and_(~_busy(people, told.group), ~too_soon)),
    )
    # the WITH stays inside, because SQLite counts the rows of a statement that begins with INSERT only; the
    # WHERE keeps its parser from reading ON CONFLICT as the condition of a join
    inner = rows.subquery("enrolled")
    return select(*inner.c).where(literal_column("1") == literal_column("1"))


class _Told:
    """What a route number stands for, as SQL: a column each, the same for all who take the route."""

    def __init__(self, route: ColumnElement[Any], routes: list[_Route]) -> None:
        self._route = route
        first_at = [_first_at(r) for r in routes]
        self.campaign = self._text([r.campaign.id for r in routes])
        self.version = self._text([r.campaign.version for r in routes])
        self.group = self._text([r.campaign.group for r in routes])
        self.segment = self._text([r.campaign.segment for r in routes])
        self.cohort = self._text([r.cohort.id if r.cohort else None for r in routes])
        self.state = self._text([_state(r).value for r in routes])
        self.step = self._text([step.id if (step := _first(r)) else None for r in routes])
        self.re_enter_after = self._number([_again(r) for r in routes])
        #: NULL for a cohort that sleeps
        self.resume_at = _NOW + self._number(first_at)

    def _text(self, values: list[str | None]) -> ColumnElement[Any]:
        return self._case(values, String())

    def _number(self, values: list[int | None]) -> ColumnElement[Any]:
        return self._case(values, BigInteger())

    def _case(self, values: Sequence[Any], type_: TypeEngine[Any]) -> ColumnElement[Any]:
        # the NULL says its type: where every value is NULL nothing else would
        nothing = cast_sql(null(), type_)
        whens = [
            (self._route == literal_column(str(number)), literal(value, type_))
            for number, value in enumerate(values)
            if value is not None
        ]
        return case(*whens, else_=nothing) if whens else nothing


def _busy(people: CTE, group: ColumnElement[Any]) -> ColumnElement[bool]:
    live = _ENROLMENT.alias("live")
    return (
        exists()
        .where(
            live.c.identity_id == people.c.identity_id,
            live.c.exclusivity_group == group,
            live.c.state != literal_column("'ended'"),
        )
        .correlate(people)
    )


def _too_soon(earlier: Any, re_enter_after: ColumnElement[Any]) -> ColumnElement[bool]:
    return or_(earlier.c.ended_at.is_(None), earlier.c.ended_at > _NOW - re_enter_after)


def _asleep(route: _Route) -> bool:
    return route.cohort is not None and route.cohort.park_until is not None


def _state(route: _Route) -> EnrolmentState:
    return EnrolmentState.PARKED if _asleep(route) else EnrolmentState.WAITING


def _first(route: _Route) -> Step | None:
    cohort = route.cohort.id if route.cohort else None
    return None if _asleep(route) else first_step(route.campaign.main, cohort)


def _first_at(route: _Route) -> int | None:
    """Seconds from entry to the first look; a cohort without a step goes straight to what follows the cadence."""
    first = _first(route)
    return None if _asleep(route) else first.at if first else 0


def _again(route: _Route) -> int:
    return _NEVER if route.campaign.re_enter_after is None else route.campaign.re_enter_after


def _route_sql(project: Project, routes: list[_Route]) -> ColumnElement[Any]:
    """The number of a person's route, or NULL. Segments are tried in their order: the first decides."""
    whens: list[tuple[Any, Any]] = []
    for segment in project.segments:
        mine = [(n, r) for n, r in enumerate(routes) if r.campaign.segment == segment.id]
        whens.append((to_sql(segment.where, _NOW), _cohort_sql(mine)))
    return case(*whens, else_=null())


def _cohort_sql(routes: list[tuple[int, _Route]]) -> ColumnElement[Any]:
    whens: list[tuple[Any, Any]] = []
    for number, route in routes:
        conditions = [p for p in (route.campaign.where, route.cohort.when if route.cohort else None) if p]
        whens.append(
            (
                and_(literal_column("1") == 1, *(to_sql(p, _NOW) for p in conditions)),
                literal_column(str(number)),
            )
        )
    return case(*whens, else_=null()) if whens else cast(ColumnElement[Any], null())


def _release(project: Project) -> Any:
    person = select(segment_sql(project)).where(PERSON.c.identity_id == _ENROLMENT.c.identity_id)
    current = person.correlate(_ENROLMENT).scalar_subquery()
    return (
        update(_ENROLMENT)
        .where(
            _ENROLMENT.c.state == EnrolmentState.PARKED,
            or_(_ENROLMENT.c.due_at.is_(None), _ENROLMENT.c.due_at > _NOW),
            current.is_distinct_from(_ENROLMENT.c.segment),
        )
        .values(due_at=_NOW)
    )
