"""A template file read for one step of a campaign: compiled once, rendered for many people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import jinja2

from engine import layout, links, markdown
from engine.fields import FieldType
from engine.layout import Letterhead
from engine.model import Brand, Template
from engine.tags import Utm
from engine.template_faults import TemplateFault, faults
from engine.templates import Environment, compiled, environment
from engine.wording import Notices, notices

_HTML = environment(html=True)
_TEXT = environment(html=False)
_SMS = environment(html=False, unlink=" ")
_LETTER = environment(html=True, unlink="")  # nor of a letter
_LINE = environment(html=False, unlink="")  # no mail program makes a link of a subject
_BY_CHANNEL = {"sms": _SMS, "letter": _LINE}

#: channels whose bodies are Markdown; all others are plain text
_MARKDOWN = frozenset({"email", "letter"})


class Line:
    """One line of text, such as a subject; a line without tags costs nothing."""

    __slots__ = ("_fixed", "_template")

    def __init__(self, source: str) -> None:
        self._fixed = None if "{" in source else " ".join(source.split())
        self._template = None if self._fixed is not None else compiled(_LINE, source)

    def render(self, names: Mapping[str, Any]) -> str:
        """The line, without line breaks whatever the values hold."""
        if self._template is None:
            return self._fixed or ""
        return " ".join(self._template.render(names).split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A compiled message. ``html`` only of e-mails and letters; ``language`` only where the template declares one."""

    subject: Line
    title: Line
    media: Line
    text: jinja2.Template
    html: jinja2.Template | None
    closing: Line
    language: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """What a page is made of: equal sources make one page, whoever asks."""

    body: str
    subject: str
    preheader: str
    title: str
    media: str
    why: str
    closing: str
    language: str | None
    head: Letterhead
    utm: Utm
    types: frozenset[tuple[str, FieldType]]


def letterhead(brand: Brand) -> Letterhead:
    """What every e-mail of a brand shows."""
    return Letterhead(
        name=brand.name,
        legal_name=brand.legal_name,
        postal_address=brand.postal_address,
        website=brand.website,
    )


def utm_of(channel: str, campaign: str, step: str, variant: str) -> Utm:
    """What the links of a step's message are tagged with."""
    content = f"{step}-{variant}" if variant else step
    return Utm(medium=channel, campaign=campaign, content=content)


def read(template: Template, utm: Utm, types: Mapping[str, FieldType], head: Letterhead) -> Page:
    """The page of a template for the channel ``utm.medium``. ``types``: dotted name -> type of its value.

    Front matter it knows beside subject and preheader: ``title`` (of a task), ``media`` (of a text message,
    addresses apart by blanks), ``language`` (of the words; ``fr``), ``why`` (the reason for writing),
    ``closing`` (of a letter).
    Raises TemplateFault with all that is wrong, and jinja2.TemplateSyntaxError or whatever else Jinja and
    Python say, without a line of the template, for what shows only when the whole is compiled.
    """
    extra = template.extra
    source = _Source(
        body=template.body,
        subject=template.subject or "",
        preheader=template.preheader or "",
        title=extra.get("title", ""),
        media=extra.get("media", ""),
        why=extra.get("why", ""),
        closing=extra.get("closing", ""),
        language=extra.get("language"),
        head=head,
        utm=utm,
        types=frozenset(types.items()),
    )
    return _page(source)


@lru_cache(maxsize=2048)
def _page(source: _Source) -> Page:
    env = _BY_CHANNEL.get(source.utm.medium, _TEXT)
    html, text = _sources(source, env)
    return Page(
        subject=Line(source.subject),
        title=Line(source.title or source.subject),
        media=Line(source.media),
        text=compiled(env, text),
        html=compiled(_LETTER if source.utm.medium == "letter" else _HTML, html) if html else None,
        closing=Line(source.closing),
        language=source.language,
    )


def _sources(source: _Source, env: Environment) -> tuple[str, str]:
    """Jinja sources of the HTML and the text of a sound template. Raises TemplateFault with every fault."""
    types = dict(source.types)
    found = [fault for part, text in _parts(source) for fault in faults(env, text, types, part)]
    if any(fault.code == "RK601" for fault in found):
        raise TemplateFault(found)
    try:
        sources = _jinja(source, env)
    except TemplateFault as refused:
        found += refused.faults
    if found:
        raise TemplateFault(found)
    return sources


def _parts(source: _Source) -> Iterator[tuple[str, str]]:
    """Name and text of every part of a template that holds tags."""
    for part in ("subject", "preheader", "title", "media", "why", "closing", "body"):
        text: str = getattr(source, part)
        if "{" in text:
            yield part, text


def _jinja(source: _Source, env: Environment) -> tuple[str, str]:
    """Jinja sources of the HTML (empty where there is none) and the text."""
    utm = source.utm
    if utm.medium not in _MARKDOWN:
        return "", markdown.plain_text(env, source.body, utm)
    body = markdown.body(env, source.body, utm)
    if utm.medium != "email":
        return body.html, body.text
    said = _said(source)
    website = links.tagged(source.head.website, utm.medium, utm.campaign, utm.content)
    html = layout.html(
        body=body.html,
        subject=markdown.escaped(env, source.subject, utm),
        preheader=markdown.escaped(env, source.preheader, utm),
        language=source.language or "en",
        notices=replace(said, why=markdown.escaped(env, said.why, utm)),
        head=replace(source.head, website=website),
    )
    return html, layout.text(body=body.text, notices=said, head=source.head)


def _said(source: _Source) -> Notices:
    """The fixed lines, with the template's own reason for writing where it gives one."""
    said = notices(source.language)
    return replace(said, why=source.why) if source.why else said
