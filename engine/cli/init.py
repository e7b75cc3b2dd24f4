"""``rekindle init``: a small working project to start from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import click

from engine.clock import Clock, SystemClock, utc
from engine.errors import ConfigurationError

_DAY = 86_400
_DAYS_AGO = re.compile(r"<(\d+) days ago>")


@click.command("init")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
def command(folder: Path) -> None:
    """Write a small working project to DIR: one campaign, its messages, its tests and eight people.

    DIR is made when it is not there; a file that is there is never overwritten. The first line of each YAML file
    leads an editor to the schemas in DIR/.schemas; 'rekindle schema --write' writes them anew.
    """
    from engine import editor_schema

    texts = project_files(folder.absolute().name, SystemClock())
    ignored = ""
    if (folder / ".gitignore").exists():
        ignored = texts.pop(".gitignore")  # a repository's own stays as it is
    write(folder, texts)
    editor_schema.write(folder / editor_schema.SCHEMA_FOLDER, editor_schema.names_of(texts))
    click.echo(f"wrote a project to {folder}. Next:\n")
    for words, what in _NEXT:
        click.echo(f"  rekindle --project {folder} {words:<32} # {what}")
    if ignored:
        click.echo(
            f"\n{folder / '.gitignore'} stays as it is; not to be committed: {', '.join(ignored.split())}"
        )


_NEXT = (
    ("validate", "every file is checked"),
    ("test", "the campaign's own tests"),
    ("run --virtual --until 30d", "a month as fast as it goes; read var/outbox"),
)


def project_files(name: str, clock: Clock) -> dict[str, str]:
    """Path below the project's folder -> text, with the project's name and dates that lie well today."""
    project = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "acme"
    project = project if project[0].isalpha() else f"p_{project}"
    found = {path: entry.read_text(encoding="utf-8") for path, entry in _walk(_starter(), "")}
    found[".gitignore"] = found.pop("gitignore")
    found["rekindle.yaml"] = found["rekindle.yaml"].replace("PROJECT", project)
    found["data/people.csv"] = _DAYS_AGO.sub(
        lambda m: utc(clock.now() - int(m[1]) * _DAY).date().isoformat(), found["data/people.csv"]
    )
    return found


def write(folder: Path, texts: dict[str, str]) -> None:
    """Write the files below ``folder``. Raises ConfigurationError, before any is written, when one is there
    already; OSError when the folder cannot be written."""
    there = [path for path in texts if (folder / path).exists()]
    if there:
        raise ConfigurationError(
            f"{folder} already has {', '.join(sorted(there)[:3])}{' ...' if len(there) > 3 else ''}",
            hint="Name a new folder; nothing was written",
        )
    for path, text in texts.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def _starter() -> Traversable:
    return files("engine.cli") / "starter"


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        else:
            yield f"{prefix}{entry.name}", entry
