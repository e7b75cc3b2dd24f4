"""Exactly one call to action (RK613): a message asks for one thing.

Asked for is a visit (each link of the body that leads elsewhere is one), an answer, a call, or something to do. Two
links to one page are one; links of the signature and to terms and privacy ask for nothing, and nor does the footer.
Beside a link only a plain request counts: "reply with a day", not "if you have questions, reply".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from engine.lint.content.message import Flaw, Message
from engine.lint.content.phrases import languages, phrases, sentence
from engine.lint.content.script import Script
from engine.lint.content.words import Link, Words

#: where a reader can answer; a call is a talk, and a push message is itself a link
_JUDGED = frozenset({"email", "sms", "linkedin", "letter"})


@dataclass(frozen=True, slots=True)
class Ask:
    """Something a message asks for: ``what`` is the same for what is the same thing."""

    what: str
    words: str
    start: int  # in the body
    end: int


def judge(message: Message) -> Iterator[Flaw]:
    """RK613 of one message."""
    words = message.worded
    if message.channel not in _JUDGED or words is None or not words.text.strip():
        return
    found = asks(message.script, words, message.language, _signature(message))
    distinct = list({ask.what: ask for ask in reversed(found)}.values())[::-1]
    if len(distinct) > 1:
        yield _menu(distinct)
    elif not distinct and message.language in languages("asks") and not _asks_softly(words, message.language):
        yield _monologue(message)


def _menu(found: list[Ask]) -> Flaw:
    first, second, *more = found
    count = {2: "two things", 3: "three things"}.get(len(found), f"{len(found)} things")
    listed = " and ".join(f"'{_short(ask.words)}'" for ask in (first, second, *more)[:3])
    return Flaw(
        code="RK613",
        message=f"the message asks for {count}: {listed}",
        mend="keep the one that matters most",
        start=second.start,
        end=second.end,
        other=(first.start, first.end, "asked for first"),
    )


def _monologue(message: Message) -> Flaw:
    body = message.script.body
    start = len(body) - len(body.lstrip())
    end = body.find("\n", start)
    said = "the message asks its reader for nothing: there is no link, and no question"
    return Flaw(
        code="RK613",
        message=said,
        mend="end with one link, or one question",
        start=start,
        end=end if end > 0 else len(body),
    )


def asks(script: Script, words: Words, language: str, signature: tuple[int, int]) -> list[Ask]:
    """What a message plainly asks for, in order. ``signature``: a stretch of the body that asks for nothing."""
    found = [*_visits(script, words, language, signature), *_answers(script, words, language)]
    return sorted(found, key=lambda ask: ask.start)


def _visits(script: Script, words: Words, language: str, signature: tuple[int, int]) -> Iterator[Ask]:
    for link in words.links:
        label = words.text[link.start : link.end].strip()
        at = link.anchor.at
        if signature[0] <= at < signature[1] or _is_notice(label, language):
            continue
        start, end = script.stretch(words, link.start, link.end) if label else (at, at + 1)
        yield Ask(_destination(link), label or link.address, start, end)


def _is_notice(label: str, language: str) -> bool:
    """Is it a link to terms, privacy or the like?"""
    plain = label.strip(" .()")
    hits = [hit for hit in phrases("asks", language).find(plain) if hit.note == "notice"]
    return any(hit.start == 0 and hit.end == len(plain) for hit in hits)


def _destination(link: Link) -> str:
    """What two links to one page have in common: the address without our tags and its place on the page; where a
    value is in it, the expression, because every value is the same for the person it is tried with."""
    if re.search(r"\b(?:person|trigger)\b", link.anchor.address):
        return link.anchor.address
    if link.address.startswith("mailto:"):
        return "answer"
    if link.address.startswith("tel:"):
        return "call"
    parts = urlsplit(link.address)
    query = [(name, value) for name, value in parse_qsl(parts.query) if not name.startswith("utm_")]
    return f"{parts.netloc.lower()}{parts.path.rstrip('/')}?{urlencode(query)}"


_WHAT = {"reply": "answer", "call": "call"}
#: a way out of the one thing that is asked, or another way to it
_OTHERWISE = re.compile(
    r"(?i)\b(?:if|when|whenever|otherwise|or|instead|rather|prefer|questions?|alternatively|wenn|falls|oder|fragen|"
    r"si|ou|sinon|questions|o|preguntas|dudas)\b"
)
_STOP = re.compile(r"(?i)\W{0,3}(?:stop|stopp|unsubscribe|end|quit|cancel|help|arrêt|baja)\b")


def _answers(script: Script, words: Words, language: str) -> Iterator[Ask]:
    for hit in phrases("asks", language).find(words.text):
        what = _WHAT.get(hit.note)
        if what is None or _STOP.match(words.text, hit.end):
            continue
        around = sentence(words.text, hit.start)
        if not (words.links and _OTHERWISE.search(around)):
            yield Ask(what, hit.words, *script.stretch(words, hit.start, hit.end))


def _asks_softly(words: Words, language: str) -> bool:
    """Does a message without links and plain requests ask for something all the same?"""
    if "?" in words.text or "？" in words.text:
        return True
    hits = phrases("asks", language).find(words.text)
    return any(hit.note in ("softly", "act") and not _STOP.match(words.text, hit.end) for hit in hits)


#: a line that begins with who writes, perhaps after a few words of farewell
_SIGNED = re.compile(r"(?m)^[^\n.{]{0,40}\{\{-?\s*(?:owner\.name|brand\.from_name)\b")
_POSTSCRIPT = re.compile(r"(?m)^\W{0,3}P\.? ?S\b")
_SIGNATURES = frozenset({"email", "letter"})
#: more than so much is no signature
_LONGEST = 500


def _signature(message: Message) -> tuple[int, int]:
    """Where the signature begins and ends: from the last line that begins with who writes to a postscript."""
    body = message.script.body
    names = list(_SIGNED.finditer(body)) if message.channel in _SIGNATURES else []
    if not names or not body[: names[-1].start()].strip():
        return len(body), len(body)
    start = names[-1].start()
    postscript = _POSTSCRIPT.search(body, start)
    end = postscript.start() if postscript else len(body) + 1
    return (start, end) if end - start <= _LONGEST else (len(body), len(body))


def _short(words: str) -> str:
    plain = " ".join(words.split())
    return plain if len(plain) <= 40 else f"{plain[:37]}..."
