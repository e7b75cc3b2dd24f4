"""Sources: whether they state the consent that is asked for, and have the columns that are named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from engine import suggest
from engine.compile_campaign import step_channel
from engine.diagnostics import Finding
from engine.errors import ImportFailed
from engine.law import STRENGTH, bases
from engine.lint.base import Subject
from engine.lint.written import steps
from engine.located import Located, Span
from engine.model import Campaign, ConsentLevel, ConsentMapping, Project
from engine.people.csv_file import opened_csv
from engine.validate import PROJECT

_LEVELS = list(ConsentLevel)
#: laws that differ, for people of whom no file says where they are
_ANYWHERE = ("US", "CA", "GB", "AU")


def lint(subject: Subject) -> Iterator[Finding]:
    """RK906 and RK907."""
    sources = [source for source in subject.project.sources if source.kind == "people"]
    if sources:
        yield from _consents(subject, [stated for source in sources for stated in source.consent])
    headers: dict[str, tuple[str, ...] | None] = {}
    for node in subject.roots[PROJECT]["people"].get("sources") or ():
        file = node.text("csv")
        if file is not None:
            if file not in headers:
                headers[file] = _header(subject.root / file, file)
            yield from _columns(node, file, headers[file])


# ── consent ──


def _consents(subject: Subject, stated: Sequence[ConsentMapping]) -> Iterator[Finding]:
    """One finding for each place that asks for what nobody can have."""
    said: set[Span | str] = set()
    for campaign in subject.project.campaigns.values():
        root = subject.campaign(campaign.id)
        for channel, used in _channels(root).items():
            wanted = _unmet(subject.project, campaign, channel, [s for s in stated if s.channel == channel])
            asked = _asked_at(subject, campaign, channel)
            if wanted is None or (asked or channel) in said:
                continue
            said.add(asked or channel)
            message = f"{wanted} consent is asked for before '{channel}', and no source states it"
            yield (asked or used).finding("RK906", message, _mend(channel, wanted))


def _channels(root: Located) -> dict[str, Span]:
    """The channels a campaign sends on, each with the first place that names it."""
    found: dict[str, Span] = {}
    for step in steps(root):
        channel = step_channel(step)
        if channel:
            found.setdefault(channel, step.key(channel))
    return found


def _unmet(
    project: Project, campaign: Campaign, channel: str, stated: Sequence[ConsentMapping]
) -> str | None:
    """The consent that the policy, the campaign or else the law asks for, where no source can state it."""
    level = _level(project, campaign, channel)
    if level is not ConsentLevel.LAWFUL_BASIS:
        served = _states(stated, level, proof=level is ConsentLevel.EXPRESS_WRITTEN)
        return None if served else level.replace("_", " ")
    countries = dict.fromkeys((*_ANYWHERE, project.default_country, *project.policy.markets))
    ways = [basis for country in countries for basis in bases(channel, country, ())]
    if any(way.consent is None or _states(stated, way.consent, proof=way.proof) for way in ways):
        return None
    return min((way.consent for way in ways if way.consent), key=STRENGTH.index)


def _level(project: Project, campaign: Campaign, channel: str) -> ConsentLevel:
    general = project.policy.consent[channel]
    return max(general, campaign.consent.get(channel, general), key=_LEVELS.index)


def _states(stated: Sequence[ConsentMapping], wanted: str, *, proof: bool) -> bool:
    """Can one of the sources state such a consent? A column can hold any; written consent that lacks its proof is
    said by RK502."""
    return any(
        (consent.type is not None or _strength(consent.type_value) >= _strength(wanted))
        and (consent.proof is not None or not proof or consent.type_value == ConsentLevel.EXPRESS_WRITTEN)
        for consent in stated
    )


def _strength(type_: str | None) -> int:
    return STRENGTH.index(type_) if type_ in STRENGTH else -1


def _asked_at(subject: Subject, campaign: Campaign, channel: str) -> Span | None:
    """Where the project or the campaign asks for it; None where rekindle or the law does."""
    policy = subject.roots[PROJECT].get("policy")
    general, own = policy.get("consent") if policy else None, subject.campaign(campaign.id).get("consent")
    tightened = _level(subject.project, campaign, channel) != subject.project.policy.consent[channel]
    place = own if tightened else general
    node = place.get(channel) if place else None
    return node.span if node else None


def _mend(channel: str, wanted: str) -> str:
    type_ = wanted.replace(" ", "_")
    proof = ", proof: ..." if type_ == ConsentLevel.EXPRESS_WRITTEN else ""
    return f"say where it stands, under 'consent' of a source: '{{channel: {channel}, type: {type_}, at: ...{proof}}}'"


# ── columns ──


def _header(path: Path, name: str) -> tuple[str, ...] | None:
    """The columns of a file; None where it is not here, or is no table: an import says so."""
    try:
        if not path.is_file():
            return None
        with opened_csv(path, name) as table:
            return table.header
    except (ImportFailed, OSError):
        return None


def _columns(source: Located, file: str, header: tuple[str, ...] | None) -> Iterator[Finding]:
    context = f"source '{source.text('source') or source.text('events')}'"
    for column in _named_columns(source) if header is not None else ():
        if header is not None and column.value not in header:
            # never what the file does have: without a line of names its first line would be somebody's data
            close = suggest.nearest(str(column.value), header)
            mend = f"did you mean '{close}'?" if close else "write a name from the file's first line"
            yield column.span.finding(
                "RK907", f"{file} has no column '{column.value}'", mend, context=context
            )


def _named_columns(source: Located) -> Iterator[Located]:
    """Every value of a source that names a column."""
    for key in ("key", "name", "at", "person"):
        yield from filter(None, [source.get(key)])
    for key in ("map", "opted_out", "notes", "data"):
        listed = source.get(key)
        yield from (node for _, node in (listed.items() if listed else ()))
    for consent in source.get("consent") or ():
        yield from filter(None, [consent["type"].get("column"), consent.get("at"), consent.get("proof")])
