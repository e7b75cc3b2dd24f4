"""'Did you mean': the nearest legal name, or the legal names when they are few."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from functools import lru_cache

#: so many legal names are listed; more are not
FEW = 8
#: nobody misspells a longer word by a letter or two
MAX_WORD = 64


def nearest(word: str, legal: Collection[str]) -> str | None:
    """The legal name the word most likely was meant to be."""
    if len(word) > MAX_WORD:
        return None
    meant = sure(word, legal)
    if meant:
        return meant
    lowered = {name.lower(): name for name in legal}
    wanted = _folded(word)
    found = [wanted] if wanted in lowered else get_close_matches(wanted, lowered, n=1, cutoff=0.7)
    return lowered[found[0]] if found else None


def sure(word: str, legal: Collection[str]) -> str | None:
    """The one legal name that the word can only have been meant to be, so that it can be mended without a thought.

    They differ in case, hyphens or blanks; or by one slip of the finger, by two in a word of eight letters, and no
    other name is as near. Names with other digits are other names.
    """
    wanted = _folded(word)
    if not wanted or len(word) > MAX_WORD:
        return None
    same = [name for name in legal if _folded(name) == wanted]
    if same:
        return same[0] if len(same) == 1 else None
    near = _near(wanted, {_folded(name): name for name in legal})
    return near[0] if len(near) == 1 else None


def mend(word: str, legal: Collection[str], *, none: str = "", few: int = FEW) -> str:
    """What to do about an unknown name; ``none`` when there is nothing to choose from, or more than ``few``."""
    close = nearest(word, legal)
    if close:
        return f"did you mean '{close}'?"
    if not legal:
        return none
    return f"one of: {', '.join(sorted(legal))}" if len(legal) <= few else none


@lru_cache(maxsize=4096)
def _folded(word: str) -> str:
    return re.sub(r"[-\s]+", "_", word.strip().lower())


def _near(wanted: str, legal: Mapping[str, str]) -> list[str]:
    """The names at the smallest distance, where that is small."""
    allowed = 2 if len(wanted) >= 8 else 1 if len(wanted) >= 3 else 0
    distances = {
        name: _slips(wanted, folded)
        for folded, name in legal.items()
        if abs(len(folded) - len(wanted)) <= allowed and _digits(folded) == _digits(wanted)
    }
    least = min(distances.values(), default=allowed + 1)
    return [name for name, distance in distances.items() if distance == least <= allowed]


@lru_cache(maxsize=4096)
def _digits(word: str) -> str:
    return re.sub(r"\D", "", word)


def _slips(one: str, other: str) -> int:
    """How many letters were left out, added, mistaken, or put in the wrong order with their neighbour."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        older, before, row = before, row, [i]
        for j, wanted in enumerate(other, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if older and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                best = min(best, older[j - 2] + 1)
            row.append(best)
    return row[-1]
