"""Each message read as the renderer reads it, and worded for two people who are nobody.

Of one everything is known, of the other nothing. What fails here would fail at night, so it is said by day; a
value that is missing for the second is no fault, because rendering then leaves that one message out.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import TemplateError

from engine.checks.scope import Scope
from engine.checks.specimens import addresses, carried, everything
from engine.compile_project import compile_brand, compile_offer
from engine.diagnostics import Severity
from engine.layout import Letterhead
from engine.links import LinkRefused
from engine.model import DAY, Offer, Template
from engine.pages import Page, letterhead, read
from engine.tags import Utm
from engine.template_faults import Fault, TemplateFault
from engine.templates import Missing, compiled, environment
from engine.testfile import DEFAULT_NOW
from engine.vocabulary import Vocabulary, types_of

#: stands for a brand that cannot be read: its own findings are said where it stands
_NOBODY = Letterhead(
    name="Brand", legal_name="Brand", postal_address="Address", website="https://www.example.com"
)

#: what the renderer makes of a template, by channel; a human's task has a title
_USED = {
    "email": ("subject", "preheader", "why"),
    "sms": ("media",),
    "linkedin": ("title",),
    "phone": ("title",),
    "letter": ("subject", "closing"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What the messages of a project are worded with. No vocabulary: rekindle.yaml is broken."""

    attributes: Mapping[str, str]
    head: Letterhead
    vocabulary: Vocabulary | None
    offers: Mapping[str, Offer]

    @classmethod
    def of(cls, scope: Scope) -> Stage:
        """The stage of a project, as far as its files are sound."""
        broken = {found.file for found in scope.findings if found.severity is Severity.ERROR}
        attributes = {
            name.removeprefix("attributes."): kind.value
            for name, kind in scope.fields.items()
            if name.startswith("attributes.")
        }
        node = scope.project.get("brand") if scope.project and scope.project.span.file not in broken else None
        brand = compile_brand(node) if node else None
        declared = (scope.offers or {}).items()
        return cls(
            attributes=attributes,
            head=letterhead(brand) if brand else _NOBODY,
            vocabulary=Vocabulary(brand, attributes, scope.currency, "US") if brand else None,
            offers={n: compile_offer(o, scope.currency) for n, o in declared if o.span.file not in broken},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One message of one step. ``offer``: its name, where the step has one."""

    template: Template
    utm: Utm
    offer: str | None
    has_deadline: bool = True
    in_trigger: bool


def faults(stage: Stage, scene: Scene, *, named: bool) -> list[Fault]:
    """What keeps a message from being made. ``named``: all its names are right, so it can be worded too."""
    try:
        page = read(scene.template, scene.utm, types_of(stage.attributes), stage.head)
    except TemplateFault as refused:
        return list(refused.faults)
    except Exception as error:  # what Jinja and Python say of the whole; a wrong name is said elsewhere
        return [Fault(code="RK601", message=_said(error))] if named else []
    if not named or stage.vocabulary is None or (scene.offer and scene.offer not in stage.offers):
        return []
    found = (
        _worded(stage, stage.vocabulary, scene, page, person) for person in (everything(stage.attributes), {})
    )
    return [fault for fault in found if fault][:1]


def _worded(
    stage: Stage, vocabulary: Vocabulary, scene: Scene, page: Page, person: Mapping[str, Any]
) -> Fault | None:
    """The message for one person; what went wrong. The data of an event differs from event to event, so that
    what goes wrong with some of it only is no fault of the template."""
    events = carried(scene.template, in_trigger=scene.in_trigger)
    found = [_told(stage, vocabulary, scene, page, person, event) for event in events]
    return found[0] if all(fault == found[0] for fault in found) else None


def _told(
    stage: Stage, vocabulary: Vocabulary, scene: Scene, page: Page, person: Mapping[str, Any],
    event: Mapping[str, Any],
) -> Fault | None:  # fmt: skip
    try:
        names = _names(stage, vocabulary, scene, page, person, event)
        return _outcome(scene, page, names, complete=bool(person))
    except LinkRefused:
        if not person:
            return None
    try:  # its address is a value: this person's is none, but one of another may be
        names = _names(stage, vocabulary, scene, page, addresses(person), event)
        return _outcome(scene, page, names, complete=True)
    except LinkRefused as refused:
        return Fault(code="RK610", message=f"whatever its values: {refused}")


def _names(
    stage: Stage, vocabulary: Vocabulary, scene: Scene, page: Page, person: Mapping[str, Any],
    event: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    offer = stage.offers[scene.offer] if scene.offer else None
    ends = DEFAULT_NOW + offer.valid_for if offer else None
    answer = DEFAULT_NOW + 30 * DAY if scene.has_deadline else None
    return {
        **vocabulary.names(person, offer, ends, event, answer),
        "voice": vocabulary.voice(person, DEFAULT_NOW, page.language or "en"),
        "unsubscribe": "https://www.example.com/u",
    }


def _outcome(scene: Scene, page: Page, names: Mapping[str, Any], *, complete: bool) -> Fault | None:
    """Raises LinkRefused."""
    try:
        return _render(scene, page, names)
    except Missing as missing:
        return _never_there(scene, names, missing.name) if complete else None
    except LinkRefused:
        raise
    except Exception as error:  # a template can raise anything; no real person's data is in it
        part, line = _place(scene, names)
        whom = "whoever it is for" if complete else "a person of whom little is known"
        message = f"the message fails for {whom}: {_said(error)}"
        return Fault(code="RK611", message=message, mend=_wrong_kind(error), line=line, part=part)


def _render(scene: Scene, page: Page, names: Mapping[str, Any]) -> Fault | None:
    """Render what the renderer renders; a fault where it then refuses what came out."""
    channel = scene.utm.medium
    lines = {"sms": page.media, "linkedin": page.title, "phone": page.title}
    line = lines.get(channel, page.subject).render(names)
    if channel == "email" and not line and scene.template.subject:
        mend = "let it say something in every case"
        return Fault(code="RK606", message="the subject can come out empty", mend=mend, part="subject")
    page.text.render(names)
    if page.html is not None:
        page.html.render(names)
    return None


def _never_there(scene: Scene, names: Mapping[str, Any], name: str) -> Fault | None:
    """A value of the project's own files that is not there, whoever the message is for."""
    root, _, member = name.partition(".")
    if root not in ("offer", "brand"):
        return None
    part, line = _place(scene, names)
    where = f"the offer '{scene.offer}'" if root == "offer" else "rekindle.yaml"
    message = f"{where} has no {member}" if member else "the template names an offer, and its step has none"
    mend = f"declare it, or write {{% if {name} %}} around it"
    return Fault(code="RK604", message=message, mend=mend, line=line, word=name, part=part)


def _place(scene: Scene, names: Mapping[str, Any]) -> tuple[str, int]:
    """Part and line at which a template fails, told by wording its parts as they are written."""
    template = scene.template
    front = {"subject": template.subject, "preheader": template.preheader, **template.extra}
    used = {part: front.get(part) for part in _USED.get(scene.utm.medium, ("subject",))}
    env = environment(html=False)
    for part, text in {**used, "body": template.body}.items():
        try:
            compiled(env, text or "").render(names)
        except Exception as error:
            frames = traceback.walk_tb(error.__traceback__)
            lines = [line for frame, line in frames if frame.f_code.co_filename == "<template>"]
            return part, (lines or [1])[-1]
    return "body", 1


def _wrong_kind(error: Exception) -> str:
    """The mend of what is asked of a value of another kind."""
    words = str(error)
    if "'int object' has no attribute" in words:
        return "an instant is written with '| date' or '| ago', an amount with '| money'"
    return "only numbers are rounded" if "__round__" in words else ""


def _said(error: Exception) -> str:
    words = error.message if isinstance(error, TemplateError) else str(error)
    return (words or type(error).__name__).rstrip(".")
