"""Every code is listed, documented, and really used."""

from __future__ import annotations

import re
from pathlib import Path

from engine.rules import RULES

ROOT = Path(__file__).parent.parent.parent


def _codes_in(folder: Path, glob: str, pattern: str = r"\bRK\d{3}\b") -> set[str]:
    texts = (path.read_text(encoding="utf-8") for path in folder.glob(glob) if path.name != "rules.py")
    return {code for text in texts for code in re.findall(pattern, text)}


def test_the_table_holds_exactly_the_codes_in_use() -> None:
    quoted = r'"(RK\d{3})"'
    used = _codes_in(ROOT / "engine", "*.py", quoted) | _codes_in(ROOT / "engine" / "checks", "*.py", quoted)
    assert used == set(RULES)


def test_every_code_has_its_entry_in_the_docs_under_its_title() -> None:
    text = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    entries = dict(re.findall(r"^### (RK\d{3}) (.+)$", text, re.MULTILINE))
    assert entries == {rule.code: rule.title for rule in RULES.values()}


def test_nearly_every_code_is_shown_by_a_mistake() -> None:
    shown = _codes_in(ROOT / "tests" / "data" / "err", "*.out")
    elsewhere = {"RK100", "RK612"}  # bytes that are not text: test_document.py; long texts: test_rehearsal.py
    assert set(RULES) - elsewhere - shown == set()
