"""``rekindle graph``: a campaign, or the lives behind every campaign, as a picture."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from engine.cli.context import CliContext
from engine.errors import UnknownName

if TYPE_CHECKING:
    from engine.graph import Graph


@click.command("graph")
@click.argument("campaign", required=False)
@click.option("--lives", is_flag=True, help="Draw the life of an enrolment and of a touch instead.")
@click.option(
    "--format",
    type=click.Choice(["mermaid", "json"]),
    default="mermaid",
    show_default=True,
    help="How to write it.",
)
@click.pass_obj
def command(obj: CliContext, campaign: str | None, lives: bool, format: str) -> None:
    """Draw CAMPAIGN: cohorts, steps, branches, triggers and every way out.

    Paste the Mermaid text between ```mermaid fences in a pull request, an issue or a Markdown file.
    """
    from engine import graph

    if lives == (campaign is not None):
        raise click.UsageError("Name a campaign, or say --lives.")
    graphs = graph.of_lives() if campaign is None else (_campaign_graph(obj, campaign),)
    click.echo(_written(graphs, format), nl=False)


def _campaign_graph(obj: CliContext, name: str) -> Graph:
    from engine.campaign_graph import graph_of
    from engine.compile import load_project

    project = load_project(obj.require_project()).require()
    if name not in project.campaigns:
        known = ", ".join(sorted(project.campaigns))
        raise UnknownName(f"there is no campaign '{name}' in {obj.project_dir}", hint=f"There are: {known}")
    return graph_of(project.campaigns[name], project.currency)


def _written(graphs: tuple[Graph, ...], format: str) -> str:
    if format == "json":
        import orjson

        document = {"format_version": 1, "graphs": [asdict(g) for g in graphs]}
        return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n"
    from engine.cli.output import mermaid

    return "\n".join(mermaid.render(g) for g in graphs)
