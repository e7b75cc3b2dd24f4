"""The small sound project, and copies of it with one file put in the place of another."""

from __future__ import annotations

from pathlib import Path

from engine.compile import Loaded, load_files, read_files

DATA = Path(__file__).parent.parent / "data"
SMALL = DATA / "projects" / "small"

#: what a fixture's first word replaces
REPLACES = {
    "campaign": "winback.yaml",
    "project": "rekindle.yaml",
    "segments": "segments.yaml",
    "incentives": "incentives.yaml",
    "tests": "tests/winback.yaml",
    "template": "templates/winback/hello.md",
}


def small(**changes: str) -> dict[str, str]:
    """The files of the small project; ``campaign="..."`` and so on replace one."""
    files = read_files(SMALL)
    return files | {REPLACES[what]: text for what, text in changes.items()}


def load(files: dict[str, str], *, tolerant: bool = False) -> Loaded:
    """The project those files make."""
    return load_files(files, SMALL, tolerant=tolerant)
