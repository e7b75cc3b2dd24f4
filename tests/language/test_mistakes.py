"""Pairs in tests/data/err: a file with one human mistake, and what the reader is told about it.

REKINDLE_REWRITE=1 writes the expected texts anew; read the diff before committing it.
"""

from __future__ import annotations

import os
from pathlib import Path

import click
import pytest

from engine.cli.output import report, text
from tests.language.support import DATA, load, small

MISTAKES = sorted(p for p in (DATA / "err").iterdir() if p.suffix in (".yaml", ".md"))


def _told(path: Path) -> tuple[int, str]:
    files = small(**{path.name.split(".")[0]: path.read_text(encoding="utf-8")})
    loaded = load(files)
    return len(loaded.findings), click.unstyle(text.render(report.build(loaded.findings, files, "")))


@pytest.mark.parametrize("path", MISTAKES, ids=lambda p: p.stem)
def test_one_mistake_is_one_finding_told_as_agreed(path: Path) -> None:
    count, told = _told(path)
    expected = path.with_suffix(".out")
    if os.environ.get("REKINDLE_REWRITE"):
        expected.write_text(told, encoding="utf-8")
    assert told == expected.read_text(encoding="utf-8")
    assert count == 1, told


def test_there_are_many_and_each_has_its_pair() -> None:
    assert len(MISTAKES) >= 40
    assert {p.with_suffix(".out") for p in MISTAKES} == set((DATA / "err").glob("*.out"))


def test_the_small_project_is_sound() -> None:
    assert load(small()).findings == []
