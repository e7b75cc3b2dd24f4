"""The hooks for pre-commit, run by pre-commit itself in a small repository."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ci.runner import ROOT

MANIFEST = ROOT / ".pre-commit-hooks.yaml"
HOOKS: list[dict[str, Any]] = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))


@pytest.fixture
def repository(workspace: Path) -> Path:
    """The hooks as the manifest has them; only that the command is on the path and not yet to be installed."""
    hooks = [{**hook, "language": "system"} for hook in HOOKS]
    config = {"repos": [{"repo": "local", "hooks": hooks}]}
    (workspace / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    subprocess.run(["git", "add", "--all"], cwd=workspace, check=True)
    return workspace


def _run(repository: Path, temp: Path, *words: str) -> dict[str, str]:
    """Hook -> what pre-commit says of it."""
    env = {
        **os.environ,
        "PATH": f"{temp / 'rekindle' / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PRE_COMMIT_HOME": str(temp / "pre-commit"),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "pre_commit", "run", "--color=never", *words]
    done = subprocess.run(command, cwd=repository, env=env, capture_output=True, text=True, check=False)
    return dict(re.findall(r"^(rekindle \w+)\.+(?:\(.*\))?(\w+)$", done.stdout, re.MULTILINE))


def test_pre_commit_takes_the_manifest() -> None:
    words = [sys.executable, "-m", "pre_commit", "validate-manifest", MANIFEST]
    tried = subprocess.run(words, capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stdout


def test_each_hook_passes_on_a_sound_project(repository: Path, temp: Path) -> None:
    assert _run(repository, temp, "--all-files") == {
        hook["entry"]: "Passed" for hook in HOOKS if "stages" not in hook
    }
    pushed = _run(repository, temp, "rekindle-prove", "--all-files", "--hook-stage=pre-push")
    assert pushed == {"rekindle prove": "Passed"}


def test_a_hook_wakes_for_the_files_it_is_about(repository: Path, temp: Path) -> None:
    """Of a file of people it is only asked whether it has the columns that its source names."""
    words = ["--files", "campaigns/data/people.csv", "--hook-stage=pre-push"]
    assert _run(repository, temp, *words) == {
        "rekindle fmt": "Skipped",
        "rekindle validate": "Passed",
        "rekindle test": "Skipped",
        "rekindle prove": "Skipped",
    }


def test_a_hook_fails_on_a_broken_one(repository: Path, temp: Path) -> None:
    campaign = repository / "campaigns/come_back.yaml"
    campaign.write_text(campaign.read_text().replace("segment: ", "segment: x", 1))
    assert _run(repository, temp, "rekindle-validate", "--all-files") == {"rekindle validate": "Failed"}
