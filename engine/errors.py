"""Every error a user can cause: one line, what, where, what to do. A stack trace is our bug."""

from __future__ import annotations

import traceback
from enum import IntEnum
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_OUR_PACKAGES = ("engine", "channels", "state", "schemas")


class ExitCode(IntEnum):
    """What the command answers the shell."""

    OK = 0
    FINDINGS = 1  # findings, a failed test, a failed run
    USAGE = 2  # Click's own
    TRY_AGAIN = 75  # what a mail server takes for: keep it, and hand it over again later (EX_TEMPFAIL)
    INTERRUPTED = 130


class RekindleError(Exception):
    """Root of all. ``message`` says what and where; ``hint`` says what to do."""

    exit_code: ExitCode = ExitCode.FINDINGS
    hint: str = ""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        if hint:
            self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}. {self.hint}" if self.hint else self.message


class ProjectError(RekindleError):
    """The project's files do not make a project."""

    hint = "Run 'rekindle validate' to see every finding"


class UnknownName(RekindleError, LookupError):
    """A name on the command line that the project or the store does not know."""


class ConfigurationError(RekindleError):
    """The environment lacks something it needs: a variable, a folder, a permission."""


class ImportFailed(RekindleError):
    """A source cannot be read at all."""


def origin(error: BaseException) -> str:
    """Where our own code last stood when ``error`` was raised, e.g. ``engine/render.py:88``; else empty.

    Of an error nobody expected this and its type are safe to tell; its text may hold somebody's data.
    """
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        file = Path(frame.filename)
        if file.is_relative_to(_ROOT) and file.relative_to(_ROOT).parts[0] in _OUR_PACKAGES:
            return f"{file.relative_to(_ROOT).as_posix()}:{frame.lineno}"
    return ""
