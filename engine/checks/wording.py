"""Words for a value that its schema refuses: (code, message, mend)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from engine import suggest
from engine.checks import mends
from engine.compile_predicate import predicate_mend
from engine.units import UnitError, parsers, shown

Words = tuple[str, str, str]
Schema = dict[str, Any]

NOTHING = "there is nothing here"

_A_TYPE = {
    "object": ("a mapping", "write 'key: value' lines below it"),
    "array": ("a list", "write each element on a line starting with '- '"),
    "string": ("text", "put quotes around it"),
    "number": ("a number", "write a plain number"),
    "integer": ("a whole number", "write a whole number"),
    "boolean": ("true or false", "write true or false"),
}


def value(schema: Schema, validator: str, wrong: Any, branches: Sequence[Schema] = ()) -> Words:
    """What is wrong with a value. ``branches`` are the alternatives of which none has its type."""
    title = str(schema.get("title", ""))
    if title in parsers():
        return _unit(title, wrong)
    if branches:
        return _none_of(branches, wrong, title)
    if title == "secret" and isinstance(wrong, str | int | float):
        return (
            "RK120",
            "a secret stands in the file",
            "write {env: NAME}, and set that variable where rekindle runs",
        )
    by_validator = {"enum": _enum, "pattern": _pattern, "type": _type}
    if validator in by_validator:
        return by_validator[validator](schema, title, wrong)
    return _bound(schema, validator, wrong)


def matches(key: str, patterns: Iterable[str]) -> bool:
    """Does a key match any of the patterns?"""
    return any(re.search(pattern, key) for pattern in patterns)


def _unit(title: str, wrong: Any) -> Words:
    try:
        parsers()[title](wrong)
    except UnitError as error:
        return ("RK114", error.message, error.mend) if wrong is not None else ("RK112", NOTHING, error.mend)
    return "RK114", f"{shown(wrong)} is not {_a(title)}", ""  # pragma: no cover - the same parser refused it


def _none_of(branches: Sequence[Schema], wrong: Any, title: str) -> Words:
    names = [_a(title)] if title else list(dict.fromkeys(_noun(branch) for branch in branches))
    example = next((e for branch in branches for e in branch.get("examples", ()) if isinstance(e, str)), "")
    titles = [str(branch.get("title", "")) for branch in branches]
    units = [title for title in titles if title in parsers()]
    if units and not isinstance(wrong, dict | list):
        return _unit(units[0], wrong)
    mend = f"for example '{example}'" if example else "write 'key: value' lines"
    return "RK112", f"{shown(wrong)} is not {' or '.join(names)}", mend


def _noun(branch: Schema) -> str:
    if branch.get("title"):
        return _a(str(branch["title"]))
    wanted = branch.get("type", "object")
    return _A_TYPE[wanted if isinstance(wanted, str) else wanted[0]][0]


def _enum(schema: Schema, title: str, wrong: Any) -> Words:
    legal = [str(name) for name in schema["enum"]]
    if title == "ending":
        return "RK113", f"{shown(wrong)} is not an ending", "write 'end', {park: 30d} or {repeat: 90d}"
    mend = suggest.mend(str(wrong), legal) or f"one of: {', '.join(legal)}"
    return "RK113", f"{shown(wrong)} is not {_a(title or 'legal value')}", mend


def _pattern(schema: Schema, title: str, wrong: Any) -> Words:
    if title == "name":
        plain = re.sub(r"[^a-z0-9]+", "_", str(wrong).lower()).strip("_")
        mend = f"write '{plain}'" if re.match(r"[a-z]", plain) else "start with a lower-case letter"
        return "RK113", f"{shown(wrong)} is not a name: lower-case letters, digits and underscores", mend
    if title == "cohort":
        return (
            "RK113",
            f"{shown(wrong)} is not a cohort",
            "write a predicate, 'everyone', or 'park until <event>'",
        )
    if title == "template name" and str(wrong).endswith(".md"):
        plain = str(wrong).removesuffix(".md").removeprefix("templates/")
        return "RK113", f"{shown(wrong)} names a file", f"write '{plain}'"
    meant = mends.name(title, str(wrong)) if title == "country code" else None
    if meant:
        return "RK113", f"{shown(wrong)} is not {_a(title)}", f"write '{meant}'"
    examples = schema.get("examples", ())
    mend = f"write it like '{examples[0]}'" if examples else ""
    return "RK113", f"{shown(wrong)} is not {_a(title or 'legal value')}", mend


def _type(schema: Schema, title: str, wrong: Any) -> Words:
    wanted = schema["type"]
    noun, mend = _A_TYPE[wanted if isinstance(wanted, str) else wanted[0]]
    if title == "predicate":
        mend = predicate_mend(wrong)
    elif wanted == "string" and not isinstance(wrong, bool | int | float):
        mend = f"write {_a(title) if title else 'text'}"
    if wrong is None:
        return (
            "RK112",
            NOTHING,
            mend if wanted != "string" else f"write {_a(title) if title else 'text'}",
        )
    return "RK112", f"{shown(wrong)} is not {_a(title) if title else noun}", mend


def _bound(schema: Schema, validator: str, wrong: Any) -> Words:
    if validator in ("minimum", "maximum"):
        bounds = f"from {schema.get('minimum')} to {schema['maximum']}" if "maximum" in schema else ""
        return "RK113", f"{shown(wrong)} is out of range", f"write a number {bounds or 'of 0 or more'}"
    if validator == "exclusiveMinimum":
        return "RK113", f"{shown(wrong)} is out of range", "write a number above 0"
    if validator == "minProperties" and schema.get("title") == "mapping from variant to template":
        return "RK113", "a split needs at least two variants", "add one, or write the template alone"
    keys = list(schema.get("properties", {}))
    mend = (
        f"add one of: {', '.join(keys)}"
        if 0 < len(keys) <= suggest.FEW
        else "add something, or remove the key"
    )
    return "RK113", "there is nothing in here", mend


def _a(title: str) -> str:
    if title in ("hours", "quiet hours", "weekdays", "text"):
        return title
    return f"an {title}" if title[:1] in "aeio" else f"a {title}"
