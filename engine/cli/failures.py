"""The one place that turns whatever went wrong into one clear line, a hint and an exit code."""

from __future__ import annotations

import errno
import traceback
from dataclasses import dataclass

import click

from engine import settings
from engine.errors import ExitCode, RekindleError, origin

_OS_HINTS = {
    errno.ENOSPC: "Free some space and run the same command again",
    errno.EDQUOT: "Free some space and run the same command again",
    errno.EROFS: "This place is read-only: name one that can be written",
    errno.EACCES: "Check who owns it and who may read and write there",
    errno.EPERM: "Check who owns it and who may read and write there",
    errno.ENOENT: "Check the name",
    errno.EISDIR: "A file is needed here, not a folder",
    errno.ENOTDIR: "A folder is needed here, not a file",
    errno.EMFILE: "Raise the limit of open files (ulimit -n)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A failed command, as the user sees it."""

    message: str
    hint: str = ""
    exit_code: ExitCode = ExitCode.FINDINGS


def report(error: Exception) -> int:
    """Say on standard error what went wrong and what to do; the exit code to leave with."""
    if settings.debug():
        traceback.print_exception(error)
    failure = failure_of(error)
    click.echo(f"{click.style('error:', fg='red', bold=True)} {_shown(failure.message)}", err=True)
    if failure.hint:
        click.echo(f"{click.style(' hint:', fg='cyan')} {_shown(failure.hint)}", err=True)
    return failure.exit_code


def _shown(text: str) -> str:
    """Words that may come from a file: further lines are set in, and none can move the cursor or begin a command."""
    from engine.cli.output.text import printable

    return "\n       ".join(map(printable, text.split("\n")))


def report_interrupt() -> int:
    """Ctrl-C: say so on a line of its own; the shell's usual exit code."""
    click.echo("\ninterrupted", err=True)
    return ExitCode.INTERRUPTED


def failure_of(error: Exception) -> Failure:
    """What to tell the user about ``error``."""
    if isinstance(error, RekindleError):
        return Failure(message=error.message, hint=error.hint, exit_code=error.exit_code)
    if isinstance(error, OSError):
        return _of_os(error)
    return _of_state(error) or _of_bug(error)


def _of_os(error: OSError) -> Failure:
    what = error.strerror or type(error).__name__
    where = f"{error.filename}: " if error.filename else ""
    return Failure(message=f"{where}{what[:1].lower()}{what[1:]}", hint=_OS_HINTS.get(error.errno or 0, ""))


def _of_state(error: Exception) -> Failure | None:
    from state.errors import StateError  # here, for it brings SQLAlchemy and only a failure needs it

    return Failure(message=error.message, hint=error.hint) if isinstance(error, StateError) else None


def _of_bug(error: Exception) -> Failure:
    """Kind and place, not the text: an unexpected error's text may hold somebody's data."""
    place = origin(error)
    return Failure(
        message=f"rekindle itself failed: {type(error).__name__}{f' at {place}' if place else ''}",
        hint="This is a fault of rekindle. REKINDLE_DEBUG=1 shows all of it, for the report",
    )
