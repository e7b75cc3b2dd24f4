"""How long a text message is: septets or UTF-16 units, and the parts a carrier bills.

The one count there is: the engine words and judges texts by it, and adapters cap what they send by it.
"""

from __future__ import annotations

from dataclasses import dataclass

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
