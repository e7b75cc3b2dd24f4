"""What safely stands in the place of a value that its schema refuses: where there is one mend, and it needs no thought.

Never for a consent, and never for what switches something on: these are for a person to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from babel.core import get_global

from engine import suggest
from engine.located import Located
from engine.units import UnitError, parsers

Schema = Mapping[str, Any]

#: a number in quotes
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,6})?")


def instead(schema: Schema, validator: str, wrong: Located, branches: Sequence[Schema] = ()) -> str | None:
    """The text to put in its place, or None. The arguments are those of ``wording.value``."""
    title = str(schema.get("title", ""))
    titles = [title, *(str(branch.get("title", "")) for branch in branches)]
    unit = next((title for title in titles if title in parsers()), None)
    if unit is not None:
        return None if wrong.is_map or wrong.is_list else _unit(unit, wrong.value)
    if validator == "type":
        return _type(schema, wrong)
    if not isinstance(wrong.value, str):
        return None
    if validator == "enum" and "consent" not in title:
        return suggest.sure(wrong.value, [name for name in schema["enum"] if isinstance(name, str)])
    return name(title, wrong.value) if validator == "pattern" else None


def of_consent(path: Sequence[str | int]) -> bool:
    """Does a place in a file say who may be written to?"""
    return not {"consent", "opted_out", "suppressed"}.isdisjoint(path)


def name(title: str, wrong: str) -> str | None:
    """A name, code or rule in the letters its pattern asks for."""
    meant = _SPELT[title](wrong) if title in _SPELT else ""
    return meant if meant and meant != wrong else None


def _unit(title: str, wrong: Any) -> str | None:
    try:
        parsers()[title](wrong)
    except UnitError as error:
        return error.instead
    return None


def _type(schema: Schema, wrong: Located) -> str | None:
    if schema["type"] == "string":
        return wrong.quoted()
    in_quotes = isinstance(wrong.value, str) and _NUMBER.fullmatch(wrong.value)
    return str(wrong.value) if in_quotes and schema["type"] in ("integer", "number") else None


def _as_name(wrong: str) -> str:
    """``Closed-Lost`` as ``closed_lost``; nothing where a letter would have to be left out."""
    plain = re.sub(r"[-\s]+", "_", wrong.strip().lower())
    return plain if re.fullmatch(r"[a-z][a-z0-9_]{0,62}", plain) else ""


def _as_template(wrong: str) -> str:
    """``templates/closed_lost/gap.md`` as ``closed_lost/gap``."""
    plain = wrong.removesuffix(".md").removeprefix("templates/")
    return plain if re.fullmatch(r"[\w-]+(/[\w-]+)*", plain, re.ASCII) else ""


def _as_code(wrong: str) -> str:
    """``us`` as ``US``; other letters are another code."""
    return wrong.strip().upper()


def _as_country(wrong: str) -> str:
    """``usa``, ``USA`` and ``UK`` as ``US`` and ``GB``: the codes of three letters, and the usual wrong one."""
    code = wrong.strip().upper()
    known = get_global("territory_aliases").get(code, [code])
    return known[0] if len(known) == 1 and re.fullmatch("[A-Z]{2}", known[0]) else ""


_SPELT: Mapping[str, Callable[[str], str]] = {
    "name": _as_name,
    "template name": _as_template,
    "currency": _as_code,
    "country code": _as_country,
    "rule": _as_code,
}
