"""Write docs/reference/<kind>.md, every key of the language, from the schemas: ``make docs``. A test holds that."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

import schemas
from scripts.schema_keys import TYPE, Place, Schema, inside

FOLDER = Path(__file__).parents[1] / "docs" / "reference"

_FILES = {
    "project": "`rekindle.yaml`",
    "segments": "`segments.yaml`",
    "incentives": "`incentives.yaml`",
    "campaign": "one file for each campaign, `<campaign>.yaml`",
    "tests": "`tests/<campaign>.yaml`",
}
_PLAIN = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "`true` or `false`",
    "null": "nothing",
    "object": "a mapping",
}
_COLUMNS = ("| key | takes | meaning | example |", "| --- | --- | --- | --- |")


def page(kind: str) -> Path:
    """Where the page of a kind of file is."""
    return FOLDER / f"{kind}.md"


def render(kind: str) -> str:
    """The page of a kind of file."""
    schema = schemas.load(kind)
    parts = [
        f"# Reference: {kind}\n",
        f"Written by `make docs` from schemas/{kind}.schema.json; a test fails when it is not current.\n",
        f"{schema['description']} The file: {_FILES[kind]}. [The language](../language.md#{_CHAPTERS[kind]}) tells it "
        "with whole examples. What a key takes is explained under [types](#types).\n",
    ]
    keys = [place for place in inside(schema, "") if place.path in schema["properties"] and place.is_key]
    parts += ["## Keys\n", *_table(keys, schema)]
    for key in keys:
        below = list(_table(list(inside(key.node, key.path)), schema))
        parts += [f"### In {key.path}\n", *below] if below else []
    parts.append("## Types\n")
    for name, node in schema["definitions"].items():
        parts += _type(name, node, schema)
    return "\n".join(parts)


_CHAPTERS = {
    "project": "the-project",
    "segments": "segments",
    "incentives": "incentives",
    "campaign": "a-campaign",
    "tests": "tests",
}


def _type(name: str, node: Schema, schema: Schema) -> Iterator[str]:
    path = f"{TYPE}.{name}"
    yield f'### <a id="{path}"></a>{node.get("title", name.replace("_", " "))}\n'
    yield f"{_meaning(node)}\n"
    facts = [f"Takes {_takes(node)}." if "properties" not in node else "", _pattern(node)]
    shown = ", ".join(_examples(node))
    facts.append(f"For example {shown}." if shown else "")
    yield " ".join(fact for fact in facts if fact) + "\n"
    yield from _table(list(inside(node, path)), schema)


def _pattern(node: Schema) -> str:
    return f"Its pattern: `{node['pattern']}`." if "pattern" in node else ""


def _table(places: list[Place], schema: Schema) -> Iterator[str]:
    """The keys among the places, one a row; alternatives may have a key in common, and it has one row."""
    rows: dict[str, Place] = {}
    for place in places:
        if place.is_key:
            rows.setdefault(place.anchor, place)
    if rows:
        yield from _COLUMNS
        yield from (_row(place, schema) for place in rows.values())
        yield ""


def _row(place: Place, schema: Schema) -> str:
    node = place.node
    key = f'<a id="{place.anchor}"></a>`{place.path.removeprefix(f"{TYPE}.")}`'
    target = _target(node, schema)
    takes = _takes(node) + (", required" if place.required else "")
    examples = _examples(node) or _examples(target)
    meaning = _meaning(node if "description" in node else {**node, "description": target["description"]})
    cells = [key, takes, meaning, "<br>".join(examples[:2])]
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


def _target(node: Schema, schema: Schema) -> Schema:
    while "$ref" in node:
        node = schema["definitions"][node["$ref"].rsplit("/", 1)[1]]
    return node


def _meaning(node: Schema) -> str:
    parts = [node["description"].replace("<", "&lt;").replace("{{", "`{{").replace("}}", "}}`")]
    if "default" in node:
        parts.append(f"When not said: {_code(node['default'])}.")
    told = " ".join(parts)
    values = zip(node.get("enum", ()), node.get("enumDescriptions", ()), strict=True)
    return "<br>".join([told, *(f"`{value}`: {words}" for value, words in values)])


def _takes(node: Schema) -> str:
    """What can be written, in words."""
    if "$ref" in node:
        name = node["$ref"].rsplit("/", 1)[1]
        return f"[{name.replace('_', ' ')}](#{TYPE}.{name})"
    if "anyOf" in node:
        return ", or ".join(dict.fromkeys(_takes(alternative) for alternative in node["anyOf"]))
    if "enum" in node:
        return "one of the listed" if len(node["enum"]) > 1 else f"`{node['enum'][0]}`"
    if node.get("type") == "array" and "enum" in node["items"]:
        return f"a list of {' '.join(map(_code, node['items']['enum']))}"
    if node.get("type") == "array":
        return f"a list of {_takes(node['items'])}".replace("of a mapping", "of mappings")
    kinds = node["type"] if isinstance(node["type"], list) else [node["type"]]
    return ", or ".join(_PLAIN[kind] for kind in kinds) + _bounds(node)


def _bounds(node: Schema) -> str:
    if "minimum" not in node:
        return ""
    return (
        f" from {node['minimum']} to {node['maximum']}"
        if "maximum" in node
        else f" of {node['minimum']} or more"
    )


def _examples(node: Schema) -> list[str]:
    return [_code(example) for example in [*node.get("examples", ()), *node.get("x-examples", ())]]


def _code(value: Any) -> str:
    """A value as it would stand on one line of a file."""
    if isinstance(value, dict | list):
        text = yaml.safe_dump(
            value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10_000
        )
        return f"`{text.strip()}`"
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for kind in schemas.KINDS:
        page(kind).write_text(render(kind), encoding="utf-8")
