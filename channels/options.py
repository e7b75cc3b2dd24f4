"""An adapter's options, checked against what it declares, every fault by name and all at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Protocol

from jsonschema import Draft7Validator


class OptionError(ValueError):
    """Options an adapter cannot work with: what is wrong with each is in the text."""


class Declares(Protocol):
    """Whatever declares its options: a draft-07 JSON Schema of an object."""

    OPTIONS: Mapping[str, Any]


def problems(schema: Mapping[str, Any], options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(option, what is wrong with it) for each fault; nothing when the options are good."""
    known = schema.get("properties", {})
    for name in options:
        if name not in known:
            near = get_close_matches(name, known, 1)
            legal = f"did you mean '{near[0]}'?" if near else f"legal options: {', '.join(sorted(known))}"
            yield name, f"unknown option; {legal}"
    for name in schema.get("required", ()):
        if name not in options:
            yield name, "missing"
    for name, rule in known.items():
        if name in options:
            for error in Draft7Validator(rule).iter_errors(options[name]):
                yield name, _said(rule, error.validator, error.message)


def _said(rule: Mapping[str, Any], broken: object, message: str) -> str:
    """The fault in words that never repeat the value, which may be a secret."""
    if broken == "type":
        return f"must be {_TYPES.get(str(rule['type']), rule['type'])}"
    if broken == "enum":
        return f"must be one of {', '.join(map(str, rule['enum']))}"
    if broken in ("minimum", "maximum"):
        return f"must be between {rule.get('minimum', 'any')} and {rule.get('maximum', 'any')}"
    return "must not be empty" if broken == "minLength" else f"breaks the rule '{broken}'"


_TYPES = {"string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false"}


def resolved(schema: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """The options with defaults filled in; text becomes the number or flag it stands for.

    Raises OptionError naming every faulty option.
    """
    known = schema.get("properties", {})
    values = {name: _read(known.get(name, {}), value) for name, value in options.items()}
    faults = [f"option '{name}': {fault}" for name, fault in problems(schema, values)]
    if faults:
        raise OptionError("; ".join(faults))
    return {name: rule["default"] for name, rule in known.items() if "default" in rule} | values


def _read(rule: Mapping[str, Any], value: Any) -> Any:
    """Environment variables are text: ``587`` and ``true`` are read as what the option wants."""
    if not isinstance(value, str):
        return value
    if rule.get("type") == "integer" and value.strip().isdecimal():
        return int(value)
    if rule.get("type") == "boolean" and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    return value
