"""What the pages say, in the languages we have: one file each in ``words/``, with the same keys."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from markupsafe import Markup

_FOLDER = Path(__file__).parent / "words"

LANGUAGES = ("en", "de", "es", "fr", "it", "nl", "pt")


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language."""

    language: str
    texts: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> Markup:
        """A sentence with its values, which are escaped unless they are markup."""
        return Markup(self.texts[key]).format(**values)  # noqa: S704 - our own texts


@cache
def words_in(language: str) -> Words:
    """The words of one of ``LANGUAGES``."""
    texts = json.loads((_FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return Words(language, MappingProxyType(texts))


def words_for(person: str | None, accepted: str | None) -> Words:
    """The words for a person: their own language, else the first one that their browser asks for and we have."""
    for wanted in (person or "", *_by_preference(accepted or "")):
        name = wanted[:2].lower()
        if name in LANGUAGES and wanted[2:3] in ("", "-", "_"):
            return words_in(name)
    return words_in("en")


def _by_preference(header: str) -> list[str]:
    """The languages of an Accept-Language header, the most wanted first. Of a wrong one nothing is taken."""
    found: list[tuple[float, str]] = []
    for part in header[:500].split(","):
        name, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            continue
        if name and weight > 0:
            found.append((-weight, name))
    return [name for _, name in sorted(found, key=lambda pair: pair[0])]
