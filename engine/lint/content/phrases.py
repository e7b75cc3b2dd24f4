"""Lists of phrases, and finding them in a text in one pass.

A list is a file in lists/: a section a language, a line a phrase and, after ``=``, what is to be known of it. In a
phrase ``#`` stands for a number, ``^`` at its start for the start of a sentence, ``(a|b)`` for one of these, ``?``
after a letter for none or one of it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from configparser import ConfigParser
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_WORD = re.compile(r"\w+")
#: numbers in words, as offers say them
NUMBERS = {
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "ten": 10,
    "twelve": 12,
    "zwei": 2,
    "drei": 3,
    "deux": 2,
    "trois": 3,
    "dos": 2,
    "tres": 3,
}
_NUMBER = rf"(?P<number>\d{{1,3}}|{'|'.join(NUMBERS)})"
_SENTENCE = re.compile(r"(?:^|[.!?:\n\ufffc])[\s\"'“”»«¡(*_]*\Z")
#: how far before a phrase the start of its sentence is looked for
_BEFORE = 12


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase found: ``text[start:end]`` is ``words``; ``note`` is what its list says of it."""

    start: int
    end: int
    words: str
    note: str
    number: str = ""


@dataclass(frozen=True, slots=True)
class _Phrase:
    pattern: re.Pattern[str]
    first: bool  # only at the start of a sentence
    note: str


class Phrases:
    """The phrases of one list in one language."""

    def __init__(self, notes: Mapping[str, str]) -> None:
        self._by_word: dict[str, list[_Phrase]] = defaultdict(list)
        for phrase, note in sorted(notes.items(), key=lambda item: -len(item[0])):
            plain = phrase.removeprefix("^")
            made = _Phrase(_pattern(plain), phrase.startswith("^"), note)
            for key in _keys(plain):
                self._by_word[key].append(made)

    def find(self, text: str) -> Iterator[Hit]:
        """Every phrase in the text, in order; of phrases that overlap the first, and of those the longest."""
        reached = 0
        for word in _WORD.finditer(text):
            hit = self._at(text, word) if word.start() >= reached else None
            if hit:
                reached = hit.end
                yield hit

    def _at(self, text: str, word: re.Match[str]) -> Hit | None:
        first = word[0].casefold()
        for phrase in self._by_word.get("#" if first.isdigit() or first in NUMBERS else first, ()):
            found = phrase.pattern.match(text, word.start())
            if found and (not phrase.first or begins_sentence(text, found.start())):
                number = found["number"] if "number" in found.re.groupindex else ""
                return Hit(found.start(), found.end(), found[0], phrase.note, number)
        return None


def _keys(phrase: str) -> set[str]:
    """The words a phrase can begin with."""
    choice = re.match(r"\(([^)]*)\)", phrase)
    return {_key(word) for word in choice[1].split("|")} if choice else {_key(phrase)}


def _key(words: str) -> str:
    """The first word; all numbers are one."""
    found = _WORD.match(words)
    first = found[0].casefold() if found else "#"
    return "#" if first.isdigit() or first in NUMBERS else first


def begins_sentence(text: str, index: int) -> bool:
    """Is what stands there the first word of a sentence or of a line?"""
    return bool(_SENTENCE.search(text[max(0, index - _BEFORE) : index] if index else ""))


@cache
def phrases(name: str, language: str) -> Phrases:
    """The list ``name`` of a language such as ``fr`` or ``fr-CA``; an empty one where there is none."""
    lists = _lists(name)
    code = language[:2].lower()
    return Phrases(dict(lists[code]) if lists.has_section(code) else {})


def languages(name: str) -> frozenset[str]:
    """The languages a list is written for."""
    return frozenset(_lists(name).sections())


@cache
def _lists(name: str) -> ConfigParser:
    parser = ConfigParser(delimiters=("=",), comment_prefixes=(";",), interpolation=None, allow_no_value=True)
    text = files("engine").joinpath("lint", "content", "lists", f"{name}.ini").read_text(encoding="utf-8")
    parser.read_string(text)
    return parser


def _pattern(phrase: str) -> re.Pattern[str]:
    """The phrase as an expression: blanks, apostrophes and hyphens as people type them."""
    made = phrase.replace("#", _NUMBER).replace("'", "['’]").replace("-", "[-‑ ]?").replace(".", r"\.")
    made = re.sub(r"\((?!\?)", "(?:", made)
    return re.compile(rf"{re.sub(r' +', lambda _: WHITE, made)}(?!\w)", re.IGNORECASE)


#: blanks inside a phrase; never more than a few, so that no text makes the search long
WHITE = r"\s{1,8}"


_END = re.compile(r"[.!?\n]")
#: a sentence is looked at so far before and behind
_REACH = 300


def sentence(text: str, index: int) -> str:
    """The sentence around a place in a text."""
    before = _END.split(text[max(0, index - _REACH) : index])[-1]
    return before + _END.split(text[index : index + _REACH])[0]
