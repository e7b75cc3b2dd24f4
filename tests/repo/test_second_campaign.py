"""docs/second-campaign.md, followed to the letter in the project that ``rekindle init`` writes."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from engine.cli.init import project_files, write
from engine.clock import SystemClock
from engine.compile import load_project
from engine.validate import errors
from tests.ci.runner import COMMAND

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "second-campaign.md").read_text(encoding="utf-8")
BLOCKS: list[tuple[str, str, str]] = re.findall(
    r"^```(\w+) ?(\S*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE
)
GATE = re.findall(r"^    rekindle (.+?)(?: +#.*)?$", PAGE.split("## Then ask")[1], re.MULTILINE)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project after the last step, without an error after each."""
    folder = tmp_path_factory.mktemp("acme")
    write(folder, project_files("acme", SystemClock()))
    for language, named, text in BLOCKS:
        _follow(folder, language, named, text)
        assert errors(load_project(folder, lint=True).findings) == [], (named, text[:40])
    return folder


def _follow(folder: Path, language: str, named: str, text: str) -> None:
    """Write the file that a block shows, or the lines that it changes."""
    kind, _, name = text.partition("\n")[0].partition(": ")
    target = folder / (
        named or {"segments:": "segments.yaml", "campaign": f"{name}.yaml"}.get(kind, f"tests/{name}.yaml")
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    if language == "diff":
        before, after = (
            "\n".join(line[1:] for line in text.splitlines() if line[0] in signs) for signs in (" -", " +")
        )
        whole = target.read_text(encoding="utf-8")
        assert whole.count(before) == 1, "one place in the file"
        target.write_text(whole.replace(before, after), encoding="utf-8")
    else:
        target.write_text(text, encoding="utf-8")


def test_each_file_is_shown() -> None:
    shown = [named or text.partition(":")[0] for _, named, text in BLOCKS]
    templates = ["templates/no_show/new_time.md", "templates/no_show/last_call.md"]
    data = ["data/meetings.csv", *4 * ["rekindle.yaml"]]
    assert shown == [*data, "segments", *templates, "campaign", "tests"]


@pytest.mark.parametrize("words", ["fmt --check", *GATE[1:4]])
def test_what_it_says_to_ask_is_answered_with_a_yes(project: Path, words: str) -> None:
    done = subprocess.run(
        [*COMMAND, *words.split()], cwd=project, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_questions_are_those_before_a_merge() -> None:
    assert GATE[:4] == ["fmt", "validate --strict", "test --fail-under 100", "prove"]


def test_whoever_missed_a_meeting_is_brought_in(project: Path) -> None:
    done = subprocess.run([*COMMAND, "import"], cwd=project, capture_output=True, text=True, check=True)
    assert re.search(r"meetings\W+3\b", done.stdout + done.stderr), done.stdout + done.stderr
