"""False urgency (RK621): words that press for haste, or a date typed into them, where nothing ends then.

Scarcity is sincere when it is real and enforced: the offer or the deadline of the step is the only source of a
date. The clock of an offer starts with the message that first names it, so a later one may truly say "last chance".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from engine.lint.content.message import Flaw, Message
from engine.lint.content.phrases import NUMBERS, Hit, phrases
from engine.lint.content.wording import MOST, masked
from engine.model import DAY, HOUR

_MEND = "leave it out, or give the step an offer or 'respond_by' that really ends"
_PRINT = "print the date that counts: {{ offer.expires_on | date }} or {{ step.respond_by | date }}"


@dataclass(frozen=True, slots=True)
class Pressure:
    """Words that press. ``within``: seconds in which it must end for them to be true, None: whenever it ends;
    ``dated``: a date stands in the words themselves, so that it is nobody's deadline."""

    start: int
    end: int
    words: str
    within: int | None = None
    dated: bool = False


def judge(message: Message) -> Iterator[Flaw]:
    """RK621 of one message: of its lines and of every branch of its body."""
    for part, text in message.lines.items():
        for pressure in pressures(text, message.language):
            flaw = _flaw(message.use.ends_within, pressure)
            if flaw:
                yield Flaw(
                    code="RK621",
                    message=flaw[0],
                    mend=flaw[1],
                    part=part,
                    start=pressure.start,
                    end=pressure.end,
                )
    words = message.script.literal
    for pressure in pressures(words.text, message.language):
        flaw = _flaw(message.use.ends_within, pressure)
        if flaw:
            start, end = message.script.stretch(words, pressure.start, pressure.end)
            yield Flaw(code="RK621", message=flaw[0], mend=flaw[1], start=start, end=end)


def _flaw(ends_within: int | None, pressure: Pressure) -> tuple[str, str] | None:
    """(message, mend) where the words are not true. ``ends_within``: seconds to the end that the step enforces."""
    if ends_within is None:
        said = f"'{pressure.words}' presses for haste, and nothing of this step ends"
        if pressure.dated:
            said = f"'{pressure.words}' is a date in the words, and nothing of this step ends then"
        return said, _MEND
    if pressure.dated:
        said = f"'{pressure.words}' is a date in the words; what the step offers ends on a date of each reader's own"
        return said, _PRINT
    if pressure.within is not None and ends_within > pressure.within + DAY:
        return (
            f"'{pressure.words}' presses for haste, and there are {_days(ends_within)} left",
            "say the date: {{ offer.expires_on | date }} or {{ step.respond_by | date }}",
        )
    return None


def _days(seconds: int) -> str:
    days = round(seconds / DAY)
    return "a day" if days == 1 else f"{days} days"


@lru_cache(maxsize=4096)
def pressures(text: str, language: str) -> tuple[Pressure, ...]:
    """Words of a text that press for haste, in order."""
    plain = masked(text)
    found = [*_hurried(plain, language), *dates(plain, language)]
    return tuple(islice(sorted(found, key=lambda p: p.start), MOST))


#: what says that there is no hurry after all: "no hurry", "do not miss it if", "in a hurry"
_CALM = re.compile(
    r"(?i)(?:\b(?:no|not|never|any|without|in a|keine?|nicht|sans|pas|sin)|n['’]t)(?: (?:a|the|your))?\s{1,4}\Z"
)
#: what ends by itself, and is no offer of ours
_THEIRS = re.compile(
    r"(?i)\b(?:contract|licen[cs]e|subscription|certificate|warranty|password|card|lease|agreement|trial|policy|"
    r"permit|insurance|term|plan|season|year|month|quarter|shift|vertrag|abo|contrat|abonnement|contrato|suscripción)"
    r"\w{0,2}(?:\s+\S{1,15}){0,4}\s*\Z"
)
_OF_THEIRS = re.compile(r"(?i)\s{1,4}(?:in|of|on|before) (?:the|this|that|your|their|our)\b")
#: so much of what stands before is looked at
_BEFORE = 80


def _hurried(text: str, language: str) -> Iterator[Pressure]:
    for hit in phrases("urgency", language).find(text):
        before = text[max(0, hit.start - _BEFORE) : hit.start]
        theirs = _ends(hit) and (_THEIRS.search(_sentence(before)) or _OF_THEIRS.match(text, hit.end))
        if not _CALM.search(before) and not theirs:
            words = " ".join(hit.words.split()).rstrip(".,;!")
            yield Pressure(hit.start, hit.end, words, _within(hit))


_ENDING = re.compile(r"(?i)end|clos|expir|about to|termin|läuft|se termine|vence|caduca")


def _ends(hit: Hit) -> bool:
    """Do the words say that something ends, rather than press?"""
    return bool(hit.number) or _ENDING.match(hit.words) is not None


def _sentence(before: str) -> str:
    return re.split(r"[.!?\n]", before)[-1]


def _within(hit: Hit) -> int | None:
    if hit.note == "any":
        return None
    if not hit.note.startswith("#"):
        return int(hit.note) * DAY
    number = NUMBERS.get(hit.number.casefold()) or int(hit.number)
    return number * (HOUR if hit.note.endswith("hours") else DAY)


_MONTHS = {
    "en": r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?",
    "de": r"(?:januar|jänner|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember)",
    "fr": r"(?:janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre)",
    "es": r"(?:enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre)",
}
_UNTIL = {
    "en": r"(?:by|until|till|before|through|no later than|ends?(?: on)?|expires?(?: on)?|closes?(?: on)?)",
    "de": r"(?:bis(?: zum| einschließlich)?|vor dem|spätestens(?: am)?|endet am)",
    "fr": r"(?:jusqu['’]au|avant le|au plus tard le|expire le|se termine le)",
    "es": r"(?:hasta el|antes del?|a más tardar el|termina el|vence el|expira el)",
}
_WEEKDAYS = r"(?:(?:this|next) )?(?:mon|tues|wednes|thurs|fri|satur|sun)day"
#: what is asked by that day, in the words before
_ASKED = re.compile(
    r"(?i)\b(?:reply|respond|answer|let (?:me|us) know|tell (?:me|us)|decide|book|order|sign(?: up)?|register|confirm|"
    r"claim|accept|use it|get back|antworten|bestellen|buchen|répond\w*|réserv\w*|respond\w*|reserv\w*)\b"
)
#: what lasts until that day
_LASTS = re.compile(
    r"(?i)\b(?:valid|available|good|open|holds?|stands?|offer|prices?|discount|deal|quote|code|voucher|coupon|free|"
    r"save|sale|yours|gilt|gültig|angebot|preis|rabatt|offre|prix|remise|valable|oferta|precio|descuento|válid\w*)\b"
)
#: what has hours or a date of its own
_ELSEWHERE = re.compile(
    r"(?i)\b(?:closed|away|office|shop|store|doors|hotline|holiday|vacation|maintenance|deliver\w*|arriv\w*|ship\w*|"
    r"was|were|had|geschlossen|war|fermé\w*|était|cerrad\w*|estaba|era)\b"
)
_BACKWARD = re.compile(r"(?i)before|vor|avant|antes")


@lru_cache(maxsize=8)
def _dated(language: str) -> re.Pattern[str]:
    month = _MONTHS.get(language, _MONTHS["en"])
    until = _UNTIL.get(language, _UNTIL["en"])
    day = r"\d{1,2}(?:st|nd|rd|th|er)?"
    year = r"(?:,? (?:de )?\d{4})?"
    dates = [rf"{month} {day}{year}", rf"{day}\.? (?:of |de )?{month}{year}"]
    dates += [r"\d{4}-\d{2}-\d{2}", r"\d{1,2}[./]\d{1,2}[./](?:\d{4}|\d{2})?", r"\d{1,2}/\d{1,2}"]
    dates += (
        [_WEEKDAYS, r"end of (?:the|this|next) (?:day|week|month|quarter|year)"] if language == "en" else []
    )
    return re.compile(rf"(?i)(?<!\w){until} (?:the )?(?:{'|'.join(dates)})(?!\w)")


def dates(text: str, language: str) -> Iterator[Pressure]:
    """Deadlines whose date stands in the words: until when an offer is said to last, or an answer is asked for."""
    for found in _dated(language).finditer(text):
        before = _sentence(text[max(0, found.start() - 2 * _BEFORE) : found.start()])
        asked = _ASKED.search(before) or (not _BACKWARD.match(found[0]) and _LASTS.search(before))
        if asked and not _ELSEWHERE.search(before) and not _THEIRS.search(before):
            words = " ".join(found[0].split()).rstrip(".")
            yield Pressure(found.start(), found.end(), words, dated=True)
