"""Templates: what they name, judged for each step that uses them, and reported in the template's own file."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from engine.checks import jinja_names
from engine.checks.jinja_names import ANY_ATTRIBUTE, BRAND, OFFER, OWNER, Mistake, Vocabulary
from engine.checks.scope import Scope, written
from engine.compile_campaign import step_channel, step_variants
from engine.diagnostics import Finding, Severity
from engine.fields import HISTORY_FIELDS
from engine.located import Located, Span
from engine.model import Template
from engine.template_file import ParsedTemplate

#: groups whose messages go to people who know us, and must show that we know them
WIN_BACK = "winback"


@dataclass(frozen=True, slots=True)
class _Use:
    """A step that sends a template. A template nobody sends is judged once, with everything allowed."""

    parsed: ParsedTemplate
    channel: str | None = None
    context: str = ""
    has_offer: bool = True
    in_trigger: bool = True
    win_back: bool = False


def check(scope: Scope, campaigns: Mapping[str, Located]) -> None:
    """Findings about every template, once each: a mistake two steps share is one mistake."""
    roots = _roots(scope)
    said: set[tuple[str, int, int, str]] = set()
    judged: set[tuple[object, ...]] = set()
    for use in _uses(scope, campaigns):
        kind = (use.parsed.file, use.channel, use.has_offer, use.in_trigger, use.win_back)
        if kind in judged:
            continue
        judged.add(kind)
        for finding in _judge(use, roots):
            place = (finding.file, finding.line, finding.column, finding.code)
            if place not in said:
                said.add(place)
                scope.findings.append(finding)


def _uses(scope: Scope, campaigns: Mapping[str, Located]) -> Iterator[_Use]:
    used = set()
    for file, root in campaigns.items():
        name = root.text("campaign") or file.removesuffix(".yaml")
        for step, in_trigger in _steps(root):
            for _, ref in step_variants(step):
                parsed = scope.templates.get(str(ref.value))
                if parsed is None:
                    continue
                used.add(parsed.file)
                yield _Use(
                    parsed,
                    channel=step_channel(step),
                    context=f"step '{step.text('step')}' of campaign '{name}'",
                    has_offer=written(step, "offer"),
                    in_trigger=in_trigger,
                    win_back=(root.text("group") or WIN_BACK) == WIN_BACK,
                )
    yield from (_Use(parsed) for parsed in scope.templates.values() if parsed.file not in used)


def _steps(root: Located) -> Iterator[tuple[Located, bool]]:
    yield from ((step, False) for step in root.get("cadence") or ())
    for trigger in root.get("triggers") or ():
        yield from ((step, True) for step in trigger.get("cadence") or ())


def _roots(scope: Scope) -> dict[str, Collection[str] | None]:
    brand = scope.project.get("brand") if scope.project else None
    people = [name for name in scope.fields if not name.startswith("consent.")]
    people += [] if scope.attributes_known else [ANY_ATTRIBUTE]
    return {
        "person": people,
        "brand": BRAND,
        "links": _links(brand),
        "offer": OFFER,
        "owner": OWNER,
        "trigger": None,
    }


def _links(brand: Located | None) -> Collection[str] | None:
    """Declared links; None when they cannot be known."""
    links = brand.get("links") if brand else None
    if links is not None:
        return list(links.keys)
    return None if brand is None or written(brand, "links") else []


def _vocabulary(use: _Use, roots: Mapping[str, Collection[str] | None]) -> Vocabulary:
    withheld = {}
    if not use.has_offer:
        withheld["offer"] = ("RK604", "the template names an offer, and its step has none")
    if not use.in_trigger:
        withheld["trigger"] = ("RK604", "only the steps of a trigger know what started them")
    return Vocabulary(roots, withheld)


def _judge(use: _Use, roots: Mapping[str, Collection[str] | None]) -> Iterator[Finding]:
    template = use.parsed.template
    if template is None:
        return
    vocabulary = _vocabulary(use, roots)
    used: set[str] = set()
    readable = True
    for text, first_line in _texts(template, use.parsed.front):
        reading = jinja_names.read(text, vocabulary)
        used |= reading.used
        readable = readable and reading.readable
        for mistake in reading.mistakes:
            yield _located(use, mistake, first_line)
    top = Span(template.file, 1, 1, max(len(use.parsed.lines[0]), 1) + 1)
    if use.channel == "email" and not template.subject:
        mend = "start the file with '---', 'subject: ...', '---'"
        yield top.finding("RK606", "an e-mail needs a subject", mend, context=use.context)
    if readable and use.win_back and use.channel != "audience" and not any(map(_is_history, used)):
        mend = "name what they did: person.product, person.closed_at, person.meeting_at, an attribute"
        message = "the message says nothing of the person's history"
        where = Span(template.file, template.body_line, 1, _end(use.parsed, template.body_line))
        yield where.finding("RK607", message, mend, context=use.context, severity=Severity.WARNING)


def _texts(template: Template, front: Located | None) -> Iterator[tuple[str, int]]:
    """Texts that are rendered, each with the line of the file at which it starts."""
    for _, node in front.items() if front else ():
        yield str(node.value), node.span.line
    yield template.body, template.body_line


def _located(use: _Use, mistake: Mistake, first_line: int) -> Finding:
    lines = use.parsed.lines
    line = min(max(first_line + mistake.line - 1, 1), len(lines))
    column, end = jinja_names.column_of(lines[line - 1], mistake.word)
    span = Span(use.parsed.file, line, column, end)
    return span.finding(mistake.code, mistake.message, mistake.mend, context=use.context)


def _end(parsed: ParsedTemplate, line: int) -> int:
    return max(len(parsed.lines[line - 1].rstrip()) if line <= len(parsed.lines) else 0, 1) + 1


def _is_history(name: str) -> bool:
    root, _, rest = name.partition(".")
    return root == "trigger" or (
        root == "person" and (rest in HISTORY_FIELDS or rest.startswith("attributes."))
    )
