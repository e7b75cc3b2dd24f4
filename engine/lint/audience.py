"""The audience: who can be in it, who cannot, and who could be anybody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.diagnostics import Finding
from engine.lint.base import Subject
from engine.lint.overlaps import Overlaps, findings, overlaps
from engine.lint.someone import Crowd
from engine.lint.strangers import enters, strangers
from engine.located import Span
from engine.model import Campaign, Project
from engine.predicate import Predicate
from engine.validate import SEGMENTS


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """The routing table: where each segment's name stands, what it asks, and whom it shares with those above it."""

    crowd: Crowd
    names: Mapping[str, Span]
    rows: Mapping[str, Predicate]
    shared: Overlaps

    @classmethod
    def of(cls, subject: Subject) -> _Table:
        written = subject.roots[SEGMENTS]["segments"] if SEGMENTS in subject.roots else ()
        crowd = Crowd(subject.project)
        return cls(
            crowd=crowd,
            names={str(row["segment"].value): row["segment"].span for row in written},
            rows={segment.id: segment.where for segment in subject.project.segments},
            shared=overlaps(subject.project, crowd),
        )

    def above(self, segment: str) -> dict[str, Predicate]:
        """The segments that take people before this one does; the others need not be looked at."""
        return {other: self.rows[other] for other in self.shared[segment]}


def lint(subject: Subject) -> Iterator[Finding]:
    """RK308 to RK312."""
    project, table = subject.project, _Table.of(subject)
    empty = dict(_empty_segments(table))
    yield from empty.values()
    yield from _unused(project, table, empty)
    yield from findings(table.shared, table.names, empty)
    yield from _unbounded(subject, table)
    started = {step.start for campaign in project.campaigns.values() for step in campaign.steps}
    for campaign in project.campaigns.values():
        if campaign.segment not in empty:
            yield from _campaign(subject, table, campaign, started=campaign.id in started)


# ── segments ──


def _empty_segments(table: _Table) -> Iterator[tuple[str, Finding]]:
    """Segments that nobody can be in, by themselves or for what stands above them."""
    for name, where in table.rows.items():
        takers = _takers(table.crowd, [where], table.above(name))
        if takers is not None:
            why = _taken(takers) if takers else "its conditions exclude each other"
            mend = "move it up, or narrow what takes them" if takers else "loosen one of its conditions"
            related = tuple(table.names[taker].related("stands above") for taker in takers)
            message = f"nobody can be in the segment '{name}': {why}"
            yield name, table.names[name].finding("RK308", message, mend, related=related)


def _unused(project: Project, table: _Table, empty: Mapping[str, Finding]) -> Iterator[Finding]:
    used = {campaign.segment for campaign in project.campaigns.values()}
    for name, span in table.names.items():
        if name not in used and name not in empty:
            kept = "say whom it keeps from those below: '# rekindle: allow RK311 because ...'"
            mend = f"write its campaign, remove it, or {kept}"
            yield span.finding("RK311", f"no campaign is for the segment '{name}'", mend)


def _unbounded(subject: Subject, table: _Table) -> Iterator[Finding]:
    unknown = strangers(subject.project)
    for campaign in subject.project.campaigns.values():
        stranger = next((one for one in unknown if enters(campaign, one)), None)
        if stranger is not None:
            span = subject.campaign(campaign.id)["audience"]["segment"].span
            mend = "ask for something that was between you, for example 'churned_at: {older_than: 30d}'"
            related = (table.names[campaign.segment].related("asks for nothing that was between you"),)
            yield span.finding("RK309", f"{stranger.told} would enter", mend, related=related)


# ── campaigns ──


def _campaign(subject: Subject, table: _Table, campaign: Campaign, *, started: bool) -> Iterator[Finding]:
    """``started``: by another campaign, with people who need not fit the audience's ``where``."""
    segment, where = table.rows[campaign.segment], campaign.where
    if where is not None and table.crowd.nobody([segment, where], [*table.above(campaign.segment).values()]):
        span = subject.campaign(campaign.id)["audience"].key("where")
        message = f"nobody in the segment '{campaign.segment}' fits this"
        related = (table.names[campaign.segment].related("is the segment"),)
        yield span.finding("RK308", message, "loosen it, or name another segment", related=related)
        return
    # a round that repeats, or is started from elsewhere, chooses among all who are in the segment by then
    narrowed = where is not None and not started and campaign.then.repeat is None
    yield from _cohorts(subject, table, campaign, [segment, where] if narrowed and where else [segment])


def _cohorts(
    subject: Subject, table: _Table, campaign: Campaign, audience: Sequence[Predicate]
) -> Iterator[Finding]:
    declared = subject.campaign(campaign.id).get("cohorts")
    elsewhere = [*table.above(campaign.segment).values()]
    above: dict[str, Predicate] = {}
    for cohort in campaign.cohorts:
        wanted = [*audience, cohort.when] if cohort.when else audience
        takers = _takers(table.crowd, wanted, above, elsewhere)
        if cohort.when is not None:
            above[cohort.id] = cohort.when
        if takers is not None and declared is not None:
            message = f"nobody can be in it: {_taken(takers) if takers else 'nobody in the audience fits'}"
            mend = "widen it, or remove it and what is 'for' it"
            context = f"cohort '{cohort.id}' of campaign '{campaign.id}'"
            related = tuple(declared.key(name).related("stands above") for name in takers)
            yield declared.key(cohort.id).finding("RK312", message, mend, context=context, related=related)


def _takers(
    crowd: Crowd,
    wanted: Sequence[Predicate],
    above: Mapping[str, Predicate],
    elsewhere: Sequence[Predicate] = (),
) -> list[str] | None:
    """Of what stands above, what leaves nobody of those who are wanted and not taken elsewhere. Empty where there is
    nobody in the first place; None where somebody is left."""
    if not crowd.nobody(wanted, [*elsewhere, *above.values()]):
        return None
    if crowd.nobody(wanted, elsewhere):
        return []
    alone = next((name for name, where in above.items() if crowd.nobody(wanted, [*elsewhere, where])), None)
    return [alone] if alone else list(above)


def _taken(takers: Sequence[str]) -> str:
    names = " and ".join(f"'{name}'" for name in takers)
    return f"{names} above {'takes' if len(takers) == 1 else 'take'} everybody who fits"
