"""Every code is listed and really used, and shown by a mistake."""

from __future__ import annotations

import re
from pathlib import Path

from engine.diagnostics import Severity
from engine.rules import RULES

ROOT = Path(__file__).parent.parent.parent

#: errors that no file of tests/data/err shows, and what does; every rule's page shows it too
ELSEWHERE = {
    "RK100": "bytes that are not text: test_document.py",
    "RK130": "waivers: test_waivers.py",
    "RK214": "who signs a letter: test_letters.py",
    "RK505": "that somebody does: test_letters.py",
    "RK612": "long texts: test_rehearsal.py",
}


def _codes_in(folder: Path, glob: str, pattern: str = r"\bRK\d{3}\b") -> set[str]:
    texts = (path.read_text(encoding="utf-8") for path in folder.glob(glob) if path.name != "rules.py")
    return {code for text in texts for code in re.findall(pattern, text)}


def test_the_table_holds_exactly_the_codes_in_use() -> None:
    engine = ROOT / "engine"
    places = [(engine, "*.py"), (engine / "checks", "**/*.py"), (engine / "lint", "**/*.py")]
    used = set[str]().union(*(_codes_in(*place, r'"(RK\d{3})"') for place in places))
    assert used == set(RULES)


def test_every_error_is_shown_by_a_mistake() -> None:
    """How it is told, to the letter; and every rule's page shows one that is bad (test_rule_pages.py)."""
    shown = _codes_in(ROOT / "tests" / "data" / "err", "*.out")
    errors = {rule.code for rule in RULES.values() if rule.severity is Severity.ERROR}
    assert errors - set(ELSEWHERE) - shown == set()
