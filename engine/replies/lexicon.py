"""The lexicons, all of them as one: nobody says which language they reply in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from engine.replies.phrase import Phrases, read, spellings

#: what a lexicon may hold; docs/replies.md says what each is for
KEYWORDS = ("keywords", "alone", "courtesy", "help", "opt_in", "negations", "harmless_words")
PHRASES = (
    "refusal", "everywhere", "all_channels", "wrong_person", "legal", "auto", "asks", "ambiguous",
    "softened", "defused", "benign", "harmless",
)  # fmt: skip
OTHER = ("language", "words", "signs", "quotes", "named")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """What the words of all languages mean. Keywords are plain and written together."""

    keywords: Mapping[str, frozenset[str]]
    phrases: Mapping[str, Phrases]
    #: characters that need no words, by what they mean
    signs: Mapping[str, frozenset[str]]
    #: opening, wrote, header, footer: plain words by which a mail program introduces what is not the person's own
    quotes: Mapping[str, frozenset[str]]
    #: plain word -> the channels that people mean by it
    named: Mapping[str, frozenset[str]]


@cache
def lexicon() -> Lexicon:
    """Every lexicon of the package, read once a process."""
    return build(lexicons().values())


def lexicons() -> dict[str, dict[str, Any]]:
    """Each file as it stands, by its name without ending."""
    found = sorted((f for f in files("engine.replies").iterdir() if f.name.endswith(".yaml")), key=str)
    # BaseLoader makes text of everything, so that "no" and "on" are words; it builds nothing else
    return {f.name.removesuffix(".yaml"): yaml.load(f.read_text("utf-8"), yaml.BaseLoader) for f in found}  # noqa: S506


def build(sources: Iterable[Mapping[str, Any]]) -> Lexicon:
    """One lexicon out of several. Raises PhraseError for a phrase that cannot be read."""
    sources = list(sources)
    return Lexicon(
        keywords={name: _words(s.get(name, "") for s in sources) for name in KEYWORDS},
        phrases={name: _phrases(name, sources) for name in PHRASES},
        signs={
            name: frozenset("".join(str(s.get("signs", {}).get(name, "")) for s in sources).replace(" ", ""))
            for name in ("refusal", "ambiguous", "harmless")
        },
        quotes={
            name: _quotes(s.get("quotes", {}).get(name, "") for s in sources)
            for name in ("opening", "wrote", "header", "footer")
        },
        named=_named(sources),
    )


def _words(lines: Iterable[str]) -> frozenset[str]:
    return frozenset("".join(spelt) for line in lines for word in line.split() for spelt in spellings(word))


def _named(sources: Iterable[Mapping[str, Any]]) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for source in sources:
        for channel, words in source.get("named", {}).items():
            for word in _words([words]):
                found.setdefault(word, set()).add(channel)
    return {word: frozenset(channels) for word, channels in found.items()}


def _phrases(name: str, sources: Iterable[Mapping[str, Any]]) -> Phrases:
    return Phrases(
        read(line, {key: words.split() for key, words in source.get("words", {}).items()})
        for source in sources
        for line in source.get(name, ())
    )


def _quotes(entries: Iterable[str | list[str]]) -> frozenset[str]:
    lists = (entry.split() if isinstance(entry, str) else entry for entry in entries)
    return frozenset(" ".join(spelt) for words in lists for word in words for spelt in spellings(word))
