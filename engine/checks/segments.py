"""How much of a text message stands there whatever its values are: what it costs at least."""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import TemplateSyntaxError, nodes

from engine import sms
from engine.diagnostics import Finding
from engine.located import Span
from engine.model import Template
from engine.templates import environment
from engine.wording import notices

#: parts of a text message that nobody minds paying
FEW = 2


def findings(template: Template, brand: str, at: Span, context: str) -> Iterator[Finding]:
    """A finding about a text message that is long even without its values and its conditional parts."""
    text = _least(template, brand)
    size = sms.size(text)
    if len(text) > sms.LONGEST:
        message = f"this text has {len(text)} characters or more, and {sms.LONGEST} is the most"
        yield at.finding("RK612", message, "shorten it", context=context)
    elif size.segments > FEW:
        strange = sms.outside(text)
        mend = f"without '{strange}' it is GSM-7, 153 a segment and not 67" if strange else "shorten it"
        message = f"this text takes at least {size.segments} segments of {size.encoding}"
        yield at.finding("RK617", message, mend, context=context)


def _least(template: Template, brand: str) -> str:
    """The words that every message of the template has: its own, the brand's name and the way out."""
    try:
        body = environment(html=False).parse(template.body).body
    except (TemplateSyntaxError, RecursionError, ValueError):
        return ""
    printed = [part for node in body if isinstance(node, nodes.Output) for part in node.nodes]
    words = "".join(part.data for part in printed if isinstance(part, nodes.TemplateData)).strip()
    if brand.casefold() not in words.casefold():
        words = f"{brand}{words}"
    return f"{words}\n{notices(template.extra.get('language')).stop}"
