"""A file with people in it is its owner's alone from before its first byte."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.private_files import private


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize("there", [False, True])
def test_nobody_else_can_read_it_while_it_is_written(tmp_path: Path, there: bool) -> None:
    path = tmp_path / "people.csv"
    if there:
        path.write_text("of yesterday", encoding="utf-8")
        path.chmod(0o644)
    old = os.umask(0)
    try:
        with open(path, "wb", opener=private) as file:
            assert (mode(path), path.read_bytes()) == (0o600, b"")
            file.write(b"+13125550142")
    finally:
        os.umask(old)
    assert (mode(path), path.read_bytes()) == (0o600, b"+13125550142")


def test_what_is_no_file_keeps_its_mode() -> None:
    before = mode(Path(os.devnull))
    with open(os.devnull, "wb", opener=private) as file:
        file.write(b"x")
    assert mode(Path(os.devnull)) == before
