"""``rekindle tasks``: what waits for a human, and how it ended."""

from __future__ import annotations

from typing import Any

import click

from engine.cli.context import CliContext
from engine.cli.letters import sign
from engine.cli.params import echo_json, format_option


class _Disposition(click.ParamType[Any]):
    """A code of engine.tasks.DISPOSITIONS, imported only when one is given."""

    name = "code"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from engine.tasks import DISPOSITIONS

        if value not in DISPOSITIONS:
            self.fail(f"there is no disposition '{value}'. There are: {', '.join(DISPOSITIONS)}", param, ctx)
        return str(value)


@click.group("tasks")
def command() -> None:
    """Work for humans: LinkedIn notes, calls, reviews, call-backs."""


command.add_command(sign)


@command.command("list")
@click.option("--owner", metavar="EMAIL", help="Of this owner only.")
@click.option("--kind", metavar="KIND", help="Of this kind only: linkedin, phone, review, call_back ...")
@click.option("--all", "every", is_flag=True, help="Closed ones too.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many.")
@format_option
@click.pass_obj
def list_(obj: CliContext, owner: str | None, kind: str | None, every: bool, limit: int, format: str) -> None:
    """What is open, the soonest due first."""
    from engine.tasks import listed

    with obj.open(tolerant=True) as app:
        found = listed(app, state=None if every else "open", owner=owner, kind=kind, limit=limit)
    if format == "json":
        echo_json(found)
        return
    from engine.cli.output.tasks import render_list

    obj.show(render_list(found, "tasks" if every else "open tasks"))


@command.command("show")
@click.argument("ref")
@format_option
@click.pass_obj
def show(obj: CliContext, ref: str, format: str) -> None:
    """One task: whom it is about, what to say, and how to close it."""
    from engine.tasks import fitting, shown

    with obj.open(tolerant=True) as app:
        found = shown(app, ref)
    if format == "json":
        echo_json(found)
        return
    from engine.cli.output.tasks import render_one

    obj.show(render_one(found, {code: d.means for code, d in fitting(found["task"]["kind"]).items()}))


@command.command("done")
@click.argument("ref")
@click.option(
    "--disposition", type=_Disposition(), required=True, help="How it ended: 'tasks show' lists them."
)
@click.option("--comment", help="A word for whoever looks later.")
@format_option
@click.pass_obj
def done(obj: CliContext, ref: str, disposition: str, comment: str | None, format: str) -> None:
    """Close a task: the person was reached, or not, and what they said."""
    _close(obj, ref, disposition, comment, format)


@command.command("decline")
@click.argument("ref")
@click.option("--comment", help="Why not.")
@format_option
@click.pass_obj
def decline(obj: CliContext, ref: str, comment: str | None, format: str) -> None:
    """Close a task that will not be done; a review that is declined ends the person's round."""
    _close(obj, ref, None, comment, format)


def _close(obj: CliContext, ref: str, disposition: str | None, comment: str | None, format: str) -> None:
    """Close it; without a disposition it is declined, as its kind is."""
    from engine.tasks import close, shown

    with obj.open(tolerant=True) as app:
        task = shown(app, ref)["task"]
        code = disposition or ("rejected" if task["kind"] == "review" else "declined")
        close(app, task["ref"], code, comment)
        found = shown(app, task["ref"])
    if format == "json":
        echo_json(found)
    else:
        click.echo(f"{task['kind']} task {task['ref']} is closed as {code}")
