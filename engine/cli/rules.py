"""``rekindle rules``: every rule, family by family."""

from __future__ import annotations

from typing import Any

import click

from engine.cli.context import CliContext
from engine.cli.params import echo_json, format_option


class Family(click.ParamType[Any]):
    """A family of rules by its digit, its name, or a word of its name; handed over as its name."""

    name = "family"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from engine.rules import FAMILIES

        word = str(value).strip().lower()
        fitting = [name for digit, name in FAMILIES.items() if word in (digit, name)]
        fitting = fitting or [name for name in FAMILIES.values() if word in name.split()]
        if len(fitting) != 1:
            listed = ", ".join(f"{digit} {name}" for digit, name in FAMILIES.items())
            self.fail(f"'{value}' is none. The families: {listed}", param, ctx)
        return fitting[0]


@click.command("rules")
@click.option("--family", type=Family(), help="Only these: by first digit (4), or by a word (timing).")
@format_option
@click.pass_obj
def command(obj: CliContext, family: str | None, format: str) -> None:
    """Every rule that 'rekindle validate' holds a project to.

    An error fails the command. A warning does not; rekindle.yaml can raise it to an error, and most can be waived
    by a comment that says why. 'rekindle rule CODE' tells all about one.
    """
    from engine.rules import RULES

    found = [rule for rule in RULES.values() if family in (None, rule.family)]
    from engine.cli.output.rules import data, render_table

    if format == "json":
        echo_json({"format_version": 1, "rules": [data(rule) for rule in found]})
    else:
        obj.show(render_table(found))
