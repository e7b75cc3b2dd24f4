"""The audience: who can be in it, who cannot, and who could be anybody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.diagnostics import Finding
from engine.lint.base import Subject
from engine.lint.overlaps import Overlaps, findings, overlaps
from engine.lint.someone import nobody
from engine.lint.strangers import enters, strangers
from engine.located import Span
from engine.model import Campaign, Project
from engine.predicate import Predicate
from engine.validate import SEGMENTS


def lint(subject: Subject) -> Iterator[Finding]:
    """RK308 to RK312."""
    project = subject.project
    rows = subject.roots[SEGMENTS]["segments"] if SEGMENTS in subject.roots else ()
    names = {str(row["segment"].value): row["segment"].span for row in rows}
    shared = overlaps(project)
    empty = _empty_segments(project, names, shared)
    yield from empty.values()
    yield from _unused(project, names, empty)
    yield from findings(shared, names, empty)
    yield from _unbounded(subject, names)
    started = {step.start for campaign in project.campaigns.values() for step in campaign.steps}
    for campaign in project.campaigns.values():
        if campaign.segment not in empty:
            yield from _campaign(subject, campaign, names, shared, started=campaign.id in started)


# ── segments ──


def _empty_segments(project: Project, names: Mapping[str, Span], shared: Overlaps) -> dict[str, Finding]:
    """Segments that nobody can be in, by themselves or for what stands above them."""
    found: dict[str, Finding] = {}
    rows = {segment.id: segment.where for segment in project.segments}
    for name, where in rows.items():
        takers = _takers(project, [where], {other: rows[other] for other in shared[name]})
        if takers is None:
            continue
        why = _taken(takers) if takers else "its conditions exclude each other"
        mend = "move it up, or narrow what takes them" if takers else "loosen one of its conditions"
        related = tuple(names[taker].related("stands above") for taker in takers)
        message = f"nobody can be in the segment '{name}': {why}"
        found[name] = names[name].finding("RK308", message, mend, related=related)
    return found


def _unused(project: Project, names: Mapping[str, Span], empty: Mapping[str, Finding]) -> Iterator[Finding]:
    used = {campaign.segment for campaign in project.campaigns.values()}
    for name, span in names.items():
        if name not in used and name not in empty:
            mend = "write its campaign, remove it, or waive it and say whom it keeps from those below"
            yield span.finding("RK311", f"no campaign is for the segment '{name}'", mend)


def _unbounded(subject: Subject, names: Mapping[str, Span]) -> Iterator[Finding]:
    unknown = strangers(subject.project)
    for campaign in subject.project.campaigns.values():
        stranger = next((one for one in unknown if enters(campaign, one)), None)
        if stranger is not None:
            span = subject.campaign(campaign.id)["audience"]["segment"].span
            mend = "ask for something that was between you, for example 'churned_at: {older_than: 30d}'"
            related = (names[campaign.segment].related("asks for nothing that was between you"),)
            yield span.finding("RK309", f"{stranger.told} would enter", mend, related=related)


# ── campaigns ──


def _campaign(
    subject: Subject, campaign: Campaign, names: Mapping[str, Span], shared: Overlaps, *, started: bool
) -> Iterator[Finding]:
    """``started``: by another campaign, with people who need not fit the audience's ``where``."""
    rows = {segment.id: segment.where for segment in subject.project.segments}
    here, above = rows[campaign.segment], [rows[other] for other in shared[campaign.segment]]
    if campaign.where is not None and nobody(subject.project, [here, campaign.where], above):
        span = subject.campaign(campaign.id)["audience"].key("where")
        message = f"nobody in the segment '{campaign.segment}' fits this"
        related = (names[campaign.segment].related("is the segment"),)
        yield span.finding("RK308", message, "loosen it, or name another segment", related=related)
        return
    # a round that repeats, or is started from elsewhere, chooses among all who are in the segment by then
    narrowed = campaign.where is not None and not started and campaign.then.repeat is None
    yield from _cohorts(subject, campaign, [here, campaign.where] if narrowed else [here], above)


def _cohorts(
    subject: Subject, campaign: Campaign, audience: Sequence[Predicate | None], elsewhere: Sequence[Predicate]
) -> Iterator[Finding]:
    """``elsewhere``: what takes people before the audience does."""
    declared = subject.campaign(campaign.id).get("cohorts")
    above: dict[str, Predicate] = {}
    for cohort in campaign.cohorts:
        wanted = [predicate for predicate in (*audience, cohort.when) if predicate is not None]
        takers = _takers(subject.project, wanted, above, elsewhere)
        if cohort.when is not None:
            above[cohort.id] = cohort.when
        if takers is not None and declared is not None:
            message = f"nobody can be in it: {_taken(takers) if takers else 'nobody in the audience fits'}"
            mend = "widen it, or remove it and what is 'for' it"
            context = f"cohort '{cohort.id}' of campaign '{campaign.id}'"
            related = tuple(declared.key(name).related("stands above") for name in takers)
            yield declared.key(cohort.id).finding("RK312", message, mend, context=context, related=related)


def _takers(
    project: Project,
    wanted: Sequence[Predicate],
    above: Mapping[str, Predicate],
    elsewhere: Sequence[Predicate] = (),
) -> list[str] | None:
    """Of what stands above, what leaves nobody of those who are wanted and not taken elsewhere. Empty where there is
    nobody in the first place; None where somebody is left."""
    if not nobody(project, wanted, [*elsewhere, *above.values()]):
        return None
    if nobody(project, wanted, elsewhere):
        return []
    alone = next(
        (name for name, where in above.items() if nobody(project, wanted, [*elsewhere, where])), None
    )
    return [alone] if alone else list(above)


def _taken(takers: Sequence[str]) -> str:
    names = " and ".join(f"'{name}'" for name in takers)
    return f"{names} above {'takes' if len(takers) == 1 else 'take'} everybody who fits"
