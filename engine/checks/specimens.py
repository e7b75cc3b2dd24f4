"""Somebody of whom everything is known, and an event that carries everything: what messages are tried with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from engine.fields import PERSON_FIELDS, FieldType
from engine.model import DAY, Template
from engine.testfile import DEFAULT_NOW

#: what a text says where it may say anything
WORDS = "single sign-on"
#: a text that can be a link too, where a project or an event may keep one
ADDRESS = "https://www.example.com/feature"

_SPECIMENS = {
    FieldType.TEXT: WORDS,
    FieldType.NUMBER: 3,
    FieldType.MONEY: 480_000,
    FieldType.INSTANT: DEFAULT_NOW - 90 * DAY,
    FieldType.FLAG: True,
}

#: fields that are texts of a form
_SHAPED = {
    "email": "sam@customer.example",
    "phone": "+13125550123",
    "linkedin": "https://www.linkedin.com/in/sam-example",
    "company_domain": "customer.example",
    "language": "en",
    "country": "US",
    "region": "IL",
    "timezone": "America/Chicago",
}


def everything(attributes: Mapping[str, str], text: str = ADDRESS) -> dict[str, Any]:
    """A person of whom everything is known. ``text``: what their attributes of that type say."""
    person: dict[str, Any] = {name: _SPECIMENS[kind] for name, kind in PERSON_FIELDS.items()}
    values = _SPECIMENS | {FieldType.TEXT: text}
    extra = {name: values[FieldType(kind)] for name, kind in attributes.items()}
    return person | _SHAPED | {"attributes": extra}


def addresses(person: Mapping[str, Any]) -> dict[str, Any]:
    """The same person, with an address in the place of every text."""
    texts = {name for name, kind in PERSON_FIELDS.items() if kind is FieldType.TEXT and name not in _SHAPED}
    return {name: ADDRESS if name in texts else value for name, value in person.items()}


class _Carried(dict[str, Any]):
    """Data of an event that has whatever is asked for."""

    def __init__(self, numbers: frozenset[str] | None, text: str) -> None:
        super().__init__(feature="")
        self._numbers = numbers
        self._text = text

    def get(self, key: str, default: Any = None) -> Any:
        """A number where one is wanted (None: everywhere), else the text."""
        number = self._numbers is None or key in self._numbers
        return DEFAULT_NOW if number else self._text


_FILTERED = re.compile(r"trigger\.(\w+)\s*\|\s*(?:date|money|ago)")


def carried(template: Template, *, in_trigger: bool, text: str = ADDRESS) -> Iterator[Mapping[str, Any]]:
    """What the event that started a message may have carried. ``text``: what its texts say."""
    if not in_trigger:
        yield {}
        return
    texts = (template.body, template.subject or "", template.preheader or "")
    yield _Carried(frozenset(name for text in texts for name in _FILTERED.findall(text)), text)
    yield _Carried(None, text)
