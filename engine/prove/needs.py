"""What messages need to know of a person, so that nobody walks through a campaign whom it could not write to."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from jinja2 import TemplateError

from engine.checks.guards import mentions
from engine.fields import FieldType
from engine.model import DAY, Campaign, Project, Template
from engine.templates import environment

#: what stands in a field of each type where nothing is asked of it
_PLAIN: dict[FieldType, Any] = {FieldType.NUMBER: 1, FieldType.MONEY: 100_000, FieldType.FLAG: True}
_TEXTS = {
    "last_name": "Rivera",
    "title": "Manager",
    "company": "Customer Example",
    "company_domain": "customer.example",
}


def needed(campaign: Campaign) -> frozenset[str]:
    """Fields (``attributes.x`` too) without which a message of the campaign cannot be written."""
    return frozenset(name for template in campaign.templates.values() for name in _of(template))


@lru_cache(maxsize=1024)
def _read(text: str) -> frozenset[str]:
    try:
        tree = environment(html=False).parse(text)
    except (TemplateError, RecursionError, ValueError):  # said where the template is checked
        return frozenset()
    paths = (m.path for m in mentions(tree) if m.needed)
    return frozenset(".".join(path[1:]) for path in paths if path[0] == "person" and len(path) > 1)


def _of(template: Template) -> Iterator[str]:
    texts = (template.body, template.subject, template.preheader, *template.extra.values())
    for text in texts:
        if text:
            yield from _read(text)


def plain_value(project: Project, name: str, type_: FieldType, now: int) -> Any:
    """Something that may stand in the field."""
    if type_ is FieldType.INSTANT:
        return now - 30 * DAY
    if type_ is FieldType.TEXT:
        listed = project.values.get(name, ())
        return listed[0] if listed else _TEXTS.get(name, "something")
    return _PLAIN[type_]
