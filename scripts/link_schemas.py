"""Write into the schemas, for editors, what follows from the rest of them: ``make docs``.

A description, the default and the way to the reference make the text an editor shows at a key
(``markdownDescription``). A test holds that it is current.
"""

from __future__ import annotations

import json
from pathlib import Path

import schemas
from scripts.schema_keys import Schema, places, reference_url

FOLDER = Path(schemas.__file__).parent


def render(kind: str) -> str:
    """The schema of a kind with its texts for editors, as it stands in its file."""
    schema: Schema = json.loads(schema_file(kind).read_text(encoding="utf-8"))
    _tell(schema, reference_url(kind, ""))
    for place in places(schema):
        if "description" in place.node:
            _tell(place.node, reference_url(kind, place.anchor))
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def schema_file(kind: str) -> Path:
    """Where the schema of a kind is."""
    return FOLDER / f"{kind}.schema.json"


def _tell(node: Schema, url: str) -> None:
    parts = [node["description"].replace("<", "&lt;")]
    if "default" in node:
        default = node["default"]
        text = default if isinstance(default, str) else json.dumps(default)
        parts.append(f"When not said: `{text}`")
    parts.append(f"[Documentation]({url.rstrip('#')})")
    told = "\n\n".join(parts)
    words = dict(node)
    node.clear()
    for key, value in words.items():  # beside the description, whose twin it is
        if key != "markdownDescription":
            node[key] = value
        if key == "description":
            node["markdownDescription"] = told


if __name__ == "__main__":
    for kind in schemas.KINDS:
        schema_file(kind).write_text(render(kind), encoding="utf-8")
