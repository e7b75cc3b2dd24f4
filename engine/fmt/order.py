"""Keys in the order in which the schemas list them, where their order says nothing.

A table stays as it is: conditions, and whatever lists fields or channels, stand in an order of the author's. So do
cohorts, of which the first that fits counts, and keys the schema does not know, which stay behind their neighbour.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import schemas
from engine.fmt.tree import Alias, Collection, Entry, nodes

Schema = Mapping[str, Any]

#: by its first key, what stands before the rest of a mapping: whom a step is for, how much an offer is, what goes out
_FIRST: dict[str, tuple[str, ...]] = {
    "step": ("step", "at", "for", "if", "unless"),
    "offer": ("offer", "kind", "percent", "amount", "of_contract"),
    "at": ("at", "step", "channel", "variant", "template", "offer"),
}


@dataclass(frozen=True, slots=True)
class Shape:
    """What the schema says of a value: the alternatives, without references."""

    definitions: Schema
    alternatives: tuple[Schema, ...]

    @classmethod
    def of(cls, keys: Iterable[str]) -> Shape:
        """Of a file, by the key that says what it is; nothing is known of a file without one."""
        kind = next((key for key in keys if key in schemas.KINDS), None)
        if kind is None:
            return cls({}, ())
        schema = schemas.load(kind)
        return cls(schema.get("definitions", {}), (schema,))

    def key(self, name: str, beside: Iterable[str]) -> Shape:
        """Of the value of a key of a mapping; ``beside``: all its keys."""
        picked = self._picked(beside)
        found = picked.get("properties", {}).get(name) or picked.get("additionalProperties")
        return self._below(found)

    def element(self) -> Shape:
        """Of an element of a list."""
        return self._below(next((found["items"] for found in self.alternatives if "items" in found), None))

    def arranged(self, keys: list[str]) -> list[str]:
        """The keys of a mapping in their order."""
        picked = self._picked(keys)
        listed = list(picked.get("properties", ()))
        if _is_table(picked) or not listed:
            return keys
        first = [name for name in _FIRST.get(listed[0], ()) if name in listed]
        rank = {name: number for number, name in enumerate(dict.fromkeys((*first, *listed)))}
        runs: list[list[str]] = []
        for key in keys:
            if key in rank or not runs:
                runs.append([key])
            else:
                runs[-1].append(key)
        return [key for run in sorted(runs, key=lambda run: rank.get(run[0], -1)) for key in run]

    def _picked(self, keys: Iterable[str]) -> Schema:
        """The alternative with most of the keys."""
        keys = list(keys)
        known = [sum(key in found.get("properties", ()) for key in keys) for found in self.alternatives]
        return self.alternatives[known.index(max(known))] if known else {}

    def _below(self, schema: object) -> Shape:
        return Shape(self.definitions, tuple(self._resolved(schema)) if isinstance(schema, dict) else ())

    def _resolved(self, schema: Schema) -> Iterable[Schema]:
        while "$ref" in schema:
            schema = self.definitions[schema["$ref"].rsplit("/", 1)[1]]
        inner = [*schema.get("anyOf", ()), *(s for s in schema.get("oneOf", ()) if set(s) != {"required"})]
        if not inner or "properties" in schema:
            yield schema
        for alternative in inner:
            yield from self._resolved(alternative)


def arrange(collection: Collection, shape: Shape) -> None:
    """Put the keys of a mapping, and of all below it, in order; where an alias would come before the value it stands
    for, they stay as they are."""
    keys = [entry.key.value for entry in collection.entries if entry.key is not None]
    if collection.is_map:
        order = shape.arranged(keys)
        by_key = dict(zip(keys, collection.entries, strict=True))
        arranged = [by_key[key] for key in order]
        if order != keys and _bindings(arranged) == _bindings(collection.entries):
            _reorder(collection, arranged)
    for entry in collection.entries:
        if isinstance(entry.value, Collection):
            inner = shape.element() if entry.key is None else shape.key(entry.key.value, keys)
            arrange(entry.value, inner)


def _reorder(collection: Collection, arranged: list[Entry]) -> None:
    """What stands above the first key of a file, or of an element, is about the whole, and stays on top."""
    whole = collection.owner is None or collection.owner.key is None
    head = collection.entries[0].above if whole else []
    collection.entries[0].above = collection.entries[0].above[len(head) :]
    collection.entries[:] = arranged
    arranged[0].above = head + arranged[0].above


def _is_table(schema: Schema) -> bool:
    """Does it list channels, or fields of a person?"""
    return "email" in schema.get("properties", ()) and not schema.get("required")


def _bindings(entries: list[Entry]) -> tuple[dict[int, int | None], dict[str, int]]:
    """Which value each alias stands for (None: one from above), and each anchor's last value."""
    named: dict[str, int] = {}
    found: dict[int, int | None] = {}
    for node in (node for entry in entries for node in nodes(entry.value)):
        if isinstance(node, Alias):
            found[id(node)] = named.get(node.name)
        if node.anchor:
            named[node.anchor] = id(node)
    return found, named
