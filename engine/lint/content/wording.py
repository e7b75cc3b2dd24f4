"""Words and typography that do not belong in a message: those of a contract (RK615), those of spam (RK616)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

from engine.lint.content.message import Flaw, Message
from engine.lint.content.phrases import Phrases, phrases, sentence

#: of one rule in one text; who has more has one habit
MOST = 20

#: what filters read: on the other channels people write to people
_FILTERED = frozenset({"email", "sms"})

#: what spam.ini says is better
_BETTER = {
    "until": "say until when it stands",
    "act": "say what they would do",
    "label": "let the words of the link say where it leads",
    "cost": "say what it costs, or that there is nothing to pay",
    "what": "say what it is",
    "risk": "say what happens if they do not like it",
    "proof": "say what you have seen it do",
    "price": "say the price",
    "why": "say why you write to them",
    "name": "write their name, or no name",
    "out": "leave it out",
}


@dataclass(frozen=True, slots=True)
class Wrong:
    """A stretch of a text that is worded badly: what is wrong with it, and what to do."""

    start: int
    end: int
    message: str
    mend: str


def judge(message: Message) -> Iterator[Flaw]:
    """RK615 and RK616 of one message: of its lines and of every branch of its body."""
    filtered = message.channel in _FILTERED
    for part, text in message.lines.items():
        yield from _flaws("RK615", legalese(text, message.language), part)
        yield from _flaws("RK616", (*spam(text, message.language, line=part), *hidden(text)), part)
    words = message.script.literal
    yield from _flaws("RK615", _in_body(message, legalese(words.text, message.language)))
    if filtered:
        yield from _flaws("RK616", _in_body(message, spam(words.text, message.language)))
        yield from _flaws("RK616", hidden(message.script.body))


def _in_body(message: Message, found: tuple[Wrong, ...]) -> Iterator[Wrong]:
    """Places in the words of a body as places in the body itself."""
    script = message.script
    for wrong in found:
        start, end = script.stretch(script.literal, wrong.start, wrong.end)
        yield replace(wrong, start=start, end=end)


def _flaws(code: str, found: Iterable[Wrong], part: str = "body") -> Iterator[Flaw]:
    for wrong in found:
        yield Flaw(
            code=code, message=wrong.message, mend=wrong.mend, part=part, start=wrong.start, end=wrong.end
        )


@lru_cache(maxsize=4096)
def legalese(text: str, language: str) -> tuple[Wrong, ...]:
    """Words of a contract in a text, each with what a person would say. Nothing for languages without a list."""
    found = islice(phrases("legalese", language).find(masked(text)), MOST)
    return tuple(
        Wrong(
            hit.start,
            hit.end,
            f"'{_shown(hit.words)}' is how contracts speak",
            f"say '{hit.note}'" if hit.note else "leave it out",
        )
        for hit in found
    )


@lru_cache(maxsize=4096)
def spam(text: str, language: str, line: str = "") -> tuple[Wrong, ...]:
    """What filters count against a text. ``line``: the part of an e-mail it is, if not its body: ``subject``,
    ``from`` and so on."""
    plain = masked(text)
    found = [*_phrases(plain, language), *_signs(plain), *_capitals(plain, language)]
    found += _of_subject(plain) if line == "subject" else _of_sender(plain) if line == "from" else []
    return tuple(islice(_apart(sorted(found, key=lambda w: (w.start, -w.end))), MOST))


_ADDRESS = re.compile(r"\b\w{2,6}://\S{1,2000}")


def masked(text: str) -> str:
    """The text with addresses blanked out: nobody reads them as words."""
    return _ADDRESS.sub(lambda found: "\ufffc" * len(found[0]), text)


def _apart(found: list[Wrong]) -> Iterator[Wrong]:
    """One of those that overlap."""
    reached = 0
    for wrong in found:
        if wrong.start >= reached:
            reached = wrong.end
            yield wrong


def _shown(words: str) -> str:
    return " ".join(words.split())


#: a promise with its term: then to be asked nothing is a term too
_TERM = re.compile(r"(?i)\b\d+[ -](?:days?|weeks?|months?)\b")


def _phrases(text: str, language: str) -> Iterator[Wrong]:
    for hit in phrases("spam", language).find(text):
        if hit.words.casefold() == "no questions asked" and _TERM.search(sentence(text, hit.start)):
            continue
        yield Wrong(hit.start, hit.end, f"'{_shown(hit.words)}' is how spam speaks", _BETTER[hit.note])


_SIGNS = (
    (re.compile(r"!{2,20}|(?:[!?]){3,20}"), "'{}' shouts", "one sign, or a full stop"),
    (re.compile(r"[$€£¥]{2,20}"), "'{}' is how spam speaks", "say the amount"),
    (
        re.compile(r"\*{4,20}|={4,20}|~{4,20}|#{4,20}|>{3,20}|<{3,20}"),
        "'{}' is how spam draws",
        "leave it out",
    ),
    (
        re.compile(r"(?<![^\W_])[A-Z](?:[ _*.-][A-Z]){3,20}(?![^\W_])"),
        "'{}' is a word pulled apart, as spam does to hide it",
        "write it as a word",
    ),
    (
        re.compile("[\U0001d400-\U0001d7ff\uff21-\uff3a\uff41-\uff5a]{2,200}"),
        "'{}' is written in signs that only look like letters",
        "write it in letters",
    ),
    (
        re.compile("(?<=[^\\W_])[\u200b\u2060\ufeff]{1,20}(?=[^\\W_])"),
        "a sign that nobody sees stands inside a word, as spam does to hide it",
        "take it out",
    ),
)


def _signs(text: str) -> Iterator[Wrong]:
    for pattern, message, mend in _SIGNS:
        for found in pattern.finditer(text):
            yield Wrong(found.start(), found.end(), message.format(found[0]), mend)


_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_BESIDE = re.compile(r"[ \t&!'’-]{1,3}")
#: so many words in capitals shout, whatever they are, when they have so many letters
_RUN, _LETTERS = 4, 16


def _capitals(text: str, language: str) -> Iterator[Wrong]:
    """Words in capitals that are no abbreviations: one that only shouting puts so, or several in a row."""
    shouting = phrases("shouting", language)
    for run in _runs(text):
        start, end = run[0].start(), run[-1].end()
        notes = [_note(shouting, word[0]) for word in run]
        many = len(run) >= _RUN and sum(len(word[0]) for word in run) >= _LETTERS
        if "alone" in notes or many or (len(run) > 1 and any(note is not None for note in notes)):
            message = f"'{_shown(text[start:end])}' stands in capitals"
            yield Wrong(start, end, message, "write it as a sentence is written")


def _note(shouting: Phrases, word: str) -> str | None:
    hit = next(shouting.find(word), None)
    return hit.note if hit and hit.end == len(word) else None


def _runs(text: str) -> Iterator[list[re.Match[str]]]:
    """Words of two letters and more in capitals, those beside each other together."""
    run: list[re.Match[str]] = []
    for word in _WORD.finditer(text):
        if run and not _BESIDE.fullmatch(text[run[-1].end() : word.start()][:4]):
            yield run
            run = []
        if len(word[0]) > 1 and word[0].isupper():
            run.append(word)
        elif run:
            yield run
            run = []
    if run:
        yield run


#: hosts that hide where a link leads (CAR-11)
_SHORTENERS = (
    r"bit\.ly|tinyurl\.com|t\.co|goo\.gl|ow\.ly|is\.gd|buff\.ly|cutt\.ly|t\.ly|tiny\.cc|rb\.gy|shorturl\.at"
)
_HIDDEN = (
    (
        re.compile(rf"(?i)(?<![\w.-])(?:www\.)?(?:{_SHORTENERS})/[\w-]{{1,60}}"),
        "'{}' is a public shortener: it hides where the link leads, and carriers block it",
        "link to your own domain",
    ),
    (
        re.compile(r"(?<=://)\d{1,3}(?:\.\d{1,3}){3}(?![\w.])"),
        "'{}' is a number and no name: filters refuse such links",
        "link to your own domain",
    ),
)


@lru_cache(maxsize=4096)
def hidden(text: str) -> tuple[Wrong, ...]:
    """Addresses in a text that hide where they lead."""
    found = (
        Wrong(found.start(), found.end(), message.format(found[0]), mend)
        for pattern, message, mend in _HIDDEN
        for found in pattern.finditer(text)
    )
    return tuple(islice(found, MOST))


_REPLY = re.compile(r"(?i)\s*(?:re|fw|fwd|aw|wg|tr|rv|sv|antw)\s?(?:\[\d+\])?:")
_EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf\u203c\u2049\u2b50\u2b55\u231a\u231b\u23e9-\u23f3]")
#: what a mailbox itself shows beside a subject, and money
_TRICKS = re.compile("[✅✔☑⚠🚨🔔📩📨📧✉🔴🟢🟡❗‼⛔🛑📎⭐💰💸💵🤑]\ufe0f?")
_MANY = 3


def _of_subject(text: str) -> list[Wrong]:
    """A subject that pretends to be an answer, or to be marked by the mailbox."""
    found = []
    reply = _REPLY.match(text)
    if reply:
        message = f"'{reply[0].strip()}' says that this answers somebody, and it does not"
        found.append(Wrong(reply.start(), reply.end(), message, "leave it out"))
    emoji = list(_EMOJI.finditer(text))
    trick = _TRICKS.search(text)
    if trick:
        message = f"'{trick[0]}' looks like a mark of the mailbox, or like money"
        found.append(Wrong(trick.start(), trick.end(), message, "leave it out"))
    elif len(emoji) >= _MANY:
        first, last = emoji[0], emoji[-1]
        found.append(
            Wrong(first.start(), last.end(), f"{len(emoji)} emoji in a subject", "keep one, or none")
        )
    return found


def _of_sender(text: str) -> list[Wrong]:
    """A sender's name says who writes, and nothing else (DLV-08)."""
    return [
        Wrong(found.start(), found.end(), f"'{found[0]}' in the sender's name", "leave it out")
        for found in (*_EMOJI.finditer(text), *_REPLY.finditer(text))
    ]
