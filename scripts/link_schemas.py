"""Write into the schemas, for editors, what follows from the rest of them: ``make docs``.

A description, the default, an example and the way to the reference make the text an editor shows at a key
(``markdownDescription``). Examples that are mappings are ``x-examples``: of an ``examples`` the YAML language server
makes proposals, and of a mapping one named "[object Object]". A test holds that all is current.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

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


def block(example: Any) -> str:
    """An example as a project would write it."""
    return yaml.safe_dump(example, sort_keys=False, allow_unicode=True, width=1000)


def _tell(node: Schema, url: str) -> None:
    parts = [node["description"].replace("<", "&lt;")]
    if "default" in node:
        default = node["default"]
        text = default if isinstance(default, str) else json.dumps(default)
        parts.append(f"When not said: `{text}`")
    if "x-examples" in node:
        parts.append(f"```yaml\n{block(node['x-examples'][0])}```")
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
