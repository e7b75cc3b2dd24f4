"""Links that leave without campaign tags (RK620): a visit by them cannot be told from any other.

Every link that a body is known to hold is tagged as it is rendered. What remains is what only a mail program takes
for a link: an address without https://, and one that a value or an expression prints as words; and a link whose own
tags are empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from urllib.parse import parse_qs, urlsplit

from engine.lint.content.message import Flaw, Message
from engine.lint.content.script import Script
from engine.lint.content.wording import MOST
from engine.lint.content.words import Words

#: where a link can be followed
_JUDGED = frozenset({"email", "sms", "linkedin", "in_app", "push"})
_TAGS = ("utm_source", "utm_medium", "utm_campaign", "utm_content")

#: what a mail program or a phone makes a link of
_LOOSE = re.compile(
    r"(?i)(?<![\w@./:-])(?:https?://[^\s<>\"\u200c]{3,2000}|www\.[a-z0-9-]{1,63}\.[a-z][^\s<>\"\u200c]{0,2000}|"
    r"(?:[a-z0-9-]{1,63}\.){1,5}[a-z]{2,12}/[^\s<>\"\u200c]{1,2000})"
)
_TRAIL = ".,;:!?'\"*)]’”"


def judge(message: Message) -> Iterator[Flaw]:
    """RK620 of one message."""
    words = message.worded
    if words is None or message.channel not in _JUDGED:
        return
    yield from islice((*_loose(message.script, words), *_emptied(words)), MOST)


def _loose(script: Script, words: Words) -> Iterator[Flaw]:
    """Addresses among the words that are no links of ours."""
    links = [(link.start, link.end) for link in words.links]
    for found in _LOOSE.finditer(words.text):
        address = found[0].rstrip(_TRAIL)
        if any(start <= found.start() < end for start, end in links) or _tagged(address):
            continue
        start, end = script.stretch(words, found.start(), found.start() + len(address))
        if words.is_value(found.start()):
            said = f"a value prints the address {_short(address)} as words: the link it becomes has no tags"
            mend = "write a link: [words]({{ links.<name> }}), or {{ links.<name> }} alone"
        else:
            said = f"{_short(address)} becomes a link without tags: it does not begin with https://"
            mend = f"write https://{_short(address)}"
        yield Flaw(code="RK620", message=said, mend=mend, start=start, end=end)


def _emptied(words: Words) -> Iterator[Flaw]:
    """Links with tags of their own that say nothing."""
    for link in words.links:
        parts = urlsplit(link.address)
        if parts.scheme not in ("http", "https"):
            continue
        query = parse_qs(parts.query, keep_blank_values=True)
        empty = [tag for tag in _TAGS if not any(query.get(tag, ["x"]))]
        if empty:
            said = f"the link says '{empty[0]}=' and nothing behind it, so the visit has no {empty[0]}"
            at = link.anchor.at
            yield Flaw(
                code="RK620", message=said, mend=f"remove {empty[0]}: it is added", start=at, end=at + 1
            )


def _tagged(address: str) -> bool:
    return "utm_" in address


def _short(address: str) -> str:
    return address if len(address) <= 60 else f"{address[:57]}..."
