"""Where in a file a finding stands, in a reader's words: "step 'x' of campaign 'y'"."""

from __future__ import annotations

from dataclasses import dataclass

from engine.located import Located

#: key of a list -> keys that name its elements, and what a reader calls them
_ELEMENTS = {
    "cadence": {"step": "step"},
    "triggers": {"trigger": "trigger"},
    "segments": {"segment": "segment"},
    "incentives": {"offer": "offer"},
    "sources": {"source": "source", "events": "source"},
    "cases": {"it": "case"},
}


@dataclass(frozen=True, slots=True)
class Place:
    """Lines of a file and what they are."""

    first: int
    last: int
    label: str


def places(root: Located) -> list[Place]:
    """Named elements of a file, outer ones first."""
    campaign = root.text("campaign")
    return _below(root, f" of campaign '{campaign}'" if campaign else "")


def context_at(found: list[Place], line: int) -> str:
    """The innermost element that stands at a line; empty for the file as a whole, which names itself."""
    around = [place for place in found if place.first <= line <= place.last]
    return min(around, key=lambda place: place.last - place.first).label if around else ""


def _below(node: Located, suffix: str) -> list[Place]:
    found: list[Place] = []
    for key, listed in node.items():
        names = _ELEMENTS.get(key, {})
        for element in listed if names else ():
            label = next(
                (f"{names[name]} '{_short(element.text(name))}'" for name in names if element.text(name)), ""
            )
            if label and element.keys:
                first = min(span.line for span in element.keys.values())
                found.append(Place(first, _last_line(element), label + suffix))
            found += _below(element, suffix)
    return found


def _short(name: str | None) -> str:
    return name if name is not None and len(name) <= 60 else f"{str(name)[:57]}..."


def _last_line(node: Located) -> int:
    lines = [node.span.line, *(span.line for span in node.keys.values())]
    lines += [_last_line(child) for child in (*(value for _, value in node.items()), *node)]
    return max(lines)
