"""Kinds of values on the command line that several commands take."""

from __future__ import annotations

from typing import Any

import click

from engine.clock import parse_instant


class Span(click.ParamType[Any]):
    """``45d``, ``72h``, ``90m``, ``2w``; handed over in seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        from engine.units import UnitError, parse_duration

        try:
            return value if isinstance(value, int) else parse_duration(value)
        except UnitError as error:
            self.fail(f"{error.message}: {error.mend}", param, ctx)


class Instant(click.ParamType[Any]):
    """An ISO 8601 date or moment, UTC unless it says otherwise; handed over in epoch seconds."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return value if isinstance(value, int) else parse_instant(value)
        except ValueError:
            self.fail(f"'{value}' is no moment: write 2026-03-02 or 2026-03-02T15:00:00Z", param, ctx)


def format_option(function: Any) -> Any:
    """``--format text|json``: for a reader, or the same as data for a program."""
    return click.option(
        "--format",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="How to write it.",
    )(function)


def echo_json(data: Any) -> None:
    """The data on standard output as one JSON document."""
    import orjson

    click.echo(orjson.dumps(data, option=orjson.OPT_INDENT_2).decode())
