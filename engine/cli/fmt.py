"""``rekindle fmt``: the YAML files in the layout of the language."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.context import CliContext
from engine.cli.targets import YAML_STANDS, below, by_project, require_known, shown_prefix
from engine.errors import ExitCode

if TYPE_CHECKING:
    from engine.diagnostics import Finding
    from engine.fmt import NotKept

_PIPE = Path("-")


@click.command("fmt")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, allow_dash=True, path_type=Path))
@click.option("--check", is_flag=True, help="Change nothing; the exit code is 1 when a file would change.")
@click.option("--diff", is_flag=True, help="Change nothing; show what would change.")
@click.option("--stdin-filename", metavar="FILE", help="With '-': what the text on standard input is called.")
@click.pass_obj
def command(
    obj: CliContext, paths: tuple[Path, ...], check: bool, diff: bool, stdin_filename: str | None
) -> None:
    """Lay the YAML files out: order of keys, indent, blank lines, quotes.

    PATHS narrow it: a project's folder, or single files. '-' reads standard input and writes standard output.
    Values, comments and anchors stay as they are; a file that cannot be read is told as by validate and left alone.
    Templates are not touched. The exit code is 1 when a file cannot be laid out, and with --check when one would
    change.
    """
    piped = _piped(paths, stdin_filename)
    results = [_laid_out(file) for file in ([piped] if piped else _files(obj, paths))]
    write = not check and not diff
    _complain(results, to_stderr=bool(piped) and write)
    if piped and write:
        _pass_on(results[0])
    elif diff:
        _show_diffs(results)
    else:
        _replace(results, write=write)
    if any(result.left for result in results) or (check and any(result.changed for result in results)):
        raise click.exceptions.Exit(ExitCode.FINDINGS)


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """A file to lay out. ``name``: as the reader can open it; no path: standard input."""

    name: str
    text: str
    path: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    """A file and its layout, or why it has none."""

    file: _File
    text: str
    findings: tuple[Finding, ...] = ()
    refused: NotKept | None = None

    @property
    def changed(self) -> bool:
        return self.text != self.file.text

    @property
    def left(self) -> bool:
        """Is it left alone?"""
        return bool(self.findings or self.refused)


def _piped(paths: tuple[Path, ...], filename: str | None) -> _File | None:
    """Standard input, when it is asked for. Raises click.UsageError where the command line makes no sense."""
    from engine.compile import read_text

    if _PIPE not in paths:
        if filename is not None:
            raise click.UsageError("--stdin-filename goes with '-', which reads standard input.")
        return None
    if len(paths) > 1:
        raise click.UsageError("'-' stands alone.")
    return _File(name=filename or "stdin.yaml", text=read_text(sys.stdin.buffer))


def _files(obj: CliContext, paths: tuple[Path, ...]) -> Iterator[_File]:
    """The YAML files asked for. Raises UnknownName for a path at which the project has no file."""
    from engine.compile import read_files

    for root, only in (by_project(paths) if paths else {obj.require_project(): None}).items():
        texts = read_files(root)
        require_known(root, only, texts, YAML_STANDS)
        for file, text in texts.items():
            asked = only is None or any(below(file, path) for path in only)
            if asked and not file.endswith(".md"):
                yield _File(name=shown_prefix(root) + file, text=text, path=root / file)


def _laid_out(file: _File) -> _Result:
    from engine.fmt import NotKept, lay_out

    if file.name.endswith(".md"):
        return _Result(file=file, text=file.text)
    try:
        found = lay_out(file.text, file.name)
    except NotKept as error:
        return _Result(file=file, text=file.text, refused=error)
    return _Result(file=file, text=found.text, findings=found.findings)


def _complain(results: Sequence[_Result], *, to_stderr: bool) -> None:
    """The files that cannot be laid out, and why."""
    from engine.cli.failures import report
    from engine.cli.output import text
    from engine.cli.output.report import build

    findings = [finding for result in results for finding in result.findings]
    if findings:
        texts = {result.file.name: result.file.text for result in results}
        click.echo(text.render(build(findings, texts, "")), err=to_stderr)
    for result in results:
        if result.refused is not None:
            report(result.refused)


def _pass_on(result: _Result) -> None:
    """To standard output; nothing where it cannot be laid out, so that no editor puts a half in its place."""
    if not result.left:
        click.echo(result.text.encode(), nl=False)


def _show_diffs(results: Sequence[_Result]) -> None:
    from engine.cli.output import diff

    for result in results:
        click.echo(diff.render(result.file.text, result.text, result.file.name), nl=False)


def _replace(results: Sequence[_Result], *, write: bool) -> None:
    """Write what changes, or say what would be; then the verdict."""
    from engine.cli.output.report import counted
    from engine.rewrite import replace_text

    changed = [result for result in results if result.changed]
    for result in changed:
        if write and result.file.path is not None:
            replace_text(result.file.path, result.text)
        click.echo(f"{'laid out' if write else 'would lay out'} {result.file.name}")
    left = sum(result.left for result in results)
    counts = ((len(changed), "laid out" if write else "to lay out"), (left, "left alone"))
    said = [f"{counted(number, 'file')} {what}" for number, what in counts if number]
    why = "" if results else ": templates stay as they are"
    verdict = ", ".join(said) or f"{counted(len(results), 'file')}, nothing to lay out{why}"
    click.echo(click.style(verdict, bold=True))
