"""Offers in the words of messages: one that its message never names (RK626), and words that say another (RK627)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.checks.guards import mentions
from engine.compile_campaign import step_variants
from engine.diagnostics import Finding
from engine.lint.base import Subject
from engine.lint.content.message import Flaw, Message
from engine.lint.written import steps
from engine.model import Offer, Template
from engine.template_file import FOLDER
from engine.templates import environment

_ENVIRONMENT = environment(html=False)
#: what an offer takes off, as offers say it
_OFF = re.compile(r"(?i)(?<![\d.,])(\d{1,3}(?:\.\d{1,2})?) ?(?:%|percent)(?: off\b| discount\b|-off\b)")
#: and as messages do, where "20% off the time it takes" is somebody's success
_TAKEN = re.compile(
    rf"(?i)\b(?:take|get|enjoy|have|claim|here is|here's)\s+(?:your\s+|an?\s+)?{_OFF.pattern[4:]}"
)


def judge(subject: Subject) -> Iterator[Finding]:
    """RK626 at the step that makes an offer and sends a message without it."""
    for name in subject.project.campaigns:
        for step in steps(subject.campaign(name)):
            offer = subject.project.offers.get(step.text("offer") or "")
            for _, ref in step_variants(step) if offer else ():
                parsed = subject.templates.get(f"{FOLDER}{ref.value}.md")
                if offer and parsed and parsed.template and not _names(parsed.template, offer):
                    said = f"the message never names the offer '{offer.id}', so nobody learns of it"
                    mend = "name it in the template: {{ offer.title }}; or take the offer out of the step"
                    at = step["offer"].span
                    yield at.finding("RK626", said, mend, related=(ref.span.related("the message"),))
                    break


def _names(template: Template, offer: Offer) -> bool:
    """Does a template print anything of its offer, or say its title in its own words?"""
    texts = [template.subject or "", template.preheader or "", *template.extra.values(), template.body]
    named = (mention.path[0] for text in texts for mention in mentions(_ENVIRONMENT.parse(text)))
    return "offer" in named or offer.title.casefold() in " ".join(" ".join(texts).split()).casefold()


def contradicted(message: Message) -> Iterator[Flaw]:
    """RK627: a percentage typed in a message, and the offer of its step is another."""
    offer = message.use.offer
    if offer is None or offer.percent is None:
        return
    found = [
        (taken, start + taken.start(), start + taken.end())
        for start, end in message.script.stretches
        for taken in _TAKEN.finditer(message.script.body[start:end])
    ]
    if found and not any(_share(taken) == offer.percent for taken, _, _ in found):
        taken, start, end = found[0]
        said = f"'{taken[0]}', and the offer of the step is {offer.percent / 100:g}%"
        yield Flaw(code="RK627", message=said, mend="write {{ offer.percent }} off", start=start, end=end)


def other_share(offer: Offer, words: str) -> re.Match[str] | None:
    """The percentage off that an offer's own words say, where it is never the declared one."""
    found = list(_OFF.finditer(words))
    if offer.percent is None or not found or any(_share(said) == offer.percent for said in found):
        return None
    return found[0]


def _share(found: re.Match[str]) -> int:
    """Basis points."""
    return round(float(found[1]) * 100)
