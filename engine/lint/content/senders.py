"""Who writes, as a mailbox shows it, and the project's own links: what filters count against them (RK616)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.diagnostics import Finding
from engine.lint.base import Subject
from engine.lint.content.aim import at_words
from engine.lint.content.urgency import pressures
from engine.lint.content.wording import hidden, spam

_FILE = "rekindle.yaml"


def judge(subject: Subject) -> Iterator[Finding]:
    """RK616 of the sender's name and of every declared link."""
    brand = subject.roots[_FILE]["brand"]
    lines = subject.files.get(_FILE, "").splitlines()
    name = subject.project.brand.from_name
    node = brand["from"]
    before = str(node.value).find(name)
    for wrong in spam(name, "en", line="from"):
        at = at_words(node, before + wrong.start, before + wrong.end, lines)
        yield at.finding("RK616", wrong.message, wrong.mend)
    for pressure in pressures(name, "en"):
        at = at_words(node, before + pressure.start, before + pressure.end, lines)
        said = f"'{pressure.words}' in the sender's name: it says who writes, and nothing else"
        yield at.finding("RK616", said, "leave it out")
    links = brand.get("links")
    for _, link in links.items() if links else ():
        for wrong in hidden(str(link.value)):
            at = at_words(link, wrong.start, wrong.end, lines)
            yield at.finding("RK616", wrong.message, wrong.mend)
