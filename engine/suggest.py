"""'Did you mean': the nearest legal name, or the legal names when they are few."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

#: so many legal names are listed; more are not
FEW = 8
#: nobody misspells a longer word by a letter or two
MAX_WORD = 64


def nearest(word: str, legal: Collection[str]) -> str | None:
    """The legal name the word most likely was meant to be."""
    if len(word) > MAX_WORD:
        return None
    lowered = {name.lower(): name for name in legal}
    wanted = word.strip().lower().replace("-", "_").replace(" ", "_")
    if wanted in lowered:
        return lowered[wanted]
    found = get_close_matches(wanted, lowered, n=1, cutoff=0.7)
    return lowered[found[0]] if found else None


def mend(word: str, legal: Collection[str], *, none: str = "", few: int = FEW) -> str:
    """What to do about an unknown name; ``none`` when there is nothing to choose from, or more than ``few``."""
    close = nearest(word, legal)
    if close:
        return f"did you mean '{close}'?"
    if not legal:
        return none
    return f"one of: {', '.join(sorted(legal))}" if len(legal) <= few else none
