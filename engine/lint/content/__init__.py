"""What messages say: words, links, one call to action, and the channel that carries it all (RK613 to RK627, RK806).

Each rule is a function from a message to what is wrong with it. A message is judged once for every way in which it
is sent, and what several steps share is said once, in the template.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.diagnostics import Finding, Related
from engine.lint.base import Subject
from engine.lint.content import (
    asks,
    grade,
    named,
    offers,
    parts,
    placeholders,
    senders,
    texts,
    urgency,
    visits,
    wording,
)
from engine.lint.content.aim import at_body, at_words
from engine.lint.content.message import Flaw, Message, messages
from engine.located import Span

_RULES: tuple[Callable[[Message], Iterator[Flaw]], ...] = (
    asks.judge,
    grade.judge,
    named.contradicted,
    parts.judge,
    placeholders.judge,
    texts.judge,
    urgency.judge,
    visits.judge,
    wording.judge,
)

#: rules about a message as a whole: one finding a template is enough
_WHOLE = frozenset({"RK613", "RK614", "RK617", "RK618"})


def content(subject: Subject) -> Iterator[Finding]:
    """Every finding about what messages say."""
    said: set[tuple[object, ...]] = set()
    for message in messages(subject):
        for rule in _RULES:
            for flaw in rule(message):
                finding = _finding(message, flaw)
                place = () if flaw.code in _WHOLE else (finding.line, finding.column)
                key = (flaw.code, finding.file, *place)
                if key not in said:
                    said.add(key)
                    yield finding
    yield from offers.judge(subject)
    yield from named.judge(subject)
    yield from senders.judge(subject)


def _finding(message: Message, flaw: Flaw) -> Finding:
    related: tuple[Related, ...] = ()
    if flaw.other:
        start, end, words = flaw.other
        related = (at_body(message.use.parsed, start, end).related(words),)
    return _span(message, flaw).finding(
        flaw.code, flaw.message, flaw.mend, context=message.use.context, related=related
    )


def _span(message: Message, flaw: Flaw) -> Span:
    parsed = message.use.parsed
    if flaw.part == "body":
        return at_body(parsed, flaw.start, flaw.end)
    assert parsed.front is not None
    if flaw.end == 0:
        return parsed.front.key(flaw.part)
    return at_words(parsed.front[flaw.part], flaw.start, flaw.end, parsed.lines)
