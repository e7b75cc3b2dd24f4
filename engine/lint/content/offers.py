"""Offers as they are declared: too deep a discount (RK622), too small a remedy (RK623), and their words."""

from __future__ import annotations

from collections.abc import Iterator

from engine.diagnostics import Finding
from engine.lint.base import Subject
from engine.lint.content.aim import at_words
from engine.lint.content.named import other_share
from engine.lint.content.urgency import dates
from engine.lint.content.wording import hidden, legalese, masked, spam
from engine.located import Located, Span

_FILE = "incentives.yaml"
#: basis points: a deeper discount tells a business that the price was wrong
DEEPEST = 1_500
#: basis points of the annual contract: a smaller remedy reads as none
LEAST = 1_000
#: what a message can print of an offer
_TEXTS = ("title", "terms", "limits")


def judge(subject: Subject) -> Iterator[Finding]:
    """RK622 and RK623 of every offer, and RK615, RK616, RK621 and RK627 of its words."""
    root = subject.roots.get(_FILE)
    languages = _languages(subject)
    lines = subject.files.get(_FILE, "").splitlines()
    for node in root["incentives"] if root else ():
        yield from _amounts(subject, node)
        for key in _TEXTS:
            text = node.get(key)
            if text is not None and isinstance(text.value, str):
                yield from _words(node, text, languages, lines)
                yield from _share(subject, node, text, lines)


def _amounts(subject: Subject, node: Located) -> Iterator[Finding]:
    offer = subject.project.offers[str(node["offer"].value)]
    percent, share = offer.percent, offer.of_contract
    if percent is not None and percent > DEEPEST and subject.project.customers == "businesses":
        said = f"{percent / 100:g}% off: to a business more than {DEEPEST / 100:g}% says that the price was wrong"
        mend = "offer less of a discount, or something worth more than it costs you: help, time, a held price"
        yield node["percent"].span.finding("RK622", said, mend)
    if share is not None and share < LEAST:
        said = (
            f"{share / 100:g}% of the contract: an apology worth under {LEAST / 100:g}% reads as no apology"
        )
        yield node["of_contract"].span.finding("RK623", said, f"make it {LEAST / 100:g}% or more")


def _share(subject: Subject, node: Located, text: Located, lines: list[str]) -> Iterator[Finding]:
    offer = subject.project.offers[str(node["offer"].value)]
    found = other_share(offer, str(text.value))
    if found and offer.percent is not None:
        at = at_words(text, found.start(), found.end(), lines)
        declared = f"{offer.percent / 100:g}%"
        said = f"'{found[0]}', and the offer declares {declared}"
        related = (node["percent"].span.related("what is declared"),)
        yield at.finding("RK627", said, f"say {declared} in both, or what it is", related=related)


def _words(node: Located, text: Located, languages: list[str], lines: list[str]) -> Iterator[Finding]:
    words = str(text.value)
    for language in languages:
        for wrong in legalese(words, language):
            yield at_words(text, wrong.start, wrong.end, lines).finding("RK615", wrong.message, wrong.mend)
        for wrong in (*spam(words, language), *hidden(words)):
            yield at_words(text, wrong.start, wrong.end, lines).finding("RK616", wrong.message, wrong.mend)
        for date in dates(masked(words), language):
            yield _of_date(node, at_words(text, date.start, date.end, lines), date.words)


def _of_date(node: Located, at: Span, words: str) -> Finding:
    valid = node["valid_for"]
    said = (
        f"'{words}' is a date in the words, and the offer ends {valid.value} after the message that names it"
    )
    mend = "take the date out: the message prints {{ offer.expires_on | date }}"
    return at.finding("RK621", said, mend, related=(valid.span.related("when it really ends"),))


def _languages(subject: Subject) -> list[str]:
    """The languages of the project's messages."""
    found = {
        (parsed.template.extra.get("language") or "en")[:2].lower()
        for parsed in subject.templates.values()
        if parsed.template
    }
    return sorted(found) or ["en"]
