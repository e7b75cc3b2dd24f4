"""``rekindle rules`` and ``rekindle rule``: the list, one page, and a word that is no rule."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from engine.cli import main
from engine.rule_pages import facts
from engine.rules import FAMILIES, RULES

PAGES = Path(__file__).parents[2] / "docs" / "rules"


def rekindle(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


class TestList:
    def test_it_has_every_rule_once_under_its_family(self) -> None:
        lines = rekindle("rules").output.splitlines()
        listed = [line.split() for line in lines if line.startswith("  RK")]
        assert [row[0] for row in listed] == list(RULES)
        for code, severity, waivable, *title in listed:
            rule = RULES[code]
            assert (severity, waivable) == (rule.severity, "yes" if rule.waivable else "no")
            assert " ".join(title) == rule.title
        assert [line for line in lines if line and not line.startswith(" ")] == [
            family.capitalize() for family in FAMILIES.values()
        ]

    def test_its_columns_stand_under_one_another_in_all_families(self) -> None:
        rows = [line for line in rekindle("rules").output.splitlines() if line.startswith("  RK")]
        assert {row.index(RULES[row.split()[0]].title, 20) for row in rows} == {29}

    @pytest.mark.parametrize("word", ["4", "timing", "Timing"])
    def test_a_family_is_named_by_digit_or_name(self, word: str) -> None:
        result = rekindle("rules", "--family", word, "--format", "json")
        assert {rule["family"] for rule in json.loads(result.output)["rules"]} == {"timing"}

    def test_a_word_of_its_name_will_do(self) -> None:
        assert rekindle("rules", "--family", "law").output.startswith("Consent and law\n")

    @pytest.mark.parametrize("word", ["tming", "and", "", "0"])
    def test_what_is_no_family_lists_them(self, word: str) -> None:
        result = rekindle("rules", "--family", word)
        assert result.exit_code == 2
        assert "1 syntax and schema" in result.output

    def test_json_has_all_of_a_rule(self) -> None:
        found = {rule["code"]: rule for rule in json.loads(rekindle("rules", "--format", "json").output)["rules"]}
        assert found["RK607"] == {
            "code": "RK607",
            "title": "message without history",
            "meaning": RULES["RK607"].meaning,
            "severity": "warning",
            "family": "content",
            "waivable": True,
        }
        assert list(found) == list(RULES)

    def test_colour_tells_what_fails(self) -> None:
        lines = rekindle("--color", "always", "rules").output.splitlines()
        assert any("\x1b[31merror" in line for line in lines if "RK402" in line)
        assert any("\x1b[33mwarning" in line for line in lines if "RK607" in line)


class TestPage:
    @pytest.mark.parametrize("word", ["RK402", "rk402", "Rk402"])
    def test_into_a_pipe_it_is_the_page_as_written(self, word: str) -> None:
        assert rekindle("rule", word).output == (PAGES / "RK402.md").read_text(encoding="utf-8")

    def test_json_has_its_parts(self) -> None:
        rule = json.loads(rekindle("rule", "RK402", "--format", "json").output)["rule"]
        assert (rule["code"], rule["waivable"]) == ("RK402", False)
        assert rule["why"].startswith("A branch may only go on to a later step.")
        assert [(e["language"], e["file"]) for e in rule["bad"] + rule["good"]] == [("yaml", "winback.yaml")] * 2
        assert "go: hello" in rule["bad"][0]["text"]

    def test_in_colour_it_is_laid_out_and_the_difference_is_marked(self) -> None:
        shown = rekindle("--color", "always", "rule", "RK402").output
        assert "\x1b[31merror · timing" in shown
        plain = click.unstyle(shown)
        assert "```" not in plain
        assert [line for line in plain.splitlines() if line.startswith((" ✗", " ✓"))] == [
            " ✗         go: hello",
            " ✓         go: on",
            " ✓   - step: on",
            " ✓     at: 14d",
            " ✓     start: follow_up",
        ]

    def test_a_link_is_shown_as_a_file(self) -> None:
        shown = click.unstyle(rekindle("--color", "always", "rule", "RK301").output)
        assert "the language (docs/language.md)" in " ".join(shown.split())

    @pytest.mark.parametrize("code", sorted(page.stem for page in PAGES.iterdir()))
    def test_every_page_can_be_laid_out(self, code: str) -> None:
        shown = click.unstyle(rekindle("--color", "always", "rule", code).output)
        rule = RULES[code]
        assert shown.splitlines()[:2] == [f"{code} {rule.title}", facts(rule)]
        assert "](" not in shown.split("\nBad\n")[0]

    def test_in_a_terminal_it_is_laid_out_by_itself(self) -> None:
        ours, theirs = pty.openpty()
        command = [sys.executable, "-c", "from engine.cli import main; main()", "rule", "RK402"]
        env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
        env.pop("NO_COLOR", None)
        with subprocess.Popen(command, stdout=theirs, stderr=theirs, env=env) as process:
            os.close(theirs)
            shown = b""
            while part := _read(ours):
                shown += part
        os.close(ours)
        assert process.returncode == 0
        assert "\x1b[31m" in shown.decode()
        assert "✗" in shown.decode()


def _read(terminal: int) -> bytes:
    """What comes next; nothing when the other end is closed, which Linux tells by an error."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


class TestNoRule:
    @pytest.mark.parametrize(
        ("word", "meant"), [("RK4O2", "RK402"), ("402", "RK402"), ("RK-402", "RK402"), ("rk6l3", "RK613")]
    )
    def test_the_code_that_was_meant_is_named(self, word: str, meant: str) -> None:
        result = rekindle("rule", word)
        assert result.exit_code == 1
        assert f"there is no rule '{word}'" in result.output
        assert f"Did you mean '{meant}'?" in result.output

    def test_nothing_near_is_sent_to_the_list(self) -> None:
        assert "'rekindle rules' lists them all" in rekindle("rule", "backward jump").output

    def test_a_retired_code_says_so(self) -> None:
        result = rekindle("rule", "rk103")
        assert result.exit_code == 1
        assert "RK103 is not a rule any more" in result.output
        assert "never mean anything else" in result.output

    def test_an_installation_without_its_pages_is_one_clear_line(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("engine.rule_pages._FOLDERS", (tmp_path,))
        result = rekindle("rule", "RK402")
        assert result.exit_code == 1
        assert "the page of RK402 is missing here" in result.output
        assert "Traceback" not in result.output
