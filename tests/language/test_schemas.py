"""The published schemas by themselves: legal, described, shared alike, of one mind with the compiler."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

import schemas
from engine.compile import compile_predicate, field_types
from engine.diagnostics import Finding
from engine.document import parse
from engine.fields import IMPORTABLE, PERSON_FIELDS, FieldType
from engine.located import Located
from engine.model import CHANNELS, ConsentLevel
from tests.language.support import small

KINDS = {
    "project": "rekindle.yaml",
    "segments": "segments.yaml",
    "incentives": "incentives.yaml",
    "campaign": "winback.yaml",
    "tests": "tests/winback.yaml",
}


@pytest.mark.parametrize("kind", schemas.KINDS)
def test_a_schema_is_legal_and_accepts_the_small_project(kind: str) -> None:
    schema = schemas.load(kind)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    Draft7Validator.check_schema(schema)
    root = parse(small()[KINDS[kind]], "x.yaml").root
    assert root is not None
    assert [e.message for e in Draft7Validator(schema).iter_errors(root.plain())] == []


def _properties(schema: Any, definitions: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, list):
        for part in schema:
            yield from _properties(part, definitions)
    if not isinstance(schema, dict):
        return
    for keyword in ("properties", "patternProperties"):
        if isinstance(schema.get(keyword), dict):
            yield from schema[keyword].items()
    for part in schema.values():
        yield from _properties(part, definitions)


@pytest.mark.parametrize("kind", schemas.KINDS)
def test_every_key_is_described(kind: str) -> None:
    schema = schemas.load(kind)
    lacking = {
        key
        for key, value in _properties(schema, schema["definitions"])
        if isinstance(value, dict) and "description" not in value
    }
    assert lacking == set()


def test_shared_definitions_are_the_same_in_every_file() -> None:
    told: dict[str, str] = {}
    for kind in schemas.KINDS:
        for name, definition in schemas.load(kind)["definitions"].items():
            text = re.sub(r"reference/\w+#", "", json.dumps(definition, sort_keys=True))
            assert told.setdefault(name, text) == text, f"{name} differs in {kind}"


def test_the_schemas_list_what_the_engine_knows() -> None:
    definitions = schemas.load("campaign")["definitions"]
    fields = set(definitions["test"]["properties"]) - {"any", "all", "not", "event", "note"}
    assert fields == set(PERSON_FIELDS)
    for field in fields:
        assert definitions["test"]["properties"][field]["$ref"].endswith(f"/{PERSON_FIELDS[field]}_condition")
    assert set(schemas.load("project")["definitions"]["columns"]["properties"]) == IMPORTABLE
    assert tuple(schemas.load("tests")["definitions"]["channel"]["enum"]) == CHANNELS
    assert definitions["consent_level"]["enum"] == list(ConsentLevel)


def test_a_kind_there_is_not_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        schemas.load("nonsense")


_OPS = [
    "equals", "not_equals", "in", "not_in", "at_least", "at_most", "more_than", "less_than", "older_than",
    "newer_than", "before", "after", "contains", "is", "nonsense",
]  # fmt: skip
_SCALARS = st.sampled_from(["price", "30d", "2026-03-02", "missing", 5, 2.5, True, None])
_CONDITIONS = st.one_of(
    _SCALARS,
    st.lists(_SCALARS, max_size=2),
    st.dictionaries(st.sampled_from(_OPS), st.one_of(_SCALARS, st.lists(_SCALARS, max_size=2)), max_size=2),
)
_FIELDS = st.sampled_from(
    ["loss_reason", "purchases", "lifetime_value", "closed_at", "attributes.vip", "nonsense"]
)
_LEAVES = st.one_of(
    st.dictionaries(_FIELDS, _CONDITIONS, max_size=2),
    st.fixed_dictionaries({"event": st.one_of(_SCALARS, st.just({"name": "x", "times": {"at_least": 2}}))}),
    st.fixed_dictionaries({"note": st.one_of(_SCALARS, st.just({"kind": "x", "open": False}))}),
)
_PREDICATES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.fixed_dictionaries({"any": st.lists(inner, max_size=2)}),
        st.fixed_dictionaries({"not": inner}),
    ),
    max_leaves=4,
)


def _located(value: Any) -> Located:
    root = parse(json.dumps({"where": value}), "x.yaml").root
    assert root is not None
    return root["where"]


@settings(max_examples=400, deadline=None)
@given(value=_PREDICATES)
def test_editor_and_compiler_agree_on_predicates(value: Any) -> None:
    """Only the project knows an attribute's type, so of attributes the schema may allow more."""
    definitions = schemas.load("segments")["definitions"]
    validator = Draft7Validator({"$ref": "#/definitions/predicate", "definitions": definitions})
    found: list[Finding] = []
    compile_predicate(_located(value), field_types({"vip": FieldType.FLAG}), "USD", found.append)
    editor, compiler = validator.is_valid(value), not found
    if "attributes.vip" in json.dumps(value):
        assert editor or not compiler
    else:
        assert editor == compiler, (value, found)
