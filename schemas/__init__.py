"""The published JSON Schemas (draft-07) of the language, one a kind: the single source of its shape."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

#: kinds of file, each named by its first key; ``project`` is rekindle.yaml
KINDS = ("project", "segments", "incentives", "campaign", "tests")


@cache
def load(kind: str) -> dict[str, Any]:
    """The schema of a kind; shared, so not to be changed. Raises KeyError for a kind there is not."""
    if kind not in KINDS:
        raise KeyError(kind)
    text = files("schemas").joinpath(f"{kind}.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema
