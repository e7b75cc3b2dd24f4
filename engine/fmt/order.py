"""Keys in the order in which the schemas list them, where their order says nothing.

A table stays as it is: conditions, and whatever lists fields or channels, stand in an order of the author's. So do
cohorts, of which the first that fits counts, and keys the schema does not know, which stay behind their neighbour.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import schemas
from engine.fmt.tree import Alias, Collection, Entry, is_waiver, nodes

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

    def mapping(self, keys: Sequence[str]) -> MappingShape:
        """Of a mapping with these keys: the alternative that has most of them."""
        known = [sum(key in found.get("properties", ()) for key in keys) for found in self.alternatives]
        return MappingShape(self.definitions, self.alternatives[known.index(max(known))] if known else {})

    def element(self) -> Shape:
        """Of an element of a list."""
        found = next((found["items"] for found in self.alternatives if "items" in found), None)
        return _shape(self.definitions, found)


@dataclass(frozen=True, slots=True)
class MappingShape:
    """What the schema says of a mapping."""

    definitions: Schema
    schema: Schema

    def key(self, name: str) -> Shape:
        """Of the value of a key."""
        found = self.schema.get("properties", {}).get(name) or self.schema.get("additionalProperties")
        return _shape(self.definitions, found)

    def arranged(self, keys: list[str]) -> list[str]:
        """The keys in their order."""
        listed = list(self.schema.get("properties", ()))
        if not listed or _is_table(self.schema):
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


def _shape(definitions: Schema, schema: object) -> Shape:
    return Shape(definitions, tuple(_resolved(definitions, schema)) if isinstance(schema, dict) else ())


def _resolved(definitions: Schema, schema: Schema) -> Iterator[Schema]:
    while "$ref" in schema:
        schema = definitions[schema["$ref"].rsplit("/", 1)[1]]
    inner = [*schema.get("anyOf", ()), *(s for s in schema.get("oneOf", ()) if set(s) != {"required"})]
    if not inner or "properties" in schema:
        yield schema
    for alternative in inner:
        yield from _resolved(definitions, alternative)


def arrange(collection: Collection, shape: Shape) -> None:
    """Put the keys of a mapping, and of all below it, in order; where an alias would come before the value it stands
    for, they stay as they are."""
    keys = [entry.key.value for entry in collection.entries if entry.key is not None]
    mapping = shape.mapping(keys)
    if collection.is_map:
        order = mapping.arranged(keys)
        by_key = dict(zip(keys, collection.entries, strict=True))
        arranged = [by_key[key] for key in order]
        if order != keys and _bindings(arranged) == _bindings(collection.entries):
            _reorder(collection, arranged)
    for entry in collection.entries:
        if isinstance(entry.value, Collection):
            arrange(entry.value, shape.element() if entry.key is None else mapping.key(entry.key.value))


def _reorder(collection: Collection, arranged: list[Entry]) -> None:
    """What stands above the first key of a file, or of an element, is about the whole and stays on top; but a waiver
    is for the line below it."""
    first, owner = collection.entries[0], collection.owner
    collection.entries[:] = arranged
    if arranged[0] is first or (owner is not None and owner.key is not None):
        return
    above = [*(owner.above if owner else ()), *first.above]
    whole = [text for text in above if not is_waiver(text)]
    first.above = [text for text in above if is_waiver(text)]
    if owner is not None:
        owner.above = whole
    else:
        arranged[0].above = whole + arranged[0].above


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
