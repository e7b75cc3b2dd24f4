"""The one door to the process environment. Nothing else reads it."""

from __future__ import annotations

import getpass
import os
from pathlib import Path

from engine.errors import ConfigurationError
from engine.model import Secret

#: prefix of every variable that sets an option of the command: ``REKINDLE_ENV`` is ``--env``
PREFIX = "REKINDLE"


def variable(name: str) -> str | None:
    """The value of an environment variable; None when it is unset or empty."""
    return os.environ.get(name) or None


def resolved(value: str | int | bool | Secret) -> str | int | bool:
    """A declared value as it is, or what the variable behind ``{env: NAME}`` holds.

    Raises ConfigurationError naming the variable; its value is never part of a message.
    """
    return secret(value) if isinstance(value, Secret) else value


def secret(declared: Secret) -> str:
    """What the variable holds. Raises ConfigurationError when it is unset or empty."""
    found = variable(declared.env)
    if found is None:
        raise ConfigurationError(
            f"the environment variable {declared.env} is not set",
            hint=f"The project reads it as {{env: {declared.env}}}: export {declared.env}=... and try again",
        )
    return found


def login() -> str:
    """The name the operator is logged in by, for the record of what they said."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without a name for its user
        return "unknown"


def debug() -> bool:
    """True when the user asked for stack traces."""
    return variable(f"{PREFIX}_DEBUG") is not None


def on_github() -> bool:
    """True in a job of GitHub Actions."""
    return variable("GITHUB_ACTIONS") == "true"


def github_workspace() -> Path | None:
    """The folder that a job of GitHub Actions has checked out into."""
    found = variable("GITHUB_WORKSPACE")
    return Path(found) if found else None


def no_color() -> bool:
    """True when the user asked every program for plain output (no-color.org)."""
    return variable("NO_COLOR") is not None
