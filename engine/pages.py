"""A template file read for one step of a campaign: compiled once, rendered for many people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jinja2

from engine import layout, markdown
from engine.fields import FieldType
from engine.model import Template
from engine.tags import Utm
from engine.templates import Environment, check, compiled, environment
from engine.wording import Notices, notices

_HTML = environment(html=True)
_TEXT = environment(html=False)
_SMS = environment(html=False, unlink=" ")
_LINE = environment(html=False, unlink="")  # no mail program makes a link of a subject

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
    """A compiled message. ``html`` only for e-mail; ``language`` only where the template declares one."""

    subject: Line
    title: Line
    media: Line
    text: jinja2.Template
    html: jinja2.Template | None
    language: str | None


def read(template: Template, utm: Utm, types: Mapping[str, FieldType]) -> Page:
    """The page of a template for the channel ``utm.medium``.

    Raises TemplateFault or jinja2.TemplateSyntaxError; their line counts from the first line of the body.
    """
    env = _SMS if utm.medium == "sms" else _TEXT
    extra = template.extra
    for source in (template.body, template.subject, template.preheader, *extra.values()):
        check(env, source or "", types)
    language = extra.get("language")
    said = _said(template, notices(language))
    html, text = _sources(template, utm, said, env)
    return Page(
        subject=Line(template.subject or ""),
        title=Line(extra.get("title") or template.subject or ""),
        media=Line(extra.get("media", "")),
        text=compiled(env, text),
        html=compiled(_HTML, html) if html else None,
        language=language,
    )


def _said(template: Template, said: Notices) -> Notices:
    """The fixed lines, with the template's own reason for writing where it gives one (``why``)."""
    why = template.extra.get("why")
    return Notices(why=why, unsubscribe=said.unsubscribe, stop=said.stop) if why else said


def _sources(template: Template, utm: Utm, said: Notices, env: Environment) -> tuple[str, str]:
    """Jinja sources of the HTML (empty where there is none) and the text."""
    if utm.medium not in _MARKDOWN:
        return "", markdown.plain_text(env, template.body, utm)
    body = markdown.body(env, template.body, utm)
    if utm.medium != "email":
        return "", body.text
    html = layout.html(
        body=body.html,
        subject=markdown.escaped(env, template.subject or "", utm),
        preheader=markdown.escaped(env, template.preheader or "", utm),
        website=markdown.address(env, "{{ brand.website }}", utm),
        language=template.extra.get("language", "en"),
        notices=said,
    )
    return html, layout.text(body=body.text, notices=said)
