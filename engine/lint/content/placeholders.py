"""What was meant to be filled in or to lead somewhere, and would go out as it is typed (RK624, RK625)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from engine.lint.content.message import Flaw, Message
from engine.lint.content.script import GAP, MARKDOWN
from engine.lint.content.wording import MOST

_WHOSE = (
    r"first|last|full|given|family|user|company|customer|client|recipient|contact|sender|account|product|brand|"
    r"your|their"
)
_WHAT = r"name|first name|last name|company|title|role|product|feature|date|link|url|e-?mail|phone|address|city|here"
#: how other tools, and people, hold a place for a value; none of these says anything to a reader
_PLACES = tuple(
    re.compile(pattern)
    for pattern in (
        r"\*\|[A-Z][A-Z0-9_:]{1,40}\|\*",
        r"\$\{[^{}\n]{1,60}\}",
        r"(?<![{$\\])\{!?[A-Za-z_][A-Za-z0-9_.]{1,40}\}(?!\})",
        r"%%[A-Za-z_]{2,40}%%|(?<![\d%])%[A-Z][A-Z_]{2,40}%(?!%)",
        r"<<[A-Za-z_][A-Za-z0-9_. ]{1,40}>>",
        rf"(?i)\[(?:{_WHOSE})[ _-]?(?:{_WHAT})\](?![(\[]|:\s*(?:https?:|<|\{{))",
        r"(?i)\[(?:insert|enter|placeholder|to ?do|tbd)\b[^\]\[\n]{0,60}\](?![(\[])",
        r"\[(?:[Nn]ame|NAME|[Ff]irst|[Cc]ompany|COMPANY|[Dd]ate|[Ll]ink|URL|[Cc]ity)\](?![(\[]|:\s*(?:https?:|<|\{))",
        r"(?i)\blorem ipsum\b|\bdolor sit amet\b",
        r"\bFIXME\b|\bTODO\b:?",
    )
)
#: in capitals this is a word of theirs
_TODO_IS_A_WORD = frozenset({"es", "pt", "gl"})

_ADDRESS = r"(?:\{\{-?\s*(?:links\.|brand\.website)|https?://|mailto:|tel:)"
#: what looks like a link and is none to who reads Markdown
_NO_LINKS = (
    (
        re.compile(rf"(?<![\\!])\[(?!\d+\])[^\]\[\n]{{1,200}}\](?:[ \t]+|[ \t]*\n[ \t]*)\((?={_ADDRESS})"),
        "a blank stands between the words and their address",
        "write ( right behind ]",
    ),
    (
        re.compile(rf"(?<![\\!])\[(?!\d+\])[^\]\[\n]{{1,200}}\][ \t]*(?={_ADDRESS})"),
        "the address has no brackets of its own",
        "put ( and ) around the address",
    ),
    (
        re.compile(rf"(?<![\\!])\[[^\]\[\n]{{1,200}}\]\[(?={_ADDRESS})"),
        "the address stands in the wrong brackets",
        "put ( and ) around the address",
    ),
    (
        re.compile(rf"\([^()\n]{{1,200}}\)\[(?={_ADDRESS})"),
        "the brackets are the wrong way round",
        "write [words](address)",
    ),
    (
        re.compile(
            r"(?m)(?<![\\!])\[[^\]\[\n]{1,200}\]\((?:\{\{[^{}\n]{1,200}\}\}|https?://[^\s()]{1,500})[^()\n]{0,500}$"
        ),
        "the address never ends",
        "put ) behind the address",
    ),
)


def judge(message: Message) -> Iterator[Flaw]:
    """RK624 of every part of a message, RK625 of its body."""
    for part, text in message.lines.items():
        yield from _places(_TAG.sub(lambda tag: GAP * len(tag[0]), text), part, message.language)
    yield from _places(_literal(message), "body", message.language)
    if message.channel in MARKDOWN:
        yield from _no_links(message)


_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)


def _literal(message: Message) -> str:
    """The body with gaps where its tags and comments stand."""
    body = message.script.body
    words = [GAP] * len(body)
    for start, end in message.script.stretches:
        words[start:end] = body[start:end]
    return "".join(words)


def _places(text: str, part: str, language: str) -> Iterator[Flaw]:
    for pattern in _PLACES:
        for found in islice(pattern.finditer(text), MOST):
            if found[0].startswith("TODO") and language in _TODO_IS_A_WORD:
                continue
            yield Flaw(
                code="RK624",
                message=f"'{found[0]}' holds a place for something, and would go out as it is",
                mend='write {{ person.first_name or "there" }}, another name or value, or the words themselves',
                part=part,
                start=found.start(),
                end=found.end(),
            )


def _no_links(message: Message) -> Iterator[Flaw]:
    script = message.script
    for pattern, what, mend in _NO_LINKS:
        for found in islice(pattern.finditer(script.body), MOST):
            if script.is_literal(found.start()):
                said = f"this is no link, because {what}: it would be read as it is typed"
                yield Flaw(code="RK625", message=said, mend=mend, start=found.start(), end=found.end())
