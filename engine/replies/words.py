"""A text as plain words: one spelling for what a reader takes for the same, and where sentences begin and end."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

#: letters that no decomposition turns into the ones they are read as
_READ_AS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe"}
    | dict(zip("аеорсхуіѕјкмтвнһԁο", "aeopcxyisjkmtbhhdo", strict=True))  # Cyrillic and Greek lookalikes
)
_STOP = r"[.!?;…。！？；]+(?=\s|$)|[!?;。！？；]+"
_SENTENCE = re.compile(_STOP)
_LINE = re.compile(rf"{_STOP}|\n")
_CLAUSE = re.compile(r"[,:()\[\]\"“”„«»–—¿¡、，\n]|(?<=\s)-(?=\s)")


@dataclass(frozen=True, slots=True)
class Word:
    """One word. ``begins``, ``ends``: a clause does so here. ``named``: it was written as names are."""

    text: str
    begins: bool = False
    ends: bool = False
    named: bool = False


def plain(text: str) -> list[str]:
    """Words in lower case, without accents, punctuation and invisible characters, full width made narrow."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    folded = unicodedata.normalize("NFKD", folded).translate(_READ_AS)
    return "".join(map(_letter, folded)).split()


def _letter(c: str) -> str:
    if c.isalnum():
        return c
    return "" if unicodedata.combining(c) or unicodedata.category(c) in ("Cf", "Mn", "Mc") else " "


def lines_of(text: str) -> list[list[str]]:
    """The plain words of each sentence, or line, that has any."""
    return [words for part in _LINE.split(text) if (words := plain(part))]


def sentences_of(text: str) -> list[list[Word]]:
    """Every word of each sentence with where it stands; a line may be folded anywhere, so it ends no sentence."""
    found = ([w for clause in _CLAUSE.split(part) for w in _clause(clause)] for part in _SENTENCE.split(text))
    return [words for words in found if words]


def _clause(clause: str) -> Iterator[Word]:
    pairs = [(word, _is_named(written)) for written in clause.split() for word in plain(written)]
    last = len(pairs) - 1
    for at, (word, named) in enumerate(pairs):
        yield Word(word, begins=at == 0, ends=at == last, named=named)


def _is_named(written: str) -> bool:
    return written[:1].isupper() and written[1:2].islower()


def squeezed(word: str) -> str:
    """Without repeated letters: ``stooopp`` is ``stop``."""
    return "".join(c for at, c in enumerate(word) if at == 0 or word[at - 1] != c)
