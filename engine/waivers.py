"""A waiver is a comment with its rule and its reason, beside what it waives or alone on the lines above it.

    - step: two_times   # rekindle: allow RK613 because two dates of one meeting are one choice

In a template it stands in the front matter, where it counts for the whole file, or in the body as a Jinja comment
``{# rekindle: allow RK613 because ... #}``. Only lint rules can be waived; a waiver that waives nothing is a finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from engine import suggest
from engine.diagnostics import Finding
from engine.located import Span
from engine.rules import RETIRED, RULES

_WAIVER = re.compile(r"(?:#|\{#-?)\s*rekindle:\s*allow\b(?P<rest>[^#]*)")
_WORDS = re.compile(r"\s*(?P<rule>\S+)?(?:\s+because\b\s*(?P<reason>.*?))?\s*-?$")
_COMMENT = re.compile(r"\s*(#|\{#.*#\}\s*$)")
#: shorter reasons explain nothing
_LEAST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """One sound waiver: what it waives, why, and the lines it counts for."""

    rule: str
    reason: str
    span: Span
    lines: range


def read_waivers(files: Mapping[str, str]) -> tuple[list[Waiver], list[Finding]]:
    """The waivers of every file, and what is wrong with those that are none."""
    waivers: list[Waiver] = []
    findings: list[Finding] = []
    for file, text in files.items():
        if "rekindle:" not in text:
            continue
        lines = re.split(r"\r\n|\r|\n", text)
        for number, line in enumerate(lines, 1):
            for found in _WAIVER.finditer(line):
                span = Span(file, number, found.start() + 1, len(line.rstrip()) + 1)
                words = _WORDS.match(found["rest"])
                rule, reason = (words["rule"] or "", words["reason"] or "") if words else ("", "")
                wrong = _wrong(rule, reason)
                if wrong:
                    findings.append(span.finding("RK130", *wrong))
                else:
                    waivers.append(
                        Waiver(rule=rule, reason=reason, span=span, lines=_reach(file, lines, number))
                    )
    return waivers, findings


def _wrong(rule: str, reason: str) -> tuple[str, str] | None:
    """(message, mend) of a waiver that is none."""
    if rule not in RULES:
        if rule in RETIRED:
            return f"{rule} is not a rule any more", "remove the waiver"
        mend = suggest.mend(rule.upper(), RULES, none="write '# rekindle: allow RK613 because ...'")
        return (f"there is no rule '{rule}'" if rule else "the waiver names no rule"), mend
    if not RULES[rule].waivable:
        return f"{rule} cannot be waived", f"mend what it says: 'rekindle rule {rule}' tells how"
    if len(reason) < _LEAST:
        return f"the waiver of {rule} gives no reason", f"write 'allow {rule} because ...'"
    return None


def _reach(file: str, lines: list[str], number: int) -> range:
    """Its own line; for a comment that stands alone, the next line that is none; all of a template from its front
    matter."""
    if file.endswith(".md") and number <= _front_matter(lines):
        return range(1, len(lines) + 2)
    last = number
    while last < len(lines) and _COMMENT.match(lines[last - 1]):
        last += 1
    return range(number, last + 1)


def _front_matter(lines: list[str]) -> int:
    if not lines or lines[0].strip() != "---":
        return 0
    return next((n for n, line in enumerate(lines[1:], 2) if line.strip() == "---"), 0)


@dataclass(frozen=True, slots=True)
class Waived:
    """A finding that its author has answered for."""

    finding: Finding
    reason: str


def apply(
    findings: Iterable[Finding], waivers: Iterable[Waiver], *, complete: bool
) -> tuple[list[Finding], list[Waived]]:
    """What remains, and what is waived. ``complete``: every rule has been asked, so an unused waiver shows."""
    waivers = list(waivers)
    remaining: list[Finding] = []
    waived: list[Waived] = []
    used: set[int] = set()
    for finding in findings:
        fitting = [
            w
            for w in waivers
            if w.rule == finding.code and w.span.file == finding.file and finding.line in w.lines
        ]
        if fitting:
            used |= {id(w) for w in fitting}
            waived.append(Waived(finding, fitting[0].reason))
        else:
            remaining.append(finding)
    if complete:
        remaining += [_unused(w) for w in waivers if id(w) not in used]
    return remaining, waived


def _unused(waiver: Waiver) -> Finding:
    return waiver.span.finding("RK131", f"nothing here breaks {waiver.rule}", "remove the waiver")
