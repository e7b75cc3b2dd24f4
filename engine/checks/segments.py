"""How much of a text message stands there whatever its values are: what no provider takes, nobody is sent."""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import TemplateSyntaxError, nodes

from engine import sms
from engine.diagnostics import Finding
from engine.located import Span
from engine.model import Template
from engine.templates import environment
from engine.wording import notices


def findings(template: Template, brand: str, at: Span, context: str) -> Iterator[Finding]:
    """A finding about a text message that is too long even without its values and its conditional parts."""
    text = _least(template, brand)
    if len(text) > sms.LONGEST:
        message = f"this text has {len(text)} characters or more, and {sms.LONGEST} is the most"
        yield at.finding("RK612", message, "shorten it", context=context)


def _least(template: Template, brand: str) -> str:
    """The words that every message of the template has: its own, the brand's name and the way out."""
    try:
        body = environment(html=False).parse(template.body).body
    except (TemplateSyntaxError, RecursionError, ValueError):
        return ""
    printed = [part for node in body if isinstance(node, nodes.Output) for part in node.nodes]
    words = "".join(part.data for part in printed if isinstance(part, nodes.TemplateData))
    return sms.whole(words, brand, notices(template.extra.get("language")).stop)
