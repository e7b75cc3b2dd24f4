"""Templates: what they name, judged for each step that uses them, and reported in the template's own file."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from engine.checks import jinja_names, rehearsal, segments
from engine.checks.jinja_names import ANY_ATTRIBUTE, Mistake, Vocabulary
from engine.checks.rehearsal import Scene, Stage
from engine.checks.scope import Scope, written
from engine.compile_campaign import step_channel, step_variants
from engine.diagnostics import Finding
from engine.fields import HISTORY_FIELDS
from engine.located import Located, Span
from engine.model import CHANNELS, Template
from engine.pages import utm_of
from engine.tags import Utm
from engine.template_faults import Fault
from engine.template_file import ParsedTemplate, body_span
from engine.vocabulary import BRAND, OFFER, OWNER, STEP

#: groups whose messages go to people who know us, and must show that we know them
WIN_BACK = "winback"


#: keys of which a step has one
_ACTIONS = frozenset({*CHANNELS, "wait_for", "choose", "review", "start"})


@dataclass(frozen=True, slots=True)
class _Use:
    """A step that sends a template. A template nobody sends is judged once, with everything allowed."""

    parsed: ParsedTemplate
    utm: Utm | None = None
    context: str = ""
    has_offer: bool = True
    offer: str | None = None
    has_deadline: bool = True
    in_trigger: bool = True
    win_back: bool = False

    @property
    def channel(self) -> str | None:
        """The channel it is sent on."""
        return self.utm.medium if self.utm else None


def check(scope: Scope, campaigns: Mapping[str, Located], *, alone: bool = False) -> None:
    """Findings about every template, once each: a mistake two steps share is one mistake.

    ``alone``: of a pinned campaign only the names are judged; it was found sound when people entered it.
    """
    roots, stage = _roots(scope), None if alone else Stage.of(scope)
    said: set[tuple[str, int, int, str]] = set()
    judged: set[tuple[object, ...]] = set()
    for use in _uses(scope, campaigns):
        kind = (
            use.parsed.file, use.channel, use.has_offer, use.offer, use.has_deadline, use.in_trigger, use.win_back,
        )  # fmt: skip
        if kind in judged:
            continue
        judged.add(kind)
        for finding in _judge(use, roots, scope.values, stage):
            place = (finding.file, finding.line, finding.column, finding.code)
            if place not in said:
                said.add(place)
                scope.findings.append(finding)


def _uses(scope: Scope, campaigns: Mapping[str, Located]) -> Iterator[_Use]:
    used = set()
    for file, root in campaigns.items():
        name = root.text("campaign") or file.removesuffix(".yaml")
        for step, in_trigger in _steps(root):
            for variant, ref in step_variants(step):
                parsed = scope.templates.get(str(ref.value))
                if parsed is None:
                    continue
                used.add(parsed.file)
                if len(_ACTIONS & set(step.keys)) > 1:
                    continue  # what the step is to be is not known yet, nor what it will have for the template
                yield _Use(
                    parsed,
                    utm=utm_of(step_channel(step) or "", name, step.text("step") or "", variant),
                    context=f"step '{step.text('step')}' of campaign '{name}'",
                    has_offer=written(step, "offer"),
                    offer=step.text("offer"),
                    has_deadline=written(step, "respond_by"),
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
        "step": STEP,
        "trigger": None,
    }


def _links(brand: Located | None) -> Collection[str] | None:
    """Declared links; None when they cannot be known."""
    links = brand.get("links") if brand else None
    if links is not None:
        return list(links.keys)
    return None if brand is None or written(brand, "links") else []


def _vocabulary(
    use: _Use, roots: Mapping[str, Collection[str] | None], values: Mapping[str, Collection[str]]
) -> Vocabulary:
    withheld = {}
    if not use.has_offer:
        withheld["offer"] = ("RK604", "the template names an offer, and its step has none")
    if not use.has_deadline:
        withheld["step"] = ("RK604", "the template names a deadline, and its step has no 'respond_by'")
    if not use.in_trigger:
        withheld["trigger"] = ("RK604", "only the steps of a trigger know what started them")
    return Vocabulary(roots, withheld, values)


def _judge(
    use: _Use,
    roots: Mapping[str, Collection[str] | None],
    values: Mapping[str, Collection[str]],
    stage: Stage | None,
) -> Iterator[Finding]:
    template = use.parsed.template
    if template is None:
        return
    vocabulary = _vocabulary(use, roots, values)
    used: set[str] = set()
    mistakes: list[tuple[Mistake, int]] = []
    readable = True
    for text, first_line in _texts(template, use.parsed.front):
        reading = jinja_names.read(text, vocabulary)
        used |= reading.used
        readable = readable and reading.readable
        mistakes += [(mistake, first_line) for mistake in reading.mistakes]
    found = [_located(use, mistake, first_line) for mistake, first_line in mistakes]
    yield from found
    yield from _beside(found, _refused(use, template, stage, named=not mistakes))
    yield from _promises(use, template, used, readable=readable)


def _refused(use: _Use, template: Template, stage: Stage | None, *, named: bool) -> Iterator[Finding]:
    """What the renderer would refuse, and what a carrier would charge for."""
    if stage is None or use.utm is None or (use.has_offer and use.offer is None):
        return
    scene = Scene(
        template=template,
        utm=use.utm,
        offer=use.offer,
        has_deadline=use.has_deadline,
        in_trigger=use.in_trigger,
    )
    for fault in rehearsal.faults(stage, scene, named=named):
        yield _of_fault(use, template, fault)
    if use.channel == "sms":
        top = Span(template.file, template.body_line, 1, _end(use.parsed, template.body_line))
        yield from segments.findings(template, stage.head.name, top, use.context)


def _of_fault(use: _Use, template: Template, fault: Fault) -> Finding:
    front = use.parsed.front.get(fault.part) if use.parsed.front else None
    aimed = _aimed(use.parsed, template, front, fault.at) if fault.at else None
    if aimed:
        return aimed.finding(
            fault.code, fault.message, fault.mend, context=use.context, instead=_one_line(fault, aimed)
        )
    first_line = front.span.line if front is not None else template.body_line
    mistake = Mistake(fault.line, fault.word, fault.code, fault.message, fault.mend)
    return _located(use, mistake, first_line)


def _aimed(
    parsed: ParsedTemplate, template: Template, front: Located | None, at: tuple[int, int]
) -> Span | None:
    """A stretch of the body, or of a line of front matter that stands there as it is read, on its first line."""
    start, end = at
    if front is None:
        return body_span(parsed.file, template, start, end)
    line = parsed.lines[front.span.line - 1]
    whole = line.find(str(front.value), front.span.column - 1)
    return Span(parsed.file, front.span.line, whole + start + 1, whole + end + 1) if whole >= 0 else None


def _one_line(fault: Fault, aimed: Span) -> str | None:
    """The safe mend, where what it replaces stands on one line."""
    start, end = fault.at or (0, 0)
    return fault.instead if aimed.end - aimed.column == end - start else None


def _beside(found: Collection[Finding], more: Iterator[Finding]) -> Iterator[Finding]:
    """Findings where none stands yet."""
    places = {(finding.line, finding.column) for finding in found}
    return (finding for finding in more if (finding.line, finding.column) not in places)


def _promises(use: _Use, template: Template, used: Collection[str], *, readable: bool) -> Iterator[Finding]:
    """What a message owes its reader: a subject, and a word of what was between us."""
    top = Span(template.file, 1, 1, max(len(use.parsed.lines[0]), 1) + 1)
    unclosed = any(found.code == "RK608" for found in use.parsed.findings)  # then it stands among the words
    if use.channel == "email" and not template.subject and not unclosed:
        mend = "start the file with '---', 'subject: ...', '---'"
        yield top.finding("RK606", "an e-mail needs a subject", mend, context=use.context)
    if readable and use.win_back and use.channel != "audience" and not any(map(_is_history, used)):
        mend = "name what they did: person.product, person.closed_at, person.meeting_at, an attribute"
        message = "the message says nothing of the person's history"
        where = Span(template.file, template.body_line, 1, _end(use.parsed, template.body_line))
        yield where.finding("RK607", message, mend, context=use.context)


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
    instead = mistake.instead if end - column == len(mistake.word) else None  # only what is aimed at, whole
    return span.finding(mistake.code, mistake.message, mistake.mend, context=use.context, instead=instead)


def _end(parsed: ParsedTemplate, line: int) -> int:
    return max(len(parsed.lines[line - 1].rstrip()) if line <= len(parsed.lines) else 0, 1) + 1


def _is_history(name: str) -> bool:
    root, _, rest = name.partition(".")
    return root == "trigger" or (
        root == "person" and (rest in HISTORY_FIELDS or rest.startswith("attributes."))
    )
