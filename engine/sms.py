"""How long a text message is: septets or UTF-16 units, and the parts a carrier bills (CAR-15)."""

from __future__ import annotations

from dataclasses import dataclass
from unicodedata import combining, normalize

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
#: sent as an escape and a second septet
_EXTENDED = frozenset("\f^{}\\[~]|€")

#: the most characters a provider takes in one message
LONGEST = 1_600


@dataclass(frozen=True, slots=True)
class Size:
    """``units``: septets in GSM-7, UTF-16 code units in UCS-2."""

    encoding: str  # GSM-7 | UCS-2
    units: int
    segments: int


def size(text: str) -> Size:
    """What it takes to send ``text``. One character outside GSM-7 turns the whole message to UCS-2."""
    letters = set(text)
    if letters <= _BASIC or letters <= _BASIC | _EXTENDED:
        widths = [2 if c in _EXTENDED else 1 for c in text]
        return Size("GSM-7", sum(widths), _segments(widths, single=160, part=153))
    widths = [2 if ord(c) > 0xFFFF else 1 for c in text]
    return Size("UCS-2", sum(widths), _segments(widths, single=70, part=67))


def outside(text: str) -> str:
    """The first character that GSM-7 has not; empty when it has all."""
    return next((c for c in text if c not in _BASIC and c not in _EXTENDED), "")


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


def room(encoding: str, parts: int) -> int:
    """The most septets or UTF-16 units that so many parts hold."""
    single, part = (160, 153) if encoding == "GSM-7" else (70, 67)
    return single if parts == 1 else parts * part


def _segments(widths: list[int], *, single: int, part: int) -> int:
    """Parts needed; a character of two units is never split between two parts."""
    if sum(widths) <= single:
        return 1
    count, used = 1, 0
    for width in widths:
        if used + width > part:
            count, used = count + 1, 0
        used += width
    return count
