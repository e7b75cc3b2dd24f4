"""What editors show of the language: words, examples, defaults and the way to the reference at every key."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft7Validator

import schemas
from engine.flow import Reason
from engine.model import BUILT_IN, CHANNELS
from engine.verdict import HOLDS, SKIPS
from scripts import link_schemas
from scripts.schema_keys import Place, places, reference_url
from tests.language.support import load, small

Schema = dict[str, Any]


def _resolved(kind: str, node: Schema) -> Schema:
    """As an editor reads it: what stands beside a reference goes before what it leads to."""
    while "$ref" in node:
        target = schemas.load(kind)["definitions"][node["$ref"].rsplit("/", 1)[1]]
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    return node


def _places(kind: str) -> Iterator[tuple[Place, Schema]]:
    for place in places(schemas.load(kind)):
        yield place, _resolved(kind, place.node)


def _accepts(kind: str, node: Schema, value: Any) -> bool:
    return Draft7Validator({**node, "definitions": schemas.load(kind)["definitions"]}).is_valid(value)


@pytest.mark.parametrize("kind", schemas.KINDS)
def test_every_place_has_words_and_the_way_to_the_reference(kind: str) -> None:
    for place, node in _places(kind):
        assert node.get("description"), place.path
        anchor = place.anchor if "description" in place.node else place.node["$ref"].rsplit("/", 1)[1]
        assert reference_url(kind, anchor).partition("#")[2] in node["markdownDescription"], place.path


@pytest.mark.parametrize("kind", schemas.KINDS)
def test_every_key_has_an_example_that_it_accepts(kind: str) -> None:
    for place, node in _places(kind):
        examples = [*node.get("examples", ()), *node.get("x-examples", ())]
        assert examples or not place.is_key, place.path
        for example in [*examples, *([node["default"]] if "default" in node else [])]:
            assert _accepts(kind, place.node, example), (place.path, example)


def _holds_a_mapping(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(map(_holds_a_mapping, value)))


@pytest.mark.parametrize("kind", schemas.KINDS)
def test_what_editors_make_proposals_of_can_be_written_on_a_line(kind: str) -> None:
    for place, node in _places(kind):
        assert not _holds_a_mapping(node.get("examples", [])), place.path


@pytest.mark.parametrize("kind", schemas.KINDS)
def test_every_alternative_and_every_listed_value_is_named(kind: str) -> None:
    for place, node in _places(kind):
        for alternative in node.get("anyOf", ()):
            read = _resolved(kind, alternative)
            assert read.get("title") or "anyOf" in read, place.path
        if "enum" in node:
            assert len(node["enumDescriptions"]) == len(node["enum"]), place.path


@pytest.mark.parametrize("kind", schemas.KINDS)
def test_the_texts_for_editors_are_current(kind: str) -> None:
    assert link_schemas.schema_file(kind).read_text(encoding="utf-8") == link_schemas.render(kind), (
        "make docs"
    )


def _filled(body: Any) -> Any:
    """A snippet as it is when its user only presses the tab key."""
    chosen = re.sub(r"\$\{\d+\|([^,|]+)[^|]*\|\}", r"\1", json.dumps(body))
    return json.loads(re.sub(r"\$\{\d+:([^}]*)\}", r"\1", chosen))


@pytest.mark.parametrize("kind", schemas.KINDS)
def test_a_snippet_is_what_its_place_accepts(kind: str) -> None:
    schema = schemas.load(kind)
    for node in [schema, *(place.node for place in places(schema))]:
        for snippet in node.get("defaultSnippets", ()):
            assert _accepts(kind, node, _filled(snippet["body"])), snippet["label"]


def test_every_kind_of_step_has_a_snippet() -> None:
    definitions = schemas.load("campaign")["definitions"]
    kinds = [ref["$ref"].rsplit("/", 1)[1] for ref in definitions["step"]["anyOf"]]
    assert all(definitions[kind]["defaultSnippets"] for kind in kinds)


def test_the_reasons_of_tests_are_the_engines() -> None:
    alternatives = schemas.load("tests")["properties"]["cases"]["items"]["properties"]["expect"]["items"][
        "anyOf"
    ]
    shown = {
        key: node["examples"]
        for alternative in alternatives
        for key, node in alternative["properties"].items()
        if key in ("skipped", "held", "exit")
    }
    assert shown == {"skipped": list(SKIPS), "held": list(HOLDS), "exit": [str(reason) for reason in Reason]}


def test_a_default_is_what_the_engine_does_without_the_key() -> None:
    """The small project without a policy, and with all the defaults written out, is the same project."""
    policy = schemas.load("project")["properties"]["policy"]["properties"]
    text = small()["rekindle.yaml"]
    bare = re.sub(r"^policy:\n(?: .*\n)*", "", text, flags=re.MULTILINE)
    told = {key: node["default"] for key, node in policy.items() if "default" in node}
    said = f"{bare}policy: {json.dumps(told)}\n"
    without, written = (load(small(project=text)).require().policy for text in (bare, said))
    assert set(told) == {
        "consent",
        "fatigue",
        "quiet_hours",
        "step_expiry",
        "discount_cooldown",
        "text_parts",
        "confirm_opt_out",
    }
    assert [replace(cap, source=BUILT_IN) for cap in written.caps] == list(without.caps)
    assert {name: replace(hours, source=BUILT_IN) for name, hours in written.hours.items()} == without.hours
    for name in ("consent", "step_expiry", "discount_cooldown", "text_parts", "confirm_opt_out"):
        assert getattr(without, name) == getattr(written, name), name
    assert set(without.consent) == set(CHANNELS)


def test_a_campaigns_defaults_are_the_engines() -> None:
    campaign = schemas.load("campaign")["properties"]
    text = re.sub(r"^(priority|group|then):.*\n", "", small()["winback.yaml"], flags=re.MULTILINE)
    told = {key: campaign[key]["default"] for key in ("priority", "group", "then")}
    lines = "".join(f"{key}: {value}\n" for key, value in told.items())
    without = load(small(campaign=text)).require().campaigns["winback"]
    written = load(small(campaign=text + lines)).require().campaigns["winback"]
    assert without.priority == written.priority == told["priority"]
    assert without.group == written.group == told["group"]
    assert replace(written.then, source=without.then.source) == without.then
