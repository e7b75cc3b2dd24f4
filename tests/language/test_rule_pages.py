"""Each rule's page says what engine/rules.py says, and its examples are really bad and really good."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.compile import load_files
from engine.diagnostics import Finding
from engine.rule_pages import Example, facts, parse_page, read_page
from engine.rules import RETIRED, RULES
from engine.validate import errors
from scripts import make_rule_docs
from tests.language.support import small

FOLDER = make_rule_docs.PAGE.parent / "rules"
PAGES = sorted(FOLDER.iterdir())

#: codes whose Bad example is wrong in its bytes, which Markdown cannot show: what the file is saved as
SAVED_AS = {"RK100": "latin-1"}


def _found(examples: tuple[Example, ...], folder: Path, saved_as: str = "utf-8") -> list[Finding]:
    """What ``validate`` finds in the small project with the examples in the place of its files; what is no file
    of the language, a table of people for one, stands in the project's folder."""
    files = small()
    for example in examples:
        if example.language in ("yaml", "markdown"):
            files[example.file] = example.text.encode(saved_as).decode("utf-8", "surrogateescape")
        else:
            path = folder / example.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(example.text, encoding="utf-8")
    return load_files(files, folder, lint=True).findings


def test_every_rule_has_a_page_and_every_page_a_rule() -> None:
    assert [page.name for page in PAGES] == [f"{code}.md" for code in sorted(RULES)]


def test_no_code_is_used_anew() -> None:
    """Frozen: a code that has been given up goes here too, and none ever leaves."""
    assert {"RK103"} == RETIRED
    assert not RETIRED & set(RULES)


def test_the_index_is_current() -> None:
    assert make_rule_docs.PAGE.read_text(encoding="utf-8") == make_rule_docs.render(), "make docs"


@pytest.mark.parametrize("code", [page.stem for page in PAGES])
class TestPage:
    def test_its_head_is_what_the_table_says(self, code: str) -> None:
        rule = RULES[code]
        page = read_page(rule)
        assert page.title == f"{code} {rule.title}"
        assert page.facts == facts(rule)

    def test_its_bad_example_breaks_this_rule_and_no_other(self, code: str, tmp_path: Path) -> None:
        page = read_page(RULES[code])
        findings = _found(page.bad, tmp_path, SAVED_AS.get(code, "utf-8"))
        assert {finding.code for finding in findings} == {code}, findings

    def test_its_good_example_is_sound(self, code: str, tmp_path: Path) -> None:
        page = read_page(RULES[code])
        findings = _found(page.good, tmp_path)
        assert [f for f in findings if f.code == code] == []
        assert errors(findings) == []

    def test_its_examples_are_files_of_a_project(self, code: str) -> None:
        page = read_page(RULES[code])
        assert page.bad and page.good
        assert all(example.file for example in page.bad + page.good)


def test_a_page_without_its_parts_is_refused() -> None:
    with pytest.raises(ValueError, match="RK402"):
        parse_page(RULES["RK402"], "# RK402 backward jump\n\nerror · timing\n")
