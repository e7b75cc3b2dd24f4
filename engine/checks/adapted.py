"""The published schemas as the judge uses them: units read by their parsers, predicates left to theirs."""

from __future__ import annotations

from functools import cache
from typing import Any

from jsonschema import Draft7Validator, FormatChecker

import schemas
from engine.units import UnitError, parsers

Schema = dict[str, Any]

#: read by ``compile_predicate``, not by the schema
_PREDICATE: Schema = {"title": "predicate", "type": ["array", "object"]}
#: titles of mappings that findings use; all others are for editors
_SAID = frozenset({"secret", "mapping from variant to template"})


@cache
def validator(kind: str) -> Draft7Validator:
    """The validator of a kind of file."""
    return Draft7Validator(adapted(kind), format_checker=_format_checker())


@cache
def adapted(kind: str) -> Schema:
    """The published schema of a kind, made ready for the judge."""
    schema: Schema = _strict(schemas.load(kind))
    if "predicate" in schema["definitions"]:
        schema["definitions"]["predicate"] = _PREDICATE
    return schema


def _strict(schema: Any) -> Any:
    """The schema with every unit's pattern replaced by its parser, which says more than 'no match'."""
    if isinstance(schema, list):
        return [_strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if isinstance(schema.get("title"), str) and schema["title"] in parsers():
        kept = {key: schema[key] for key in ("title", "examples") if key in schema}
        return {**kept, "format": schema["title"]}
    strict = {key: _strict(part) for key, part in schema.items()}
    if schema.get("type") in ("object", "array") and schema.get("title") not in _SAID:
        strict.pop("title", None)
    return strict


def _format_checker() -> FormatChecker:
    checker = FormatChecker(formats=())
    for title, parser in parsers().items():
        checker.checks(title, raises=UnitError)(_passes(parser))
    return checker


def _passes(parser: Any) -> Any:
    def passes(value: object) -> bool:
        parser(value)
        return True

    return passes
