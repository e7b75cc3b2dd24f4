"""Which project, and which of its files, a command line means; and by what names they are told."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from pathlib import Path

from engine import settings
from engine.errors import ProjectError, UnknownName

_PROJECT = "rekindle.yaml"
#: where the files of the language stand
YAML_STANDS = "A project's YAML files stand in its folder and in tests/, not in folders below"


def by_project(paths: tuple[Path, ...]) -> dict[Path, set[str] | None]:
    """Project folder -> the files and folders asked for below it, None for all of them."""
    wanted: dict[Path, set[str] | None] = {}
    for path in paths:
        root = project_of(path)
        file = below_root(path, root)
        if file == ".":
            wanted[root] = None
        elif (files := wanted.setdefault(root, set())) is not None:
            files.add(file)
    return wanted


def project_of(path: Path) -> Path:
    """The nearest folder with rekindle.yaml at or above a path. Raises ProjectError when there is none."""
    absolute = Path(os.path.abspath(path))
    for folder in (absolute, *absolute.parents):
        if (folder / _PROJECT).is_file():
            return _relative(folder, Path.cwd())
    raise ProjectError(
        f"no {_PROJECT} at or above {path}", hint="Name the project's folder, or a file in it"
    )


def below_root(path: Path, root: Path) -> str:
    """A path as the project has it: relative to its folder, with slashes."""
    return Path(os.path.relpath(path, root)).as_posix()


def require_known(root: Path, only: Iterable[str] | None, known: Collection[str], hint: str) -> None:
    """A path that matches nothing is a slip of whoever wrote it, and never a success.

    ``known``: the project's files that count; ``hint``: where such files stand. Raises UnknownName.
    """
    for path in sorted(only or ()):
        if not any(below(file, path) for file in known):
            raise UnknownName(f"the project has no file that is read at {shown_prefix(root)}{path}", hint=hint)


def below(file: str, path: str) -> bool:
    """Is a file the one asked for, or in the folder asked for?"""
    return file == path or file.startswith(f"{path}/")


def shown_prefix(root: Path) -> str:
    """What goes before a file's name so that the reader can open it from here."""
    return _prefix(root, Path.cwd())


def repository_prefix(root: Path) -> str:
    """What goes before a file's name so that it counts from the root of the repository: the nearest folder with
    ``.git``, else GitHub's workspace, else here."""
    absolute = root.absolute()
    for folder in (absolute, *absolute.parents):
        if (folder / ".git").exists():
            return _prefix(root, folder)
    workspace = settings.github_workspace()
    return _prefix(root, workspace if workspace and absolute.is_relative_to(workspace) else Path.cwd())


def _prefix(root: Path, base: Path) -> str:
    best = _relative(root.absolute(), base)
    return "" if best == Path() else f"{best.as_posix()}/"


def _relative(folder: Path, base: Path) -> Path:
    """The shorter name of a folder below a base; its whole name when it is elsewhere."""
    relative = Path(os.path.relpath(folder, base))
    return folder if relative.parts[:1] == ("..",) else relative
