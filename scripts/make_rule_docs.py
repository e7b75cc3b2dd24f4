"""Write docs/rules.md, the list of all rules, from engine/rules.py: ``make docs``. A test holds that it is current."""

from __future__ import annotations

from pathlib import Path

from engine.rules import FAMILIES, RETIRED, RULES, Rule

PAGE = Path(__file__).parents[1] / "docs" / "rules.md"

_HEAD = """# Rules

Written by `make docs` from engine/rules.py; a test fails when it is not current.

Every finding of `rekindle validate` has a code, and each code a page with a bad and a good example; `rekindle rules`
and `rekindle rule RK402` show both in a terminal. The first digit tells the family. An *error* keeps the project (or,
for a running daemon, the campaign) from being used; a *warning* does not, except with `validate --strict`. A bad
waiver fails the review and stops nothing that runs.
[Linting](linting.md) tells how a warning is made an error, how one is waived, and what never can be.
"""


_HEADINGS = ("| code | severity | rule | meaning |", "| --- | --- | --- | --- |")


def render() -> str:
    """The whole page."""
    gone = ", ".join(sorted(RETIRED))
    tail = f"## Retired\n\n{gone}: given up, and never to mean anything else.\n"
    return "\n".join([_HEAD, *(_family(digit) for digit in FAMILIES), tail])


def _family(digit: str) -> str:
    rows = [_row(rule) for rule in RULES.values() if rule.family == FAMILIES[digit]]
    return "\n".join([f"## {digit} {FAMILIES[digit].capitalize()}\n", *_HEADINGS, *rows, ""])


def _row(rule: Rule) -> str:
    severity = f"{rule.severity}, can be waived" if rule.waivable else str(rule.severity)
    cells = (f"[{rule.code}](rules/{rule.code}.md)", severity, rule.title, rule.meaning)
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
