"""The group behind ``rekindle``: commands found by name and imported only when used, help in three parts,
and every failure turned into one clear line."""

from __future__ import annotations

import sys
from importlib import import_module
from keyword import iskeyword
from typing import Any

import click

from engine.cli.failures import report, report_interrupt

#: part of the help -> command -> what it does. The command is ``command`` of engine/cli/<name>.py
#: (import_.py, for a module cannot be named by a keyword).
SECTIONS: dict[str, dict[str, str]] = {
    "Author": {
        "init": "Write a small working project.",
        "validate": "Check every file; all findings at once.",
        "fmt": "Lay the YAML files out.",
        "schema": "What editors complete and explain by.",
        "rules": "Every rule that validate knows.",
        "rule": "One rule: what it asks for, a bad and a good example.",
        "test": "Run the campaigns' own tests.",
        "prove": "What can happen to anybody, whatever they do.",
        "graph": "Draw a campaign.",
    },
    "Run": {
        "import": "Read people and events from the declared sources.",
        "event": "Record that something happened.",
        "run": "Turn the wheel: once, or over virtual time.",
        "daemon": "Run until stopped.",
        "serve": "Unsubscribe and preference pages, and webhooks.",
        "drill": "Say no by every way in, and see that it holds.",
        "pause": "Hold a campaign; nothing is lost.",
        "resume": "Let a paused campaign, or a held daemon, go on.",
        "tasks": "Work for humans: list, close, decline.",
        "letters": "Letters as documents: look, verify, say how they went.",
        "doubts": "Messages that may or may not have left: list, settle.",
        "dead": "Dead letters, given up after too many tries: list, retry, drop.",
        "audiences": "Retargeting lists: their numbers, and who is on one.",
        "bounces": "Take in bounces, complaints and replies that came by mail.",
    },
    "See": {
        "status": "Who waits, what was sent, what was not and why.",
        "channels": "How each channel bears up: rate, queue, failures.",
        "explain": "One person: why this message, why not that one.",
        "people": "Who is known, and who may be the same person.",
        "received": "What came back: events of providers, and replies.",
    },
}

_SUMMARIES = {name: summary for commands in SECTIONS.values() for name, summary in commands.items()}


class Commands(click.Group):
    """A click group over ``SECTIONS``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_SUMMARIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _SUMMARIES:
            return None
        module = cmd_name + "_" * iskeyword(cmd_name)
        command: click.Command = import_module(f"engine.cli.{module}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:  # click looks for what was meant among commands already imported
            raise click.NoSuchCommand(error.command_name, possibilities=_SUMMARIES, ctx=ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for section, commands in SECTIONS.items():
            with formatter.section(section):
                formatter.write_dl(list(commands.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand; whatever it raises is told in one line and leaves as an exit code."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()  # a closed pipe shows here, not in the interpreter's last words
        except KeyboardInterrupt:
            ctx.exit(report_interrupt())
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise  # click's own to handle
        except Exception as error:
            ctx.exit(report(error))
        return result
