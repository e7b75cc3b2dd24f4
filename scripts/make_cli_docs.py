"""Write docs/cli.md from the commands themselves: ``make docs``. A test holds that it is current."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from engine.cli import main
from engine.cli.frame import SECTIONS
from engine.errors import ExitCode

PAGE = Path(__file__).parents[1] / "docs" / "cli.md"

_HEAD = """# The command line

Written by `make docs` from the commands themselves; a test fails when it is not current.

`rekindle -h` and `rekindle COMMAND -h` say the same. Results go to standard output; progress, logs and
complaints to standard error.

| variable | what it does |
| --- | --- |
| `REKINDLE_<OPTION>` | sets an option: `REKINDLE_ENV` is `--env`, `REKINDLE_PROJECT` is `--project` |
| `REKINDLE_<COMMAND>_<OPTION>` | sets an option of a command: `REKINDLE_STATUS_FORMAT` is the `--format` of `status` |
| `REKINDLE_DEBUG` | shows the stack trace of a failure, when it is set to anything |
| `NO_COLOR` | plain output, when it is set to anything |
| `GITHUB_ACTIONS` | `true` in a job of GitHub Actions, where findings become annotations by themselves |
| `GITHUB_WORKSPACE` | the folder of such a job, below which annotations name files |

A project reads no variable but those it names itself, as in `{env: DATABASE_URL}`.

Shell completion: `eval "$(_REKINDLE_COMPLETE=bash_source rekindle)"` in `~/.bashrc`; `zsh_source` and
`fish_source` are the same for zsh and fish.
"""

_MEANINGS = {
    ExitCode.OK: "done, and nothing to complain about",
    ExitCode.FINDINGS: "findings, a failed test, or the command failed; standard error says why",
    ExitCode.USAGE: "the command was not written as it asks",
    ExitCode.TRY_AGAIN: "`bounces` could not store the mail on standard input: the mail server is to try again",
    ExitCode.INTERRUPTED: "interrupted (Ctrl-C)",
}


def render() -> str:
    """The whole page."""
    parts = [_HEAD, *_exit_codes(), "## rekindle\n", _help(main, None)]
    for section, names in SECTIONS.items():
        parts.append(f"## {section}\n")
        for name in names:
            parts += _pages(name)
    return "\n".join(parts)


def _exit_codes() -> Iterator[str]:
    yield "## Exit codes\n"
    yield "| code | meaning |\n| --- | --- |"
    yield from (f"| {code.value} | {_MEANINGS[code]} |" for code in ExitCode)
    yield ""


def _pages(name: str) -> Iterator[str]:
    with click.Context(main, info_name="rekindle", **main.context_settings) as root:
        command = main.get_command(root, name)
        assert command is not None
        yield f"### rekindle {name}\n"
        yield _help(command, root, name)
        if isinstance(command, click.Group):
            with click.Context(command, info_name=name, parent=root) as group:
                for inner in command.list_commands(group):
                    below = command.get_command(group, inner)
                    assert below is not None
                    yield f"#### rekindle {name} {inner}\n"
                    yield _help(below, group, inner)


def _help(command: click.Command, parent: click.Context | None, name: str = "rekindle") -> str:
    shape = {**command.context_settings, "terminal_width": 96, "max_content_width": 96}
    with click.Context(command, info_name=name, parent=parent, **shape) as context:
        return f"```text\n{command.get_help(context)}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
