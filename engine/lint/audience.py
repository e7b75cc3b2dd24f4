"""The audience: who can be in it, who cannot, and who could be anybody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.diagnostics import Finding
from engine.lint.base import Subject
from engine.lint.overlaps import overlaps
from engine.lint.someone import nobody
from engine.lint.strangers import enters, strangers
from engine.located import Span
from engine.model import Campaign, Project
from engine.predicate import Predicate
from engine.validate import SEGMENTS

#: a name, and what is asked of whom it takes
_Row = tuple[str, Predicate]


def lint(subject: Subject) -> Iterator[Finding]:
    """RK308 to RK312."""
    rows = subject.roots[SEGMENTS]["segments"] if SEGMENTS in subject.roots else ()
    names = {str(row["segment"].value): row["segment"].span for row in rows}
    empty = _empty_segments(subject.project, names)
    yield from empty.values()
    yield from _unused(subject.project, names, empty)
    yield from overlaps(subject.project, names, empty)
    yield from _unbounded(subject, names)
    started = {step.start for campaign in subject.project.campaigns.values() for step in campaign.steps}
    for campaign in subject.project.campaigns.values():
        if campaign.segment not in empty:
            yield from _campaign(subject, campaign, names[campaign.segment], aged=campaign.id in started)


# ── segments ──


def _empty_segments(project: Project, names: Mapping[str, Span]) -> dict[str, Finding]:
    """Segments that nobody can be in, by themselves or for what stands above them."""
    found: dict[str, Finding] = {}
    above: list[_Row] = []
    for segment in project.segments:
        takers = _takers(project, [segment.where], above)
        above.append((segment.id, segment.where))
        if takers is not None:
            why = _taken(takers) if takers else "its conditions exclude each other"
            message = f"nobody can be in the segment '{segment.id}': {why}"
            mend = "move it up, or narrow what takes them" if takers else "loosen one of its conditions"
            related = tuple(names[name].related("stands above") for name in takers)
            found[segment.id] = names[segment.id].finding("RK308", message, mend, related=related)
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
        stranger = next((one for one in unknown if enters(subject.project, campaign, one)), None)
        if stranger is not None:
            span = subject.campaign(campaign.id)["audience"]["segment"].span
            mend = "ask for something that was between you, for example 'churned_at: {older_than: 30d}'"
            related = (names[campaign.segment].related("asks for nothing that was between you"),)
            yield span.finding("RK309", f"{stranger.told} would enter", mend, related=related)


# ── campaigns ──


def _campaign(subject: Subject, campaign: Campaign, segment: Span, *, aged: bool) -> Iterator[Finding]:
    """``aged``: another campaign starts this one, with people who need not fit its ``where``."""
    project, root = subject.project, subject.campaign(campaign.id)
    number = project.segment_ids().index(campaign.segment)
    here, above = project.segments[number], [other.where for other in project.segments[:number]]
    entering = [here.where, *([campaign.where] if campaign.where else [])]
    if nobody(project, entering, above):
        message = f"nobody in the segment '{campaign.segment}' fits this"
        related = segment.related("is the segment")
        where = root["audience"].key("where")
        yield where.finding("RK308", message, "loosen it, or name another segment", related=(related,))
        return
    # a round that repeats, or is started from elsewhere, chooses among those who are in the segment by then
    whoever = [here.where] if aged or campaign.then.repeat is not None else entering
    yield from _cohorts(subject, campaign, whoever, above)


def _cohorts(
    subject: Subject, campaign: Campaign, audience: list[Predicate], segments_above: list[Predicate]
) -> Iterator[Finding]:
    declared = subject.campaign(campaign.id).get("cohorts")
    above: list[_Row] = []
    for cohort in campaign.cohorts:
        wanted = [*audience, cohort.when] if cohort.when else audience
        takers = _takers(subject.project, wanted, above, segments_above)
        above += [(cohort.id, cohort.when)] if cohort.when else []
        if takers is not None and declared is not None:
            message = f"nobody can be in it: {_taken(takers) if takers else 'nobody in the audience fits'}"
            mend = "widen it, or remove it and what is 'for' it"
            context = f"cohort '{cohort.id}' of campaign '{campaign.id}'"
            related = tuple(declared.key(name).related("stands above") for name in takers)
            yield declared.key(cohort.id).finding("RK312", message, mend, context=context, related=related)


def _takers(
    project: Project, wanted: Sequence[Predicate], above: Sequence[_Row], never: Sequence[Predicate] = ()
) -> list[str] | None:
    """Of what stands above, what leaves nobody of those who are wanted and of whom what is ``never`` is not true.
    Empty where there is nobody in the first place; None where somebody is left."""
    if not nobody(project, wanted, [*never, *(where for _, where in above)]):
        return None
    if nobody(project, wanted, never):
        return []
    alone = next((name for name, where in above if nobody(project, wanted, [*never, where])), None)
    return [alone] if alone else [name for name, _ in above]


def _taken(takers: Sequence[str]) -> str:
    names = " and ".join(f"'{name}'" for name in takers)
    return f"{names} above {'takes' if len(takers) == 1 else 'take'} everybody who fits"
