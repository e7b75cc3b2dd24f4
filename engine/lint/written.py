"""What a campaign's parts look like as they were written: where findings about the compiled ones are aimed."""

from __future__ import annotations

from collections.abc import Iterator

from engine.located import Located, Span


def steps(root: Located) -> Iterator[Located]:
    """Every step of a campaign, those of its triggers too."""
    yield from root["cadence"]
    for trigger in root.get("triggers") or ():
        yield from trigger["cadence"]


def step_named(root: Located, name: str) -> Located:
    """The step of that id. Names of steps are unique in a campaign."""
    return next(step for step in steps(root) if step.text("step") == name)


def conditions(root: Located) -> Iterator[Located]:
    """Every predicate of a campaign or of segments.yaml, in the order of its kind."""
    for row in root.get("segments") or ():
        yield row["where"]
    if "cadence" in root:
        yield from _of_campaign(root)


def _of_campaign(root: Located) -> Iterator[Located]:
    cohorts = root.get("cohorts")
    places = [(root["audience"], "where"), *((exit_, "where") for exit_ in root.get("exit") or ())]
    for step in steps(root):
        places += [(step, "if"), (step, "unless"), *((branch, "if") for branch in step.get("choose") or ())]
    yield from (node for _, node in (cohorts.items() if cohorts else ()) if not isinstance(node.value, str))
    yield from (found for node, key in places if (found := node.get(key)) is not None)


def compared(predicate: Located) -> Iterator[tuple[str, Span, Located]]:
    """Every field that a predicate compares, the place of its name, and what it is compared with."""
    for part in predicate:
        yield from compared(part)
    for key, value in predicate.items():
        if key in ("any", "all", "not"):
            yield from compared(value)
        elif key not in ("event", "note"):
            yield key, predicate.key(key), value
