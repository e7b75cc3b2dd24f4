"""``rekindle tasks``: what waits for a human, and how it ended."""

from __future__ import annotations

from typing import Any

import click

from engine.cli.context import CliContext
from engine.cli.letters import sign
from engine.cli.params import Instant, echo_json, format_option
from engine.cli.task_files import export, import_


class _Disposition(click.ParamType[Any]):
    """A code of engine.dispositions, imported only when one is given."""

    name = "code"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from engine.dispositions import DISPOSITIONS

        if value not in DISPOSITIONS:
            self.fail(f"there is no disposition '{value}'. There are: {', '.join(DISPOSITIONS)}", param, ctx)
        return str(value)


@click.group("tasks")
def command() -> None:
    """Work for humans: LinkedIn notes, calls, reviews, call-backs."""


command.add_command(sign)
command.add_command(export)
command.add_command(import_)


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
    from engine.tasks import shown

    with obj.open(tolerant=True) as app:
        found = shown(app, ref)
    if format == "json":
        echo_json(found)
        return
    from engine.cli.output.tasks import render_one

    obj.show(render_one(found))


@command.command("done")
@click.argument("ref")
@click.argument("code", required=False, type=_Disposition())
@click.option("--disposition", type=_Disposition(), hidden=True)
@click.option("--at", type=Instant(), metavar="MOMENT", help="Not done yet: when to try again.")
@click.option("--reason", metavar="REASON", help="Why they left, in a word: kept on the person.")
@click.option("--because", metavar="WORDS", help="Why they left, in their own words.")
@click.option("--comment", help="A word for whoever looks later.")
@format_option
@click.pass_context
def done(
    ctx: click.Context, ref: str, code: str | None, disposition: str | None, at: int | None, reason: str | None,
    because: str | None, comment: str | None, format: str,
) -> None:  # fmt: skip
    """Close a task under CODE: the person was reached, or not, and what they said.

    Without CODE it shows the codes that fit, and what each does.
    """
    obj: CliContext = ctx.obj
    chosen = code or disposition
    if chosen is None:
        _offer(obj, ref)
        ctx.exit(2)
    _close(obj, ref, chosen, format, comment=comment, reason=reason, words=because, at=at)


def _offer(obj: CliContext, ref: str) -> None:
    from engine.cli.output.tasks import render_ways
    from engine.tasks import shown

    with obj.open(tolerant=True) as app:
        task = shown(app, ref)["task"]
    obj.show(render_ways(task))


@command.command("decline")
@click.argument("ref")
@click.option("--comment", help="Why not.")
@format_option
@click.pass_obj
def decline(obj: CliContext, ref: str, comment: str | None, format: str) -> None:
    """Close a task that will not be done; a review that is declined ends the person's round."""
    _close(obj, ref, None, format, comment=comment)


def _close(
    obj: CliContext, ref: str, code: str | None, format: str, *, comment: str | None, reason: str | None = None,
    words: str | None = None, at: int | None = None,
) -> None:  # fmt: skip
    """Close it, or put it off; without a code it is declined, as its kind is."""
    from engine.task_outcomes import Outcome
    from engine.tasks import conclude, shown

    with obj.open(tolerant=True) as app:
        task = shown(app, ref)["task"]
        chosen = code or ("rejected" if task["kind"] == "review" else "declined")
        outcome = Outcome(ref=task["ref"], code=chosen, comment=comment, reason=reason, words=words, at=at)
        refused = conclude(app, outcome).refused
        found = shown(app, task["ref"])
    if format == "json":
        echo_json({**found, "refused": list(refused)})
        return
    from engine.cli.output.tasks import told_closed

    click.echo(told_closed(found["task"], refused))
