"""How hard a text is to read (RK614): the Flesch-Kincaid grade, the school year in which it is read with ease.

The formula was fitted to English and is used for English alone. It counts words, sentences and syllables. Syllables
are those of the hyphenation patterns, or the groups of vowels where these are more: patterns never part a letter
from a word ("i-dea"), and miss what typesetters would not break. Against a dictionary of pronunciations 97 of 100
running words come out right, and the grade of a text within a twentieth (docs/decisions).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import pyphen

from engine.lint.content.message import Flaw, Message
from engine.lint.content.words import Words, lines

#: the languages the formula is valid for
LANGUAGES = frozenset({"en"})
#: shorter texts have no grade worth the name: one long word decides it
LEAST = 30
#: messages that are read; a script is spoken, and half of it is for who speaks
_JUDGED = frozenset({"email", "sms", "linkedin", "letter", "in_app", "push"})

#: lines of fewer words without a full stop are names, greetings and labels
_LABEL = 5
#: a sentence of fewer words is not hard, whatever the words
_SHORT = 6
#: sentences of more words can be parted
_LONG = 20

_VOWELS = re.compile(r"[aeiouy]+")
#: endings whose vowel is not heard
_SILENT = re.compile(r"(?:[^aeiouyl]e|[aeiouy]le|[^aeiouysxzhcg]es|[^aeiouytd]ed)\Z")
#: first halves of compounds, whose last vowel is not heard either: something, timeline, useful
_INNER = re.compile(
    r"(?:some|every|else|life|time|line|state|ware|base|safe|pipe|home|move|use|care|hope|name|note|place)"
    r"(?=[b-df-hj-np-tv-z](?!\Z))"
)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_TOKEN = re.compile(r"\S+")
_STOPS = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s|\Z)")
_ABBREVIATIONS = frozenset(
    "mr mrs ms dr st no vs inc ltd co corp e.g i.e etc approx a.m p.m u.s "
    "jan feb mar apr jun jul aug sep sept oct nov dec".split()
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a text: ``text[start:end]``, its words, and how many syllables they have together."""

    start: int
    end: int
    words: tuple[str, ...]
    syllables: int

    @property
    def hardness(self) -> float:
        """What it adds to the grade of its text."""
        return 0.39 * len(self.words) + 11.8 * self.syllables / len(self.words)


@dataclass(frozen=True, slots=True)
class Reading:
    """The grade of a text and its hardest sentence."""

    grade: float
    hardest: Sentence


def judge(message: Message) -> Iterator[Flaw]:
    """RK614 of one message, where the project declares a grade."""
    most, words = message.project.policy.reading_grade, message.worded
    if most is None or words is None or message.channel not in _JUDGED or message.language not in LANGUAGES:
        return
    reading = read(words)
    if reading and int(reading.grade) > most:  # 7.9 is still the 7th
        start, end = message.script.stretch(words, reading.hardest.start, reading.hardest.end)
        said = f"the message reads at grade {reading.grade:.1f}, and policy.reading_grade is {most}"
        said += f"; its hardest sentence has {len(reading.hardest.words)} words"
        yield Flaw(
            code="RK614", message=said, mend=_mend(reading.hardest), start=start, end=max(end, start + 1)
        )


def _mend(sentence: Sentence) -> str:
    long = sorted(
        {w.lower() for w in sentence.words if syllables(w.lower()) > 3}, key=lambda w: -syllables(w)
    )
    simpler = f"find simpler words for {', '.join(repr(w) for w in long[:3])}" if long else ""
    if len(sentence.words) <= _LONG:
        return simpler or "say it in shorter sentences and simpler words"
    return "make two sentences of it" + (f", and {simpler}" if simpler else "")


def read(words: Words) -> Reading | None:
    """The reading of a text; None when it is too short."""
    found = [sentence for start, line in lines(words) for sentence in sentences(line, start)]
    count = sum(len(sentence.words) for sentence in found)
    hard = [sentence for sentence in found if len(sentence.words) >= _SHORT]
    if count < LEAST or not hard:
        return None
    spoken = sum(sentence.syllables for sentence in found)
    grade = 0.39 * count / len(found) + 11.8 * spoken / count - 15.59
    return Reading(grade, max(hard, key=lambda sentence: sentence.hardness))


def sentences(line: str, offset: int = 0) -> Iterator[Sentence]:
    """The sentences of a line; ``offset`` is added to their places. A label or a greeting is none."""
    stops = [found.end() for found in _STOPS.finditer(line) if _ends(line, found)]
    edges = [0, *stops, len(line)]
    for start, end in pairwise(edges):
        text = line[start:end]
        words = tuple(_of_words(text))
        closed = end in stops or text.rstrip().endswith(":")
        if words and (closed or len(words) >= _LABEL):
            first = start + len(text) - len(text.lstrip())
            yield Sentence(offset + first, offset + end, words, sum(map(syllables, map(str.lower, words))))


def _ends(line: str, stop: re.Match[str]) -> bool:
    """Is it the end of a sentence, and not of an abbreviation?"""
    before = line[max(0, stop.start() - 12) : stop.start()].split()
    if before and stop[0] == "." and before[-1].lower().strip("(\"'“") in _ABBREVIATIONS:
        return False
    after = line[stop.end() :].lstrip()[:1]
    return not after.islower()


def _of_words(text: str) -> Iterator[str]:
    """The words of a text. An address, an amount or a number is one word of one syllable."""
    for token in _TOKEN.finditer(text):
        if "@" in token[0] or "/" in token[0] or any(c.isdigit() for c in token[0]):
            yield "x"
        else:
            yield from (found[0] for found in _WORD.finditer(token[0]))


@lru_cache(maxsize=65_536)
def syllables(word: str) -> int:
    """How many syllables an English word in lower case has."""
    plain = word.partition("'")[0].partition("’")[0] or word
    if len(plain) > 60:  # no word
        return 1
    heard = len(_VOWELS.findall(plain)) - bool(_SILENT.search(plain)) - len(_INNER.findall(plain))
    return max(len(_patterns().positions(plain)) + 1, heard, 1)


@lru_cache(maxsize=1)
def _patterns() -> pyphen.Pyphen:
    return pyphen.Pyphen(lang="en_US", left=2, right=2)
