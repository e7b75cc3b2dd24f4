"""An adapter's options, checked against what it declares, every fault by name and all at once."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple, Protocol

from jsonschema import Draft7Validator

#: an option that every adapter has which talks to a server
TIMEOUT: Mapping[str, Any] = {
    "type": "integer",
    "minimum": 1,
    "maximum": 600,
    "default": 30,
    "description": "Seconds to wait for an answer.",
}


class OptionError(ValueError):
    """Options an adapter cannot work with: what is wrong with each is in the text."""


class Declares(Protocol):
    """Whatever declares its options: a draft-07 JSON Schema of an object."""

    OPTIONS: Mapping[str, Any]


class Problem(NamedTuple):
    """What is wrong with one option."""

    option: str
    message: str
    mend: str = ""


def problems(
    schema: Mapping[str, Any], options: Mapping[str, Any], later: Container[str] = ()
) -> Iterator[Problem]:
    """What is wrong with options, text read as the number or flag it stands for; nothing when they are good.

    ``later``: names of options whose values are not known yet, so that any will do.
    """
    known = schema.get("properties", {})
    for name in options:
        if name not in known:
            near = get_close_matches(name, known, 1)
            legal = f"did you mean '{near[0]}'?" if near else f"legal options: {', '.join(sorted(known))}"
            yield Problem(name, "unknown option", legal if known else "it has no options")
    for name in schema.get("required", ()):
        if name not in options:
            yield Problem(name, "missing")
    for name, rule in known.items():
        if name in options and name not in later:
            for error in Draft7Validator(rule).iter_errors(_read(rule, options[name])):
                yield Problem(name, _said(rule, error.validator, error.message))


def _said(rule: Mapping[str, Any], broken: object, message: str) -> str:
    """The fault in words that never repeat the value, which may be a secret."""
    if broken == "type":
        return f"must be {_TYPES.get(str(rule['type']), rule['type'])}"
    if broken == "enum":
        return f"must be one of {', '.join(map(str, rule['enum']))}"
    if broken in ("minimum", "maximum"):
        return f"must be between {rule.get('minimum', 'any')} and {rule.get('maximum', 'any')}"
    if broken == "pattern" and "examples" in rule:
        return f"must be of the form {rule['examples'][0]}"
    return "must not be empty" if broken == "minLength" else f"breaks the rule '{broken}'"


_TYPES = {"string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false"}


def resolved(schema: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """The options with defaults filled in; text becomes the number or flag it stands for.

    Raises OptionError naming every faulty option.
    """
    known = schema.get("properties", {})
    values = {name: _read(known.get(name, {}), value) for name, value in options.items()}
    faults = [f"option '{p.option}': {p.message}{p.mend and f'; {p.mend}'}" for p in problems(schema, values)]
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
