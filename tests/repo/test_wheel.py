"""The wheel, built from what the container's build is given and no more: it has all it needs at run time."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from engine.rules import RULES

ROOT = Path(__file__).parents[2]


def copied() -> list[str]:
    """What the Dockerfile copies out of the repository."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)
    return [name for line in lines for name in line.split()]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, unpacked as an installer does."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "src"
    for name in copied():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, source / name)
    options = ["--no-build-isolation", "--no-deps", "--no-index", "--quiet", "--disable-pip-version-check"]
    words = [sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", str(folder), str(source)]
    subprocess.run(words, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder / "site")
    return folder / "site"


def test_the_container_is_given_all_that_it_copies() -> None:
    let_through = set(re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(copied()) == let_through


def test_every_page_of_a_rule_is_in_it(installed: Path) -> None:
    pages = {page.stem for page in (installed / "engine" / "docs" / "rules").iterdir()}
    assert pages == {page.stem for page in (ROOT / "docs" / "rules").iterdir()}
    assert pages == set(RULES)


def test_an_installed_rekindle_shows_its_own_pages(installed: Path, tmp_path: Path) -> None:
    code = "import engine, sys; from engine.cli import main; print(engine.__path__[0], file=sys.stderr); main()"
    shown = subprocess.run(
        [sys.executable, "-c", code, "rule", "RK402"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(shown.stderr.strip()) == installed / "engine"
    assert shown.stdout == (ROOT / "docs" / "rules" / "RK402.md").read_text(encoding="utf-8")
