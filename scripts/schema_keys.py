"""Every place of a schema that has a meaning of its own, with its path and where the reference tells of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engine.documentation import HOME

Schema = dict[str, Any]

#: what stands for the names a pattern takes
_NAMED = {
    r"^attributes\.[a-z][a-z0-9_]*$": "attributes.<name>",
    r"^consent\.(email|sms|linkedin|phone|letter|in_app|push|audience)$": "consent.<channel>",
    r"(^|_)(password|token|api_?key|secret|signing_key|dkim_key)$": "<secret>",
}
#: before the name of a definition: a key of the file may have the same name
TYPE = "type"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """``path``: keys from the top of the file, ``exit[].event``, or of a definition, ``type.window.hours``."""

    path: str
    node: Schema
    #: a key one can write, not the element of a list or one of several alternatives
    is_key: bool = True
    required: bool = False
    #: of one of several alternatives: the keys that every one of them asks for
    common: frozenset[str] | None = None

    @property
    def anchor(self) -> str:
        """Of its row in the reference."""
        return re.sub(r"[\[\]<>]", "", self.path)


def reference_url(kind: str, anchor: str) -> str:
    """Where the reference of a kind of file tells of a key."""
    return f"{HOME}/reference/{kind}#{anchor}"


def places(schema: Schema) -> Iterator[Place]:
    """All places of a schema but its top, in the order in which they are written."""
    yield from inside(schema, "")
    for name, definition in schema["definitions"].items():
        yield Place(path=f"{TYPE}.{name}", node=definition, is_key=False)
        yield from inside(definition, f"{TYPE}.{name}")


def inside(node: Schema, path: str, common: frozenset[str] | None = None) -> Iterator[Place]:
    """The places below one."""
    for place in _children(node, path, common):
        yield place
        yield from inside(place.node, place.path, place.common)


def _children(node: Schema, path: str, common: frozenset[str] | None) -> Iterator[Place]:
    below = f"{path}." if path else ""
    required = node.get("required", ()) if common is None else common
    for key, part in node.get("properties", {}).items():
        yield Place(path=below + key, node=part, required=key in required)
    for pattern, part in node.get("patternProperties", {}).items():
        yield Place(path=below + _NAMED[pattern], node=part)
    if isinstance(node.get("propertyNames"), dict):
        yield Place(path=f"{below}<name>", node=node["propertyNames"], is_key=False)
    if isinstance(node.get("additionalProperties"), dict):
        yield Place(path=f"{below}<name>", node=node["additionalProperties"])
    if isinstance(node.get("items"), dict):
        yield Place(path=f"{path}[]", node=node["items"], is_key=False)
    alternatives = node.get("anyOf", ())
    asked = [frozenset(part.get("required", ())) for part in alternatives if "properties" in part]
    for alternative in alternatives:
        yield Place(
            path=path, node=alternative, is_key=False, common=asked[0].intersection(*asked) if asked else None
        )
