"""Parts of a message: one that is not there (RK618, RK619), and one that its channel leaves out (RK806)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from engine.lint.content.message import Flaw, Message
from engine.lint.content.script import MARKDOWN
from engine.lint.content.wording import MOST
from engine.model import Template

_SHOWN = frozenset({"subject", "language"})
#: what rendering makes of the front matter, by channel; of a task the title, or else the subject
_USED = {
    "email": _SHOWN | {"preheader", "why"},
    "sms": frozenset({"media", "language"}),
    "linkedin": frozenset({"title", "subject", "language"}),
    "phone": frozenset({"title", "subject", "language"}),
    "letter": _SHOWN | {"closing"},
}
_TASKS = frozenset({"linkedin", "phone"})
_CHANNELS = {
    "email": "an e-mail",
    "sms": "a text message",
    "linkedin": "a LinkedIn note",
    "phone": "a call",
    "letter": "a letter",
    "in_app": "a message in the app",
    "push": "a push message",
}


def judge(message: Message) -> Iterator[Flaw]:
    """RK618, RK619 and RK806 of one message."""
    yield from _front(message)
    if message.channel in MARKDOWN:
        yield from _features(message)
    else:
        yield from _signs(message)
    yield from _tags(message)


def _front(message: Message) -> Iterator[Flaw]:
    template = message.use.template
    if message.channel == "email" and template.subject and not template.preheader:
        said = "the e-mail has no preheader: the mailbox shows the first words of the body"
        yield Flaw(code="RK618", message=said, mend="add 'preheader: ...' below the subject", part="subject")
    if message.use.parsed.front is None:
        return
    for key, _ in message.use.parsed.front.items():
        if not any(_is_used(key, channel, template) for channel in message.channels):
            said = f"{_CHANNELS[message.channel]} has no {key}: it is left out"
            yield Flaw(code="RK806", message=said, mend="remove it", part=key)


def _is_used(key: str, channel: str, template: Template) -> bool:
    """Does rendering make anything of a key of the front matter?"""
    if channel in _TASKS and key == "subject" and "title" in template.extra:
        return False
    return key in _USED.get(channel, _SHOWN)


#: alternative texts that say nothing: a name of a file, or what the thing is
_EMPTY = re.compile(
    r"(?i)\s*(?:[\w-]+\.(?:png|jpe?g|gif|webp|svg)|image|picture|photo|img|graphic|banner)?\s*"
)


def _features(message: Message) -> Iterator[Flaw]:
    for feature in islice(message.script.features, MOST):
        if message.channel == "letter" and feature.kind == "image":
            said = "a letter carries no picture: its words stand there instead"
            yield Flaw(code="RK806", message=said, mend="say it in words", start=feature.at, end=feature.at + 1)
        elif feature.kind == "image" and _EMPTY.fullmatch(feature.words):
            said = "whoever does not see the picture learns nothing of it"
            if feature.words.strip():
                said = f"'{feature.words.strip()}' says nothing of the picture to whoever does not see it"
            mend = "say between [ and ] what it shows"
            yield Flaw(code="RK619", message=said, mend=mend, start=feature.at, end=feature.at + 2)


#: Markdown where nothing reads Markdown
_MARKDOWN = (
    (re.compile(r"!\[[^\]\n]{0,200}\]\([^)\n]{1,2000}\)"), "a picture", "leave it out"),
    (
        re.compile(r"(?<!!)\[[^\]\n]{1,200}\]\([^)\n]{1,2000}\)"),
        "a link behind words",
        "write the address alone",
    ),
    (re.compile(r"(?m)^#{1,6} (?=\S)"), "a heading", "write it as a line"),
    (re.compile(r"\*\*(?=[^\s*])[^*\n]{1,500}(?<=\S)\*\*"), "bold words", "write them without the stars"),
    (re.compile(r"(?<!\w)__(?=[^\s_])[^_\n]{1,500}(?<=\S)__(?!\w)"), "bold words", "write them plainly"),
    (re.compile(r"```|(?<!`)`[^`\n]{1,500}`(?!`)"), "code", "write it as words"),
)


def _signs(message: Message) -> Iterator[Flaw]:
    """Markdown in a channel of plain text stands in the message as it is typed."""
    script = message.script
    for pattern, what, mend in _MARKDOWN:
        for found in islice(pattern.finditer(script.body), MOST):
            if script.is_literal(found.start()):
                said = f"{_CHANNELS[message.channel]} is plain text and has no {what.removeprefix('a ')}"
                said += f": '{_short(found[0])}' would stand there as typed"
                yield Flaw(code="RK806", message=said, mend=mend, start=found.start(), end=found.end())


_HTML = re.compile(
    r"(?i)<!--|</?(?:a|b|i|u|p|br|div|span|table|tr|td|th|img|h[1-6]|ul|ol|li|strong|em|font|center|style|script|"
    r"html|head|body|hr|button|blockquote|small|sup|sub)(?:\s[^<>\n]{0,500})?/?>"
)


def _tags(message: Message) -> Iterator[Flaw]:
    """HTML is nowhere read as such."""
    script = message.script
    for found in islice(_HTML.finditer(script.body), MOST):
        if script.is_literal(found.start()):
            said = f"HTML is not read: '{_short(found[0])}' would stand in the message as typed"
            mend = (
                "write a comment as {# ... #}" if found[0] == "<!--" else "write it in Markdown, or in words"
            )
            yield Flaw(code="RK806", message=said, mend=mend, start=found.start(), end=found.end())


def _short(words: str) -> str:
    return words if len(words) <= 30 else f"{words[:27]}..."
