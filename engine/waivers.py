"""A waiver is a comment with its rule and its reason, beside what it waives or alone on the lines above it.

    goal: {...}   # rekindle: allow RK406 because the last step only says goodbye

In a template it stands in the front matter, where it counts for the whole file, or in the body as a Jinja comment
``{# rekindle: allow RK613 because ... #}``. Only lint rules can be waived; a waiver that waives nothing is a finding.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from engine import suggest
from engine.comments import Comment, Commented, read_comments
from engine.diagnostics import Finding, Severity
from engine.located import Span
from engine.rules import RETIRED, RULES, did_you_mean

#: what a comment starts with that speaks to rekindle; it may stand behind another tool's in one comment
_CALL = re.compile(r"#[-+]?\s*rekindle:", re.IGNORECASE)
_MARKS = re.compile(r"^\{?#[-+]?\s*rekindle:|[-+]?#\}$", re.IGNORECASE)
_CODE = re.compile(r"\bRK\d", re.IGNORECASE)
_WHOLE = re.compile(r"\bRK\d{3}\b", re.IGNORECASE)
#: a waiver in the body of a template that is no comment there, and would be sent
_SENT = re.compile(r"(?:#|<!--)\s*rekindle:\s*allow\b.*", re.IGNORECASE)
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
        if "rekindle:" not in text.casefold():
            continue
        commented = read_comments(text, file)
        for comment in commented.comments:
            lines = _reach(commented, comment)
            for span, said in _calls(comment):
                rule, reason = _parts(said)
                wrong = _wrong(said, rule, reason)
                if wrong:
                    findings.append(span.finding("RK130", *wrong))
                else:
                    waivers.append(Waiver(rule=rule, reason=reason, span=span, lines=lines))
        findings += _sent(commented, file)
    return waivers, findings


def _calls(comment: Comment) -> Iterator[tuple[Span, str]]:
    """What a comment says to rekindle; words that ask for nothing are anybody's."""
    text = comment.text
    starts = [call.start() - text[: call.start()].endswith("{") for call in _CALL.finditer(text)]
    for start, end in zip(starts, [*starts[1:], len(text)], strict=False):
        said = " ".join(_MARKS.sub("", text[start:end]).split())
        if _CODE.search(said) or suggest.nearest(said.partition(" ")[0], ["allow"]):
            yield comment.part(start, end), said


def _parts(said: str) -> tuple[str, str]:
    """The rule that ``allow RULE because REASON`` names, and its reason; empty where it has none."""
    head, _, reason = f"{said} ".partition(" because ")
    words = head.split()[1:]
    return words[0].strip(".,:;") if words else "", reason.strip()


def _wrong(said: str, rule: str, reason: str) -> tuple[str, str] | None:
    """(message, mend) of a waiver that is none."""
    verb = said.partition(" ")[0]
    if verb != "allow":
        return f"a waiver says 'allow', not '{verb}'", _example(said)
    if not rule:
        return "the waiver names no rule", _example(said)
    if len(_CODE.findall(said.partition(" because ")[0])) > 1:
        return "a waiver names one rule", "write one for each rule, with its reason"
    if rule in RETIRED:
        return f"{rule} is not a rule any more", "remove the waiver"
    if rule not in RULES:
        return f"there is no rule '{rule}'", did_you_mean(rule) or _example(said)
    if not RULES[rule].waivable:
        return f"{rule} cannot be waived", f"mend what it says: 'rekindle rule {rule}' tells how"
    if len(reason) < _LEAST:
        return f"the waiver of {rule} gives no reason", f"write 'allow {rule} because ...'"
    return None


def _example(said: str) -> str:
    """A sound waiver of the rule that was meant, as far as it was named."""
    named = (code.upper() for code in _WHOLE.findall(said))
    rule = next((code for code in named if code in RULES and RULES[code].waivable), "RK613")
    return f"write 'rekindle: allow {rule} because ...'"


def _sent(commented: Commented, file: str) -> Iterator[Finding]:
    """Waivers that whoever gets the message would read."""
    if not commented.is_template:
        return
    for number, line in enumerate(commented.lines[commented.front :], commented.front + 1):
        for found in _SENT.finditer(line):
            span = Span(file, number, found.start() + 1, found.end() + 1)
            mend = "write {# rekindle: allow ... #}, or put it in the front matter"
            yield span.finding("RK130", "this is no comment here: it would be sent", mend)


def _reach(commented: Commented, comment: Comment) -> range:
    """Its own lines; for a comment that stands alone also the next line that says something, and the blank ones
    above; all of a template from its front matter."""
    end, spoken = len(commented.lines), commented.spoken
    first, last = comment.span.line, comment.last
    if first <= commented.front:
        return range(1, end + 2)
    before, after = bisect_left(spoken, first), bisect_left(spoken, last)
    if spoken[before : before + 1] != [first]:
        first = max(spoken[before - 1] if before else 0, commented.front) + 1
    return range(first, (spoken[after] if after < len(spoken) else end) + 1)


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
        fitting = [w for w in waivers if _covers(w, finding)]
        if fitting:
            used |= {id(w) for w in fitting}
            waived.append(Waived(finding, fitting[0].reason))
        else:
            remaining.append(finding)
    if complete:
        remaining += [_unused(w) for w in waivers if id(w) not in used]
    return remaining, waived


def _covers(waiver: Waiver, finding: Finding) -> bool:
    """An error is never covered, not even one of a rule that mostly warns."""
    there = waiver.span.file == finding.file and finding.line in waiver.lines
    return there and waiver.rule == finding.code and finding.severity is Severity.WARNING


def _unused(waiver: Waiver) -> Finding:
    message = f"nothing here breaks {waiver.rule}"
    return waiver.span.finding("RK131", message, "remove the waiver", instead="")
