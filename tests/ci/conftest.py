"""A repository with the project that ``rekindle init`` writes, and the command on hand as the action installs it."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.ci.runner import COMMAND


@pytest.fixture(scope="session")
def _written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    for words in (["--quiet", "init", "campaigns"], ["fmt"]):
        subprocess.run([*COMMAND, *words], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def workspace(tmp_path: Path, _written: Path) -> Path:
    """A git repository with a sound project in ``campaigns/``."""
    return Path(shutil.copytree(_written, tmp_path / "work space"))


@pytest.fixture
def temp(tmp_path: Path) -> Path:
    """The runner's own folder, with the command where the action's install step would have put it."""
    command = tmp_path / "temp" / "rekindle" / "bin" / "rekindle"
    command.parent.mkdir(parents=True)
    command.write_text(f'#!/bin/sh\nexec {shlex.join(COMMAND)} "$@"\n')
    command.chmod(0o755)
    return tmp_path / "temp"
