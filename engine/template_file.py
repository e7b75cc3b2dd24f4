"""A template file: optional front matter between ``---`` lines, then the body."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine import suggest
from engine.diagnostics import Finding
from engine.document import MAX_CHARACTERS, parse
from engine.located import Located, Span
from engine.model import Template
from engine.units import shown
from engine.yaml_faults import unreadable

#: keys of the front matter; ``engine.pages`` says what each does
FRONT_MATTER = ("subject", "preheader", "title", "media", "language", "why", "closing")
FOLDER = "templates/"

_LANGUAGE = re.compile(r"[a-z]{2}(-[A-Z]{2})?")
_FRONT = re.compile(r"---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
#: a value of the front matter that begins with a tag
_TAG_FIRST = re.compile(r"[a-z_]+:[ \t]+(\{[{%].*?)[ \t]*$")
#: blank lines and comments
_NOTHING = re.compile(r"(?:[ \t]*(?:#[^\n]*)?(?:\n|\Z))*")


@dataclass(frozen=True, slots=True)
class ParsedTemplate:
    """A template with the places of its front matter; ``template`` is None when the file cannot be read."""

    file: str
    lines: tuple[str, ...]
    template: Template | None
    front: Located | None
    findings: tuple[Finding, ...]


def ref_of(file: str) -> str:
    """``templates/closed_lost/gap_closed.md`` is ``closed_lost/gap_closed``."""
    return file.removeprefix(FOLDER).removesuffix(".md")


def front_matter(text: str) -> tuple[str, int]:
    """What stands between the ``---`` lines at the top of a text whose lines end in \\n, and where the body starts."""
    found = _FRONT.match(text)
    return (found[1], found.end()) if found else ("", 0)


def parse_template(text: str, file: str) -> ParsedTemplate:
    """Read one template file. Never raises for what it holds."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = tuple(text.split("\n"))
    refused = unreadable(text, file, MAX_CHARACTERS)
    if refused:
        return ParsedTemplate(file, lines, None, None, (refused,))
    front, start = front_matter(text)
    if not start:
        return ParsedTemplate(file, lines, _template(file, None, text, 1), None, _unclosed(lines, file))
    body, body_line = text[start:], text[:start].count("\n") + 1
    if _NOTHING.fullmatch(front):
        return ParsedTemplate(file, lines, _template(file, None, body, body_line), None, ())
    unquoted = _unquoted(front, file)
    if unquoted:
        return ParsedTemplate(file, lines, None, None, unquoted)
    document = parse("\n" + front, file)  # the leading line stands for the opening ---
    findings = (*document.findings, *_front_findings(document.root))
    template = None if findings else _template(file, document.root, body, body_line)
    return ParsedTemplate(file, lines, template, document.root, findings)


def body_span(file: str, template: Template, start: int, end: int) -> Span:
    """A stretch of a template's body, as far as it stands on one line."""
    body = template.body
    line = template.body_line + body.count("\n", 0, start)
    column = start - (body.rfind("\n", 0, start) + 1) + 1
    stop = body.find("\n", start)
    last = min(max(end, start + 1), stop if stop >= 0 else len(body))
    return Span(file, line, column, max(column + last - start, column + 1))


def _template(file: str, front: Located | None, body: str, body_line: int) -> Template:
    values = {key: str(node.value) for key, node in front.items()} if front else {}
    return Template(
        ref=ref_of(file),
        file=file,
        body=body,
        body_line=body_line,
        subject=values.pop("subject", None),
        preheader=values.pop("preheader", None),
        extra=values,
    )


def _unclosed(lines: tuple[str, ...], file: str) -> tuple[Finding, ...]:
    if lines[0].rstrip() != "---":
        return ()
    mend = "end it with a line of three dashes"
    return (Span(file, 1, 1, 4).finding("RK608", "the front matter opened here never ends", mend),)


def _unquoted(front: str, file: str) -> tuple[Finding, ...]:
    """Values that begin with a tag: YAML reads a mapping there."""
    found = []
    for number, line in enumerate(front.split("\n"), 2):
        value = _TAG_FIRST.match(line)
        if value:
            span = Span(file, number, value.start(1) + 1, value.end(1) + 1)
            instead = None if re.search(r"[\"\\]| #", value[1]) else f'"{value[1]}"'
            said = f"a value that begins with '{value[1][:2]}' needs quotes"
            found.append(span.finding("RK101", said, "put quotes around it", instead=instead))
    return tuple(found)


def _front_findings(front: Located | None) -> list[Finding]:
    if front is None:
        return []
    if not front.is_map:
        return [front.span.finding("RK608", "the front matter is no mapping", "write 'subject: ...'")]
    findings = []
    for key, node in front.items():
        if key not in FRONT_MATTER:
            mend, sure = suggest.mend(key, FRONT_MATTER), suggest.sure(key, FRONT_MATTER)
            findings.append(
                front.key(key).finding("RK608", f"unknown front matter '{key}'", mend, instead=sure)
            )
        elif not isinstance(node.value, str) or not node.value.strip():
            wrong = f"'{key}' is {shown(node.plain())}, not text"
            at = node.span if node.value is not None else front.key(key)
            mend = "put quotes around it" if node.value is not None else "write it"
            findings.append(at.finding("RK608", wrong, mend, instead=node.quoted()))
        elif key == "language" and not _LANGUAGE.fullmatch(node.value):
            mend = "write its code: 'fr', or 'fr-CA'"
            findings.append(node.span.finding("RK608", f"{shown(node.value)} is no language", mend))
    return findings
