"""``rekindle graph``: what is drawn is what the core would do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.campaign_graph import graph_of
from engine.cli import main
from engine.cli.init import project_files
from engine.cli.output import mermaid
from engine.clock import SystemClock
from engine.compile import load_project
from engine.flow import ENROLMENT, TOUCH
from engine.graph import Edge, Graph, Node, NodeKind, of_lives

Draw = Callable[[str], Graph]


@pytest.fixture
def draw(tmp_path: Path) -> Draw:
    """The graph of the starter's campaign with another timeline."""

    def graph(timeline: str) -> Graph:
        texts = project_files("acme", SystemClock())
        head = texts["come_back.yaml"].split("cohorts:")[0]
        texts = {k: v for k, v in texts.items() if not k.startswith("tests/")}
        texts["rekindle.yaml"] = texts["rekindle.yaml"].replace("events: [", "events: [feature_shipped, ")
        for path, text in {**texts, "come_back.yaml": head + timeline}.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text, encoding="utf-8")
        project = load_project(tmp_path).require()
        return graph_of(project.campaigns["come_back"], project.currency)

    return graph


def arrows(graph: Graph, start: str) -> dict[str, str]:
    """Where the arrows of a box lead, with their labels."""
    return {edge.end: edge.label for edge in graph.edges if edge.start == start}


COHORTS = """cohorts:
  fresh: {churned_at: {newer_than: 90d}}
  older: everyone
"""
EMAIL = "email: come_back/what_changed"


def test_each_cohort_has_its_own_way(draw: Draw) -> None:
    graph = draw(
        COHORTS
        + f"cadence:\n  - {{step: one, at: 0d, {EMAIL}}}\n"
        + f"  - {{step: two, at: 7d, for: fresh, {EMAIL}}}\n"
        + f"  - {{step: three, at: 9d, {EMAIL}}}\nthen: {{park: 30d}}\n"
    )
    assert arrows(graph, "audience") == {"cohort_fresh": "", "cohort_older": ""}
    assert arrows(graph, "main.one") == {"main.two": "fresh", "main.three": "older"}
    assert arrows(graph, "main.two") == {"main.three": ""}
    assert arrows(graph, "main.three") == {"after": ""}
    assert arrows(graph, "after") == {"end_completed": ""}


def test_branches_lead_to_their_targets(draw: Draw) -> None:
    graph = draw(
        "cadence:\n  - {step: fork, at: 0d, choose: [{if: {churn_reason: price}, go: b}, {else: c}]}\n"
        + f"  - {{step: b, at: 1d, {EMAIL}}}\n  - {{step: c, at: 2d, {EMAIL}}}\n"
    )
    assert arrows(graph, "main.fork") == {"main.b": "churn_reason is price", "main.c": "else"}
    assert arrows(graph, "main.c") == {"end_completed": ""}


def test_a_review_can_be_declined(draw: Draw) -> None:
    graph = draw(
        'cadence:\n  - {step: look, at: 0d, review: {task: "Read it", up_to: 5d}}\n'
        + f"  - {{step: b, at: 1d, {EMAIL}}}\n"
    )
    ways = {"main.b": "approved", "end_withdrawn": "declined", "end_expired": "no answer in time"}
    assert arrows(graph, "main.look") == ways


def test_a_repeat_goes_back_to_the_start_and_a_trigger_in_between(draw: Draw) -> None:
    graph = draw(
        "cohorts:\n  awake: {churned_at: {newer_than: 90d}}\n  asleep: park until feature_shipped\n"
        + f"cadence:\n  - {{step: one, at: 0d, for: awake, {EMAIL}}}\n"
        + "triggers:\n  - trigger: shipped\n    event: feature_shipped\n    match: {feature: churn_reason}\n"
        + f"    cadence:\n      - {{step: here, at: 0d, {EMAIL}}}\nthen: {{repeat: 90d}}\n"
    )
    assert arrows(graph, "cohort_asleep") == {"trigger_shipped": "feature_shipped"}
    assert arrows(graph, "trigger_shipped") == {"shipped.here": ""}
    assert arrows(graph, "shipped.here") == {"after": ""}
    assert arrows(graph, "after") == {"main.one": ""}
    assert arrows(graph, "any_time")["trigger_shipped"] == ""


def test_every_arrow_has_two_boxes(draw: Draw) -> None:
    for campaign in load_project(Path(__file__).parents[2] / "campaigns").require().campaigns.values():
        graph = graph_of(campaign, "USD")
        boxes = {node.id for node in graph.nodes}
        assert {end for edge in graph.edges for end in (edge.start, edge.end)} <= boxes
        assert boxes - {edge.end for edge in graph.edges} == {"audience", "any_time"}


def test_the_lives_are_the_engines_own_tables() -> None:
    enrolment, touch = of_lives()
    assert {(e.start, e.end) for e in enrolment.edges} == {(s, t) for (s, _), t in ENROLMENT.items()}
    assert {(e.start, e.end) for e in touch.edges} == {(s or "new", t) for (s, _), t in TOUCH.items()}


def test_mermaid_takes_no_label_for_markup() -> None:
    nasty = 'a "quoted" <b>end</b> #1 `x`\n  next & last'
    graph = Graph(
        title="t",
        nodes=(Node(id="end", kind=NodeKind.SEND, lines=(nasty, "two")),),
        edges=(Edge(start="end", end="end", label=nasty),),
    )
    text = mermaid.render(graph)
    for label in re.findall(r'"([^"]*)"', text):
        assert not re.search(r"[<>`\n]", label.replace("<br/>", ""))
    assert text.count('"') == 4
    assert not re.search(r"\bend\b(?=[\[ ])", text.split("flowchart TD")[1].replace("n_end", ""))


def test_the_command_draws_a_shipped_campaign() -> None:
    campaigns = str(Path(__file__).parents[2] / "campaigns")
    drawn = CliRunner().invoke(main, ["--project", campaigns, "graph", "no_show"])
    assert drawn.exit_code == 0
    assert drawn.stdout.startswith("flowchart TD\n")
    as_json = CliRunner().invoke(main, ["--project", campaigns, "graph", "no_show", "--format", "json"])
    document = json.loads(as_json.stdout)
    assert (document["format_version"], document["graphs"][0]["title"]) == (1, "no_show")


def test_an_unknown_campaign_is_named_with_those_there_are() -> None:
    campaigns = str(Path(__file__).parents[2] / "campaigns")
    result = CliRunner().invoke(main, ["--project", campaigns, "graph", "noshow"])
    assert result.exit_code == 1
    assert "no campaign 'noshow'" in result.stderr
    assert "no_show" in result.stderr


@pytest.mark.parametrize("words", [["graph"], ["graph", "no_show", "--lives"]])
def test_a_campaign_or_the_lives_but_not_both(words: list[str]) -> None:
    assert CliRunner().invoke(main, words).exit_code == 2
