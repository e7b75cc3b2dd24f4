"""``rekindle rule``: one rule, what it asks for, and a bad and a good example."""

from __future__ import annotations

import sys

import click

from engine.cli.context import CliContext
from engine.cli.params import echo_json, format_option


@click.command("rule")
@click.argument("code")
@format_option
@click.pass_obj
def command(obj: CliContext, code: str, format: str) -> None:
    """What the rule CODE asks for and why, with a bad and a good example.

    CODE is what stands in a finding, RK402, in small letters or large. Into a pipe or a file it is written as
    Markdown.
    """
    from engine.cli.output.rules import page_data, render_page
    from engine.rule_pages import find_rule, read_page

    page = read_page(find_rule(code))
    if format == "json":
        echo_json({"format_version": 1, "rule": page_data(page)})
    elif obj.color or sys.stdout.isatty():
        obj.show(render_page(page))
    else:
        click.echo(page.text, nl=False)
