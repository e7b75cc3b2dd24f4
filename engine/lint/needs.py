"""What conditions and messages need to know of a person, and no source tells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from engine.checks.guards import mentions
from engine.checks.jinja_names import column_of
from engine.compile_campaign import step_channel, step_variants
from engine.diagnostics import Finding, Related
from engine.gates.address import ADDRESS_ATTRIBUTE, ATTRIBUTE_ONLY
from engine.lint.base import Subject
from engine.lint.written import compared, conditions, steps
from engine.located import Located, Span
from engine.model import SourceDef
from engine.template_file import FOLDER, ParsedTemplate
from engine.templates import environment
from engine.validate import PROJECT, SEGMENTS

#: what rekindle fills by itself
_OURS = frozenset({"created_at", "last_touch_at", "last_touch_channel"})

_ENVIRONMENT = environment(html=False)
_NAMED = re.compile(r"\bperson\s*\.\s*(attributes\s*\.\s*\w+|\w+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Need:
    """A place that needs a field; ``outcome`` is what becomes of it without."""

    field: str
    span: Span
    outcome: str
    context: str = ""


def lint(subject: Subject) -> Iterator[Finding]:
    """RK905: one finding a field, at the first place that needs it."""
    sources = [source for source in subject.project.sources if source.kind == "people"]
    if not sources:
        return
    filled = _filled(sources)
    places: dict[str, dict[Span, _Need]] = {}
    for need in _needs(subject, filled):
        places.setdefault(need.field, {}).setdefault(need.span, need)
    for field, needs in places.items():
        first, *others = needs.values()
        more = (
            f"; {len(others)} more {'places need' if len(others) > 1 else 'place needs'} it" if others else ""
        )
        message = f"no source fills '{field}', so {first.outcome}{more}"
        yield first.span.finding(
            "RK905",
            message,
            _mend(field),
            context=first.context,
            related=(_map(subject, sources[0]),),
        )


def _needs(subject: Subject, filled: frozenset[str]) -> Iterator[_Need]:
    campaigns = [(name, subject.campaign(name)) for name in subject.project.campaigns]
    if SEGMENTS in subject.roots:
        yield from _of_conditions(subject.roots[SEGMENTS], filled)
    for _, root in campaigns:
        yield from _of_conditions(root, filled)
        yield from _of_triggers(root, filled)
        yield from _of_channels(root, filled)
    said: set[str] = set()
    for name, root in campaigns:
        for step in steps(root):
            for _, ref in step_variants(step):
                file = f"{FOLDER}{ref.value}.md"
                if file not in said:
                    said.add(file)
                    context = f"step '{step.text('step')}' of campaign '{name}'"
                    yield from _of_template(subject.templates[file], filled, context)


def _of_conditions(root: Located, filled: frozenset[str]) -> Iterator[_Need]:
    for predicate in conditions(root):
        for field, span, wanted in compared(predicate):
            if field not in filled and wanted.plain() != {"is": "missing"}:
                yield _Need(field=field, span=span, outcome="this is true of nobody")


def _of_triggers(root: Located, filled: frozenset[str]) -> Iterator[_Need]:
    for trigger in root.get("triggers") or ():
        match = trigger.get("match")
        for _, field in match.items() if match else ():
            if field.value not in filled:
                yield _Need(field=str(field.value), span=field.span, outcome="this matches nobody")


def _of_channels(root: Located, filled: frozenset[str]) -> Iterator[_Need]:
    """Addresses that are attributes of the project's own; the others nearly every source has."""
    for step in steps(root):
        channel = step_channel(step)
        if channel in ATTRIBUTE_ONLY:
            field = f"attributes.{ADDRESS_ATTRIBUTE[channel]}"
            if field not in filled:
                yield _Need(field=field, span=step.key(channel), outcome=f"nobody is reached on {channel}")


def _of_template(parsed: ParsedTemplate, filled: frozenset[str], context: str) -> Iterator[_Need]:
    """Names that the message cannot be made without; what a condition or a default answers for is none."""
    if parsed.template is None:
        return
    front = [(str(node.value), node.span.line) for _, node in (parsed.front.items() if parsed.front else ())]
    for text, first_line in [*front, (parsed.template.body, parsed.template.body_line)]:
        if filled.issuperset(re.sub(r"\s", "", name) for name in _NAMED.findall(text)):
            continue
        for mention in mentions(_ENVIRONMENT.parse(text)):
            field = _field(mention.path)
            if field and field not in filled and mention.needed:
                line = min(first_line + mention.line - 1, len(parsed.lines))
                start, end = column_of(parsed.lines[line - 1], ".".join(mention.path))
                span = Span(parsed.file, line, start, end)
                yield _Need(
                    field=field, span=span, outcome="this message is made for nobody", context=context
                )


def _field(path: tuple[str, ...]) -> str:
    """The person's field that a dotted name is; empty for any other name."""
    root, *members = path
    return ".".join(members[: 2 if members[:1] == ["attributes"] else 1]) if root == "person" else ""


def _filled(sources: list[SourceDef]) -> frozenset[str]:
    named = {field for source in sources for field in (*source.mapping, *source.constants)}
    derived = {"company_domain"} if "email" in named else set[str]()
    consents = {f"consent.{consent.channel}" for source in sources for consent in source.consent}
    return _OURS | named | derived | consents


def _mend(field: str) -> str:
    channel = field.removeprefix("consent.")
    if channel != field:
        return f"say where it stands, under 'consent' of a source: '{{channel: {channel}, type: ...}}'"
    return f"say which column holds it, under 'map' of a source: '{field}: ...'"


def _map(subject: Subject, source: SourceDef) -> Related:
    """Where the first source says what it fills."""
    listed = subject.roots[PROJECT]["people"]["sources"]
    node = next(part for part in listed if part.text("source") == source.id)
    return node.key("map").related(f"the source '{source.id}' fills others")
