"""How a text message is worded. How long it is, is counted in channels/segments.py, for adapters count too (CAR-15)."""

from __future__ import annotations

from unicodedata import combining, normalize

from channels.segments import LONGEST, Size, outside, room, size

__all__ = ["LONGEST", "Size", "instead", "outside", "room", "size", "whole"]

#: what stands for a character that GSM-7 has not
_INSTEAD = {
    **dict.fromkeys("‘’‚‛′`´ʼ", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2008\u2009\u200a\u202f\u3000\t", " "),
    **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\ufe0f", ""),
    "…": "...",
    "•": "-",
    "·": "-",
    "×": "x",
    "→": "->",
    "œ": "oe",
    "Œ": "OE",
    "ł": "l",
    "Ł": "L",
    "đ": "d",
}


def instead(character: str) -> str | None:
    """What GSM-7 can say in the place of a character it has not: perhaps nothing, and None where it can't."""
    if character in _INSTEAD:
        return _INSTEAD[character]
    plain = "".join(c for c in normalize("NFKD", character) if not combining(c))
    return plain if plain and not outside(plain) else None


#: blanks that dates and amounts are written with, and that GSM-7 has not
_BLANKS = str.maketrans(dict.fromkeys("\u00a0\u2009\u202f", " "))


def whole(words: str, brand: str, stop: str) -> str:
    """A text message as it leaves: it says who writes, and how to stop it. Its blanks are plain ones: a phone breaks
    lines where it likes, and another kind would double the price."""
    said = words.translate(_BLANKS).strip()
    if brand.casefold() not in said.casefold():
        said = f"{brand}: {said}"
    return f"{said}\n{stop}"
