"""A graph as a Mermaid flowchart: what GitHub, GitLab and most editors draw from text."""

from __future__ import annotations

from itertools import groupby

from engine.graph import Graph, Node, NodeKind

#: what encloses a label, by kind of node
_SHAPES = {
    NodeKind.START: ("([", "])"),
    NodeKind.COHORT: ("{{", "}}"),
    NodeKind.ASLEEP: ("(", ")"),
    NodeKind.SEND: ("[", "]"),
    NodeKind.WAIT: ("(", ")"),
    NodeKind.CHOOSE: ("{", "}"),
    NodeKind.REVIEW: ("[/", "/]"),
    NodeKind.EVENT: (">", "]"),
    NodeKind.STATE: ("(", ")"),
    NodeKind.END: ("([", "])"),
}

#: characters that would end a label or be read as markup, as Mermaid's entity codes
_ENTITIES = str.maketrans(
    {"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "&": "#amp;", "`": "#96;", "\\": "#92;"}
)


def render(graph: Graph) -> str:
    """The graph as Mermaid text, ending in a newline."""
    lines = ["flowchart TD"]
    for track, nodes in groupby(graph.nodes, key=lambda n: n.track):
        lines += _group(track, list(nodes))
    lines += [f"    {_id(e.start)} -->{_label(e.label)} {_id(e.end)}" for e in graph.edges]
    return "\n".join(lines) + "\n"


def _group(track: str | None, nodes: list[Node]) -> list[str]:
    drawn = [f"    {_node(node)}" for node in nodes]
    if track is None:
        return drawn
    return [f'    subgraph track_{_id(track)} ["{_escaped(track)}"]', *(f"    {d}" for d in drawn), "    end"]


def _node(node: Node) -> str:
    opening, closing = _SHAPES[node.kind]
    text = "<br/>".join(_escaped(line) for line in node.lines)
    return f'{_id(node.id)}{opening}"{text}"{closing}'


def _label(text: str) -> str:
    return f'|"{_escaped(text)}"|' if text else ""


def _escaped(text: str) -> str:
    return " ".join(text.split()).translate(_ENTITIES)


def _id(name: str) -> str:
    """A name Mermaid takes for an identifier: ``end`` alone would close a subgraph."""
    return "n_" + name.replace(".", "__").replace("-", "_")
