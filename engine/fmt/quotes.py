"""Quotes only where one reader or another needs them.

They go where the bare text says the same by YAML 1.2, by YAML 1.1 (where ``no``, ``12:30`` and a date are no text)
and inside brackets. What is written without quotes never gets any.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from engine.document import resolve
from engine.fmt.tree import Text

#: what no bare text may hold, here or in brackets
_MARKS = re.compile(r"[,\[\]{}]|: | #|:$")
#: what a bare text may begin with, to be sure
_FIRST = re.compile(r"[\w/($]")
#: YAML 1.1 has these as flags too, and PyYAML has not
_FLAGS = frozenset("yn")

_OLD_RULES: Any = yaml.resolver.Resolver()
_TEXT = "tag:yaml.org,2002:str"


def one_line(text: Text) -> str:
    """A text that stands on one line, as it is written best."""
    raw = text.lines[0]
    if text.style not in ("'", '"') or text.tag:
        return raw
    if _bare(text.value) and raw[1:-1].replace("''", "'") == text.value:
        return text.value
    plain = not re.search(r"[\"\\]", text.value) and text.value.isprintable()
    return f'"{text.value}"' if text.style == "'" and plain else raw


def _bare(value: str) -> bool:
    """Does the text say the same without quotes, whoever reads it?"""
    if not value.isprintable() or not _FIRST.match(value) or value != value.strip() or _MARKS.search(value):
        return False
    if not re.search(r"[^\W\d_]|%", value) or value.lower() in _FLAGS:
        return False  # a number in one dialect or another: a phone number, an hour, a date
    return isinstance(resolve(value), str) and _by_old_rules(value) == _TEXT


def _by_old_rules(value: str) -> str:
    return str(_OLD_RULES.resolve(yaml.ScalarNode, value, (True, False)))
