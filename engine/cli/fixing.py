"""``rekindle validate --fix``: the mends that need no thought, written to the files or only shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.context import CliContext
from engine.cli.targets import YAML_STANDS, below, by_project, require_known, shown_prefix

if TYPE_CHECKING:
    from engine.diagnostics import Finding

_PIPE = Path("-")


def fix(obj: CliContext, paths: tuple[Path, ...], *, write: bool) -> None:
    """Mend the files asked for; without ``write`` show how they would change. What was mended is told on standard
    error. Raises click.UsageError for standard input."""
    if _PIPE in paths:
        raise click.UsageError("--fix changes files: it does not go with '-'.")
    for root, only in (by_project(paths) if paths else {obj.require_project(): None}).items():
        _fix(obj, root, only, write=write)


def _fix(obj: CliContext, root: Path, only: set[str] | None, *, write: bool) -> None:
    from engine.cli.output import diff
    from engine.cli.output.report import counted
    from engine.compile import read_files
    from engine.diagnostics import in_order
    from engine.fixes import mend
    from engine.rewrite import replace_text

    files, prefix = read_files(root), shown_prefix(root)
    require_known(root, only, files, f"{YAML_STANDS}; templates in templates/")
    mended = mend(files, root, lambda file: only is None or any(below(file, path) for path in only))
    for file, text in mended.files.items():
        if write and text != files[file]:
            replace_text(root / file, text)
        elif not write:
            click.echo(diff.render(files[file], text, prefix + file), nl=False)
    for finding in in_order(mended.findings):
        obj.say(_told(finding, prefix, write=write))
    if mended.findings:
        number = counted(len(mended.findings), "finding")
        obj.say(f"{number} {'fixed' if write else 'would be fixed'}\n")


def _told(finding: Finding, prefix: str, *, write: bool) -> str:
    """``fixed winback.yaml:21:1 RK110 unknown key 'cadance': cadence``."""
    from engine.cli.output.text import printable

    place = f"{prefix}{finding.file}:{finding.line}:{finding.column}"
    now = (finding.fix.text if finding.fix else "") or "removed"
    return printable(f"{'fixed' if write else 'would fix'} {place} {finding.code} {finding.message}: {now}")
