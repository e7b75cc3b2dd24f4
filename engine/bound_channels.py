"""Which channels a no binds: one rule, whatever it came by.

The one it came by, and those that it names ("stop texting me", in a mail: TCPA-11); one of text and voice binds both
(TCPA-14); every one where they mean that, or nobody knows which (SUP-09). Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.inbound import LONGEST, Meaning, Reading, classify
from engine.law import BY_PHONE
from engine.model import CHANNELS
from engine.replies.lexicon import lexicon
from engine.replies.own_words import own_words
from engine.replies.words import plain
from engine.suppression import ALL

#: sentences, lines and what stands between commas: "stop texting me, e-mail me instead" stops no mail
_PART = re.compile(r"[.!?;,\n]+")
#: what a signature is full of, under the names of channels too
_OF_SIGNATURES = re.compile(r"[@\d]")


def bound(reading: Reading, channel: str | None, *texts: str | None) -> tuple[str, ...]:
    """The channels, or ``all``, that a refusal by ``channel`` in these words binds."""
    if reading.everywhere or channel is None or channel == ALL:
        return (ALL,)
    return with_voice([channel, *(name for text in texts if text for name in named(text))])


def with_voice(channels: Iterable[str]) -> tuple[str, ...]:
    """Channels as a revocation of them is meant: texts and calls go together (TCPA-14). ``all`` stays alone."""
    found = set(channels)
    if ALL in found:
        return (ALL,)
    found |= BY_PHONE if found & BY_PHONE else set()
    return tuple(channel for channel in CHANNELS if channel in found)


def named(text: str) -> set[str]:
    """The channels that the parts of a text name which refuse, or may.

    What is plainly none ("call me instead", alone) names nothing, nor does a signature.
    """
    known = lexicon()
    found: set[str] = set()
    for part in _PART.split(own_words(text[:LONGEST], known)):
        names = {channel for word in plain(part) for channel in known.named.get(word, ())}
        if names - found and _may_refuse(part):
            found |= names
    return found


def _may_refuse(part: str) -> bool:
    reading = classify(part)
    unclear = reading.meaning is Meaning.AMBIGUOUS and not _OF_SIGNATURES.search(part)
    return reading.refuses or unclear
