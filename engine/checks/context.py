"""Where in a file a finding stands, in a reader's words: "step 'x' of campaign 'y'"."""

from __future__ import annotations

from dataclasses import dataclass

from engine.located import Located

#: first keys that name a mapping, from the outside in
_NAMING = ("campaign", "trigger", "step", "segment", "offer", "source", "events", "tests", "it")
_CALLED = {"events": "source", "it": "case"}


@dataclass(frozen=True, slots=True)
class Place:
    """Lines of a file and what they are."""

    first: int
    last: int
    label: str


def places(root: Located, outer: str = "") -> list[Place]:
    """Named mappings of a file, outer ones first."""
    found: list[Place] = []
    label = _label(root)
    if label and root.keys:
        name = f"{label} of {outer}" if outer and label.startswith(("step", "trigger")) else label
        first = min(span.line for span in root.keys.values())
        found.append(Place(first, _last_line(root), name))
        outer = outer or (label if label.startswith("campaign") else "")
    for child in (*(value for _, value in root.items()), *root):
        found += places(child, outer)
    return found


def context_at(found: list[Place], line: int) -> str:
    """What stands at a line; empty for the file as a whole, which names itself."""
    inner = [place for place in found[1:] if place.first <= line <= place.last]
    return min(inner, key=lambda place: place.last - place.first).label if inner else ""


def _label(node: Located) -> str:
    for key in _NAMING:
        name = node.text(key)
        if name is not None:
            return f"{_CALLED.get(key, key)} '{name if len(name) <= 60 else name[:57] + '...'}'"
    return ""


def _last_line(node: Located) -> int:
    lines = [node.span.line, *(span.line for span in node.keys.values())]
    lines += [_last_line(child) for child in (*(value for _, value in node.items()), *node)]
    return max(lines)
