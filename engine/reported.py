"""What whoever closed a task writes about it: a no that they report counts as much as one that was said to us.

It over-triggers on purpose, as ``inbound`` does: of a refusal that was noted under a harmless code nobody else knows.
"""

from __future__ import annotations

import re

from engine.inbound import Meaning, Reading, classify

_REACH = (
    r"call\w*|contact\w*|text\w*|write|written|writing|e ?mail\w*|mail\w*|messag\w*|phon\w*|ring|rung|bother\w*"
    r"|reach\w* out"
)
_ONCE = r"call|contact|text|write|e ?mail|message|phone|ring|bother"
#: they asked for it, or somebody says that it must be
_WISH = r"ask\w*|want\w*|sa(?:id|ys)|told|tells?|demand\w*|request\w*|insist\w*|wish\w*|please|pls"
_NOT = r"not|never|no more|no longer|don t|dont|stop|cease|quit"

_REFUSAL = re.compile(
    rf"\b(?:{_WISH})\b(?: \w+){{0,4}}? (?:{_NOT})\b(?! an? )(?: \w+){{0,4}}? (?:{_REACH})\b"
    rf"|(?:^|\b(?<!did )(?<!have )(?<!could ))(?:do not|don t|dont|never) (?:{_ONCE})\b"
    r"|\b(?:take|remove|delete|strike|get) (?:him|her|them|his|their|this|the) \b"
    r"|\b(?:off|from) (?:of )?(?:the|our|your|all) (?:\w+ )?lists?\b"
    r"|\bopt(?:s|ed|ing)? out\b|\bdnc\b|\bunsubscrib\w*"
)
#: only that they are not to be called at that time
_HOUR = re.compile(
    r"\b(?:call\w*|ring|phon\w*|contact\w*|text\w*|e ?mail\w*) (?:\w+ ){0,2}?(?:before|after|until|till|between"
    r"|during|on|at \d|this|today|tomorrow|now|right now|in the|while)\b"
)
_EVERYWHERE = re.compile(
    r"\b(?:contact\w*|any ?thing|any (?:way|channel)|all (?:channels|contact)|lists?|delete|dnc)\b"
)


def refusal_in(*texts: str | None) -> Reading | None:
    """The refusal that one of these texts is or reports; None where none does."""
    found = [reading for text in texts if text and (reading := _read(text))]
    return max(found, key=lambda reading: reading.everywhere, default=None)


def _read(text: str) -> Reading | None:
    own = classify(text)
    words = " ".join(re.sub(r"[^\w\s]", " ", text.casefold()).split())
    everywhere = own.everywhere or bool(_EVERYWHERE.search(words))
    if own.refuses:
        return Reading(own.meaning, everywhere)
    if _REFUSAL.search(words) and not _HOUR.search(words):
        return Reading(Meaning.REFUSAL, everywhere)
    return None
