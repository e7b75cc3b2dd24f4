"""What a person's reply means. It over-triggers on purpose: a refusal missed is worse than one presumed
(compliance.md section 13, TCPA-09, TCPA-10). Pure; every language at once, for nobody says which they reply in.
The words themselves are in engine/replies, a file a language; docs/replies.md tells how well it reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from engine.replies.lexicon import Lexicon, lexicon
from engine.replies.own_words import own_words
from engine.replies.words import Word, lines_of, plain, sentences_of, squeezed

#: characters that are read; who refuses says so before
LONGEST = 4_000


class Meaning(StrEnum):
    """What a reply comes to."""

    REFUSAL = "refusal"  # they do not want this
    WRONG_PERSON = "wrong_person"  # the address has another owner now
    LEGAL = "legal"  # they speak of lawyers or regulators
    AUTO = "auto"  # a program answered, not a person
    HELP = "help"  # they ask who we are
    OPT_IN = "opt_in"  # the word by which one comes back, and nothing else
    AMBIGUOUS = "ambiguous"  # a stop word in a sentence that may mean something else: a human reads it
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Reading:
    """A reply, read. ``everywhere``: it is meant for every channel, not only the one it came by."""

    meaning: Meaning
    everywhere: bool = False

    @property
    def refuses(self) -> bool:
        """True when it ends contact at once."""
        return self.meaning in (Meaning.REFUSAL, Meaning.WRONG_PERSON, Meaning.LEGAL)


@lru_cache(
    maxsize=64
)  # a message is asked about where it comes in, where it is recorded and where it is obeyed
def classify(text: str) -> Reading:
    """What a reply means, looking only at what the person wrote themselves, not at what they quote."""
    known = lexicon()
    own = own_words(text[:LONGEST], known)
    if not known.signs["refusal"].isdisjoint(own):  # a stop sign needs no words
        return Reading(Meaning.REFUSAL)
    sentences = sentences_of(own)
    open_ = known.phrases["softened"].without(sentences)
    said = known.phrases["defused"].without(open_)
    return _refusal(own, said, known) or Reading(_other(own, said, known, softened=open_ != sentences))


def _refusal(own: str, said: Sequence[Sequence[Word]], known: Lexicon) -> Reading | None:
    phrases = known.phrases
    if phrases["legal"].found(said):
        return Reading(Meaning.LEGAL, everywhere=True)
    if phrases["wrong_person"].found(said):
        return Reading(Meaning.WRONG_PERSON, everywhere=True)
    if _is_keyword(own, known):
        return Reading(Meaning.REFUSAL)
    if phrases["everywhere"].found(said):
        return Reading(Meaning.REFUSAL, everywhere=True)
    if phrases["refusal"].found(said):
        return Reading(Meaning.REFUSAL, everywhere=phrases["all_channels"].found(said))
    return None


def _other(own: str, said: Sequence[Sequence[Word]], known: Lexicon, *, softened: bool) -> Meaning:
    words = plain(own)
    if known.phrases["auto"].found(said):
        return Meaning.AUTO
    if _is_help(words, known) or known.phrases["asks"].found(said):
        return Meaning.HELP
    if "".join(words) in known.keywords["opt_in"]:
        return Meaning.OPT_IN
    sign = not known.signs["ambiguous"].isdisjoint(own)
    said = known.phrases["benign"].without(said)
    negated = any(word.text in known.keywords["negations"] for sentence in said for word in sentence)
    odd = softened or sign or negated or known.phrases["ambiguous"].found(said)
    return Meaning.AMBIGUOUS if odd else Meaning.NONE


def _is_keyword(own: str, known: Lexicon) -> bool:
    """All keywords and courtesies, or one keyword however it is spaced; or a whole line that is a plain stop."""
    return _says(plain(own), known.keywords["keywords"], known) or any(
        _says(line, known.keywords["alone"], known) for line in lines_of(own)
    )


def _says(words: Sequence[str], keywords: frozenset[str], known: Lexicon) -> bool:
    wanted = [w for w in words if w not in known.keywords["courtesy"]]
    for joined in ("".join(words), "".join(wanted)):
        if joined in keywords or squeezed(joined) in keywords:
            return True
    return bool(wanted) and all(w in keywords for w in wanted)


def _is_help(words: Sequence[str], known: Lexicon) -> bool:
    if "".join(words) in known.keywords["help"]:
        return True
    asked = [w for w in words if w not in known.keywords["courtesy"]]
    return len(words) <= 3 and bool(asked) and all(w in known.keywords["help"] for w in asked)
