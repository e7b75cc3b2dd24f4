"""Who belongs where: segments to SQL, first match wins, and enrolment by one ``INSERT ... SELECT``.

Every person gets at most one *route*: the campaign and cohort that their segment leads to. The route is one
CASE expression over the person's row, evaluated once a person, whatever the number of campaigns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Insert,
    String,
    Subquery,
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
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from engine.decide import first_step
from engine.flow import EnrolmentState
from engine.model import Campaign, Cohort, Project
from engine.predicate_sql import PERSON, to_sql
from state.tables import Enrolment

_ENROLMENT = cast(Any, Enrolment).__table__
#: the moment, as a parameter: one prepared statement serves every refresh
_NOW: ColumnElement[int] = bindparam("now", type_=BigInteger)
_LIVE_PERSON = and_(PERSON.c.merged_into.is_(None), PERSON.c.deleted_at.is_(None))
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
            self._enrolments[key] = [_enrolment(self._project, routes, key[0]) for routes in _rounds(campaigns)]
        return sum(conn.execute(statement, {"now": now}).rowcount for statement in self._enrolments[key])

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
    people = (
        select(PERSON.c.identity_id, _route_sql(project, routes).label("route")).where(_LIVE_PERSON).subquery("people")
    )
    table = _routes_table(routes)
    earlier = _ENROLMENT.alias("earlier")
    same = and_(earlier.c.identity_id == people.c.identity_id, earlier.c.campaign == table.c.campaign)
    last = select(func.max(earlier.c.cycle)).where(same).correlate(people, table).scalar_subquery()
    resume = case((table.c.first_at.is_(None), null()), else_=_NOW + table.c.first_at)
    return (
        select(
            people.c.identity_id, table.c.campaign, func.coalesce(last, 0) + 1, table.c.version, table.c.grp,
            table.c.segment, table.c.cohort, literal("main"), table.c.state, table.c.step, _NOW, literal_column("0"),
            resume, resume,
        )
        .select_from(people.join(table, table.c.id == people.c.route))
        .where(~_busy(people, table), ~exists().where(same, _too_soon(earlier, table)).correlate(people, table))
    )  # fmt: skip


def _busy(people: Subquery, table: Subquery) -> ColumnElement[bool]:
    live = _ENROLMENT.alias("live")
    return (
        exists()
        .where(
            live.c.identity_id == people.c.identity_id,
            live.c.exclusivity_group == table.c.grp,
            live.c.state != literal_column("'ended'"),
        )
        .correlate(people, table)
    )


def _too_soon(earlier: Any, table: Subquery) -> ColumnElement[bool]:
    return or_(earlier.c.ended_at.is_(None), earlier.c.ended_at > _NOW - table.c.re_enter_after)


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
        whens.append((and_(literal_column("1") == 1, *(to_sql(p, _NOW) for p in conditions)), literal_column(str(number))))
    return case(*whens, else_=null()) if whens else cast(ColumnElement[Any], null())


def _routes_table(routes: list[_Route]) -> Subquery:
    rows = [_route_row(number, route) for number, route in enumerate(routes)]
    return (rows[0] if len(rows) == 1 else cast(Any, union_all(*rows))).subquery("routes")


def _route_row(number: int, route: _Route) -> Any:
    campaign, cohort = route.campaign, route.cohort
    asleep = cohort is not None and cohort.park_until is not None
    first = None if asleep else first_step(campaign.main, cohort.id if cohort else None)
    # a cohort without a step is due at once: it goes straight to what follows the cadence
    at = None if asleep else first.at if first else 0
    text: dict[str, str | None] = {
        "campaign": campaign.id,
        "version": campaign.version,
        "grp": campaign.group,
        "segment": campaign.segment,
        "cohort": cohort.id if cohort else None,
        "state": EnrolmentState.PARKED if asleep else EnrolmentState.WAITING,
        "step": first.id if first else None,
    }
    again = _NEVER if campaign.re_enter_after is None else campaign.re_enter_after
    return select(
        literal(number, BigInteger).label("id"),
        *(literal(v, String).label(k) for k, v in text.items()),
        literal(at, BigInteger).label("first_at"),
        literal(again, BigInteger).label("re_enter_after"),
    )


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
