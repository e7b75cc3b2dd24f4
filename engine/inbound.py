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
    AMBIGUOUS = "ambiguous"  # it may mean a no, or nothing in it tells what it means: a human reads it
    NONE = "none"  # it is clearly no refusal


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
    refusal = _refusal(own, said, known)
    if refusal:
        return refusal
    other = _other(own, said, known)
    if other:
        return Reading(other)
    if open_ != sentences or _is_odd(own, said, known):
        return Reading(Meaning.AMBIGUOUS)
    harmless = said != open_ or _is_harmless(own, sentences, known)
    return Reading(Meaning.NONE if harmless else Meaning.AMBIGUOUS)


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


def _other(own: str, said: Sequence[Sequence[Word]], known: Lexicon) -> Meaning | None:
    words = plain(own)
    if known.phrases["auto"].found(said):
        return Meaning.AUTO
    if _is_help(words, known) or known.phrases["asks"].found(said):
        return Meaning.HELP
    return Meaning.OPT_IN if "".join(words) in known.keywords["opt_in"] else None


def _is_odd(own: str, said: Sequence[Sequence[Word]], known: Lexicon) -> bool:
    """It holds a word of displeasure, or a negation that no phrase explains."""
    said = known.phrases["benign"].without(said)
    negated = any(word.text in known.keywords["negations"] for sentence in said for word in sentence)
    sign = not known.signs["ambiguous"].isdisjoint(own)
    return sign or negated or known.phrases["ambiguous"].found(said)


def _is_harmless(own: str, sentences: Sequence[Sequence[Word]], known: Lexicon) -> bool:
    """Something in it shows it, or it says nothing: what no lexicon knows is not taken for harmless."""
    if not own.strip() or known.phrases["harmless"].found(sentences):
        return True
    words = plain(own)
    if not words:
        return not known.signs["harmless"].isdisjoint(own)
    easy = [known.keywords[name] for name in ("harmless_words", "courtesy", "opt_in")]
    return all(word[0].isdigit() or any(word in set_ for set_ in easy) for word in words)


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
