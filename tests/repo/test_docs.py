"""The docs are tests: what they show is what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from channels.registry import ADAPTERS, adapter_class
from engine.cli.frame import SECTIONS
from engine.cli.output.look import words
from engine.errors import ExitCode
from engine.flow import Reason
from engine.gates import GATES
from engine.tasks import DISPOSITIONS
from engine.verdict import HOLDS, SKIPS
from scripts import make_cli_docs

ROOT = Path(__file__).parents[2]
COMMANDS = {name for commands in SECTIONS.values() for name in commands}
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "campaigns/README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
CODE = ("engine", "channels", "state", "scripts", "examples", "tests")
#: read by tests alone: what pytest tells its workers, and a name that a test makes up
NOT_OURS = {"PYTEST_XDIST_TESTRUNUID", "DATABASE_URL"}


def test_the_command_reference_is_current() -> None:
    assert make_cli_docs.PAGE.read_text(encoding="utf-8") == make_cli_docs.render(), "make docs"


def test_every_exit_code_is_explained() -> None:
    assert set(make_cli_docs._MEANINGS) == set(ExitCode)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_command_shown_in_the_docs_exists(page: Path) -> None:
    """``rekindle [options] word`` at the start of an indented line of code, or in back-ticks."""
    text = page.read_text(encoding="utf-8")
    shown = re.findall(r"(?:^    |`)(?:\.venv/bin/)?rekindle ((?:--\w+ \S+ )*)([a-z]+)\b", text, re.MULTILINE)
    assert {word for _, word in shown} <= COMMANDS


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_make_target_shown_in_the_docs_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    shown = re.findall(r"(?:^\s*|`)make ([a-z-]+)\b", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(shown) <= targets


def test_every_command_is_told_of_beyond_the_reference() -> None:
    """In the README, or in a page about what it is for."""
    told = [page.read_text(encoding="utf-8") for page in PAGES if page.name != "cli.md"]
    shown = {word for text in told for word in re.findall(r"rekindle (?:--\w+ \S+ )*([a-z]+)\b", text)}
    assert shown >= COMMANDS


def test_every_environment_variable_is_documented() -> None:
    """Those that options make are one line: every option has one."""
    code = [path for folder in CODE for path in (ROOT / folder).rglob("*.py")]
    text = "".join(path.read_text(encoding="utf-8") for path in code)
    read = set(
        re.findall(r'(?:variable\(|environ\.get\(|os\.environ\[)f?"(?:\{PREFIX\}|(?=[A-Z]))(\w+)"', text)
    )
    told = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    names = {f"REKINDLE{name}" if name.startswith("_") else name for name in read}
    assert {"REKINDLE_DEBUG", "NO_COLOR", "GITHUB_ACTIONS", "REKINDLE_HUNT"} <= names
    assert {name for name in names if f"`{name}`" not in told} - NOT_OURS == set()


def rows(page: str, heading: str) -> set[str]:
    """First cells, in back-ticks, of the table under a heading."""
    text = (ROOT / page).read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))


def test_every_reason_is_documented() -> None:
    gates = {gate.__name__ for gate in GATES}
    assert set(SKIPS) == gates | {"condition", "content"}
    assert rows("docs/gates.md", "Reasons a touch is not sent") >= set(SKIPS)


def test_every_reason_that_postpones_is_documented_as_one() -> None:
    text = (ROOT / "docs" / "gates.md").read_text(encoding="utf-8")
    assert set(HOLDS) == set(re.findall(r"^\| `(\w+)` \|.*\| defer", text, re.MULTILINE))


def test_every_reason_is_documented_with_its_words_on_screen() -> None:
    text = (ROOT / "docs" / "gates.md").read_text(encoding="utf-8")
    shown = re.findall(r"^\| `(\w+)` \| (.+?) \|", text, re.MULTILINE)
    assert shown == [(code, words(code)) for code, _ in shown]


def test_every_way_a_round_ends_is_documented() -> None:
    assert rows("docs/gates.md", "Reasons a round ends") == set(Reason)


def test_every_disposition_is_documented() -> None:
    assert rows("docs/operations.md", "Work for people") == set(DISPOSITIONS)


def test_every_adapter_and_its_options_are_documented() -> None:
    text = (ROOT / "docs/channels.md").read_text(encoding="utf-8")
    for name in ADAPTERS:
        line = next(line for line in text.splitlines() if line.startswith(f"| `{name}` |"))
        assert all(f"`{option}`" in line for option in adapter_class(name).OPTIONS["properties"])
