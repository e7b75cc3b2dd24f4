"""The page of each rule: what it asks for and why, with a bad and a good example.

docs/rules/ holds them, one file a rule; a wheel brings them along as engine/docs/rules/.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from engine.errors import ConfigurationError, UnknownName
from engine.rules import RETIRED, RULES, Rule, did_you_mean

_HERE = Path(__file__).parent
#: where pages are looked for: beside the installed code, and in a checkout
_FOLDERS = (_HERE / "docs" / "rules", _HERE.parent / "docs" / "rules")

_PAGE = re.compile(
    r"# (?P<title>[^\n]+)\n\n(?P<facts>[^\n]+)\n\n(?P<why>.+?)\n\n## Bad\n(?P<bad>.+?)\n## Good\n(?P<good>.+)",
    re.DOTALL,
)
_FENCE = re.compile(r"^```(?P<language>\w+)(?: (?P<file>\S+))?\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A file that breaks a rule or keeps it; ``file`` is its path in a project, empty for what is no file."""

    language: str
    file: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePage:
    """The page of a rule: ``text`` is all of it, the rest its parts. ``why`` is Markdown."""

    rule: Rule
    text: str
    title: str
    facts: str
    why: str
    bad: tuple[Example, ...]
    good: tuple[Example, ...]


def facts(rule: Rule) -> str:
    """How severe a rule is, what it is about, and whether it can be waived: the line under a page's title."""
    return " · ".join([rule.severity, rule.family, *(["can be waived"] if rule.waivable else [])])


def find_rule(word: str) -> Rule:
    """The rule of a code, however it is capitalised. Raises UnknownName, with the code that was meant."""
    code = word.strip().upper()
    if code in RULES:
        return RULES[code]
    if code in RETIRED:
        hint = "Its code will never mean anything else; 'rekindle rules' lists the rules there are"
        raise UnknownName(f"{code} is not a rule any more", hint=hint)
    meant = did_you_mean(code) or "'rekindle rules' lists them all"
    raise UnknownName(f"there is no rule '{word}'", hint=meant[:1].upper() + meant[1:])


def read_page(rule: Rule) -> RulePage:
    """The page of a rule. Raises ConfigurationError where this installation lacks it."""
    for folder in _FOLDERS:
        file = folder / f"{rule.code}.md"
        if file.is_file():
            return parse_page(rule, file.read_text(encoding="utf-8"))
    hint = "Install rekindle anew: its documentation comes with it"
    raise ConfigurationError(f"the page of {rule.code} is missing here", hint=hint)


def parse_page(rule: Rule, text: str) -> RulePage:
    """The parts of a page. Raises ValueError where it has not the form of one."""
    found = _PAGE.fullmatch(text)
    if found is None:
        raise ValueError(f"{rule.code}: no page of title, facts, why, Bad and Good")
    return RulePage(
        rule=rule,
        text=text,
        title=found["title"],
        facts=found["facts"],
        why=found["why"],
        bad=_examples(found["bad"]),
        good=_examples(found["good"]),
    )


def _examples(text: str) -> tuple[Example, ...]:
    return tuple(
        Example(language=fence["language"], file=fence["file"] or "", text=fence["text"])
        for fence in _FENCE.finditer(text)
    )
