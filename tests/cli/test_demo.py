"""``make demo``, as a newcomer meets it: it ends well, and its numbers are the same on every run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from scripts import demo

REPOSITORY = Path(__file__).parents[2]


def run_demo(folder: Path) -> str:
    """What the demo says when it is run in a folder with the shipped project."""
    (folder / "campaigns").symlink_to(REPOSITORY / "campaigns")
    result = subprocess.run(
        [sys.executable, REPOSITORY / "scripts" / "demo.py"],
        cwd=folder, capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"}, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return result.stdout


def status_of(folder: Path) -> dict[str, Any]:
    command = [
        Path(sys.executable).with_name("rekindle"),
        "--project",
        demo.PROJECT,
        "status",
        "--format",
        "json",
    ]
    found: dict[str, Any] = json.loads(
        subprocess.run(command, cwd=folder, capture_output=True, check=True).stdout
    )
    found.pop("store")
    for sign in found["jobs"].values():
        sign.pop("worker")
    return found


def test_it_adds_up_points_at_what_is_there_and_is_the_same_on_every_run(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("first", "second")]
    for folder in folders:
        folder.mkdir()
    texts = [run_demo(folder) for folder in folders]
    first, second = (status_of(folder) for folder in folders)
    assert first == second
    assert_adds_up(first)
    assert "✗" not in texts[0].split("3. Read")[1]
    assert "Unsubscribe: https://" in texts[0]
    shown, around = texts[0].split("4. One of")[1].split("Look around")
    assert re.search(rf"^  To: .*{re.escape(demo.PERSON)}", shown, re.MULTILINE)
    assert f"explain {demo.PERSON}" in around
    assert_person_is_interesting(folders[0])


def assert_adds_up(found: dict[str, Any]) -> None:
    assert found["touches"]["reconciles"]
    assert found["touches"]["by_state"]["sent"] > 1_000
    people = next(row for row in found["imports"] if row["kind"] == "people")
    assert people["read"] == people["rejected"] + people["created"] + people["merged"]
    assert people["created"] == found["people"]["living"] + found["people"]["merged"]
    assert sum(found["people"]["segments"].values()) + found["people"]["none"] == found["people"]["living"]


def assert_person_is_interesting(folder: Path) -> None:
    command = [Path(sys.executable).with_name("rekindle"), "--project", demo.PROJECT, "explain", demo.PERSON]
    told = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    for words in ("✓ sent", "✗ skipped", "~ held"):
        assert words in told
