"""Phrases of the lexicons, and the search for them: time is linear in the text, whatever the text.

stop (texting|calling) [me]     one of several, and what may be missing
stop ..3 $things                up to three words between; one of the words listed under ``words``
unsub*                          a beginning, of three letters at least
< no more >                     only where a clause begins and ends
not $name                       a word or two, each written as names are
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from engine.replies.words import Word, plain

_PIECE = re.compile(r"\(([^)]*)\)|\[([^\]]*)\]|\.\.(\d)|([<>])|(\S+)")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


class PhraseError(ValueError):
    """A phrase that cannot be read: which, and why."""


@dataclass(frozen=True, slots=True)
class _Step:
    """One piece of a phrase. ``gap``: up to so many words of any kind; else one of ``exact`` (by its first word) and
    ``starts``."""

    exact: Mapping[str, Sequence[tuple[str, ...]]] = field(default_factory=dict)
    starts: tuple[str, ...] = ()
    gap: int = 0
    optional: bool = False
    mark: str = ""  # < > or name

    def after(self, at: int, words: Sequence[Word]) -> set[int]:
        """Where one can be after this piece, from ``at``."""
        if self.gap:
            return set(range(at, min(at + self.gap, len(words)) + 1))
        found = {at} if self.optional else set()
        if self.mark:
            return found | self._marked(at, words)
        if at < len(words) and self.starts and words[at].text.startswith(self.starts):
            found.add(at + 1)
        for sequence in self.exact.get(words[at].text, ()) if at < len(words) else ():
            end = at + len(sequence)
            if end <= len(words) and all(words[at + n].text == w for n, w in enumerate(sequence)):
                found.add(end)
        return found

    def _marked(self, at: int, words: Sequence[Word]) -> set[int]:
        if self.mark == "<":
            return {at} if at < len(words) and words[at].begins else set()
        if self.mark == ">":
            return {at} if at and words[at - 1].ends else set()
        reach = range(at + 1, min(at + 2, len(words)) + 1)  # a name is a word or two
        return {end for end in reach if all(w.named for w in words[at:end])}


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase, read. ``heads``, ``head_starts``: what its first word can be, or begin with."""

    steps: tuple[_Step, ...]

    def end(self, at: int, words: Sequence[Word]) -> int | None:
        """Where the longest match from ``at`` ends; None when there is none."""
        places = {at}
        for step in self.steps:
            places = {end for place in places for end in step.after(place, words)}
            if not places:
                return None
        return max(places)

    @property
    def head(self) -> _Step:
        return next(step for step in self.steps if step.mark not in ("<", ">"))


def read(line: str, sets: Mapping[str, Sequence[str]]) -> Phrase:
    """A phrase as a lexicon writes it. Raises PhraseError."""
    steps = tuple(_step(found, line, sets) for found in _PIECE.finditer(line))
    phrase = Phrase(steps)
    head = next((s for s in steps if s.mark not in ("<", ">")), None)
    if head is None or head.gap or head.optional or head.mark or not (head.exact or head.starts):
        raise PhraseError(f"'{line}' has to begin with a word that is always there")
    return phrase


def _step(found: re.Match[str], line: str, sets: Mapping[str, Sequence[str]]) -> _Step:
    group, optional, gap, mark, word = found.groups()
    if gap:
        return _Step(gap=int(gap))
    if mark or word == "$name":
        return _Step(mark=mark or "name")
    exact: set[tuple[str, ...]] = set()
    starts: list[str] = []
    for option in (group or optional or word or "").split("|"):
        for one in _resolved(option.strip(), line, sets):
            _take(one, line, exact, starts)
    by_first: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for sequence in sorted(exact):
        by_first[sequence[0]].append(sequence)
    return _Step(exact=dict(by_first), starts=tuple(starts), optional=optional is not None)


def _resolved(option: str, line: str, sets: Mapping[str, Sequence[str]]) -> Sequence[str]:
    if not option.startswith("$"):
        return [option]
    if option[1:] not in sets:
        raise PhraseError(f"'{line}' names {option}, which is not among the words")
    return sets[option[1:]]


def _take(option: str, line: str, exact: set[tuple[str, ...]], starts: list[str]) -> None:
    for spelt in spellings(option.removesuffix("*")):
        if not spelt:
            raise PhraseError(f"'{line}' has an empty place")
        if not option.endswith("*"):
            exact.add(tuple(spelt))
        elif len(spelt) == 1 and len(spelt[0]) >= 3:
            starts.append(spelt[0])
        else:
            raise PhraseError(f"'{line}': a beginning has three letters at least")


def spellings(written: str) -> Iterable[list[str]]:
    """The plain words of something written, umlauts both ways: hören is horen and hoeren."""
    yield plain(written)
    if (broken := written.lower().translate(_UMLAUTS)) != written.lower():
        yield plain(broken)


class Phrases:
    """Many phrases, found by what they begin with."""

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        self._exact: dict[str, list[Phrase]] = defaultdict(list)
        self._starts: dict[str, list[Phrase]] = defaultdict(list)
        for phrase in phrases:
            for first in phrase.head.exact:
                self._exact[first].append(phrase)
            for start in {s[:3] for s in phrase.head.starts}:
                self._starts[start].append(phrase)

    def end(self, at: int, words: Sequence[Word]) -> int | None:
        """Where the longest phrase that begins at ``at`` ends."""
        ends = (phrase.end(at, words) for phrase in self._near(words[at].text))
        return max((end for end in ends if end is not None), default=None)

    def _near(self, word: str) -> Iterator[Phrase]:
        """Those that can begin with a word."""
        yield from self._exact.get(word, ())
        yield from self._starts.get(word[:3], ())

    def found(self, sentences: Iterable[Sequence[Word]]) -> bool:
        """Is any of them in any sentence?"""
        return any(
            phrase.end(at, words) is not None
            for words in sentences
            for at in range(len(words))
            for phrase in self._near(words[at].text)
        )

    def without(self, sentences: Iterable[Sequence[Word]]) -> Sequence[Sequence[Word]]:
        """The sentences less every phrase of these that stands within one clause; what is left there is no word."""
        return [self._less(words) for words in sentences]

    def _less(self, words: Sequence[Word]) -> Sequence[Word]:
        kept: list[Word] = []
        at = 0
        while at < len(words):
            end = self.end(at, words)
            if end is None or any(w.ends for w in words[at : end - 1]):
                kept.append(words[at])
                at += 1
            else:
                kept.append(Word("", begins=words[at].begins, ends=words[end - 1].ends))
                at = end
        return kept
