"""The published schemas with one project's own names in them, so that an editor can offer them.

They accept what the published ones accept: a name added a minute ago is no fault, only not offered yet.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import schemas
from engine.compile_project import one_or_more
from engine.event_names import OURS
from engine.fields import PERSON_FIELDS, FieldType
from engine.located import Located
from engine.model import OWNER
from engine.template_file import FOLDER
from engine.validate import PROJECT, Checked, check

Schema = dict[str, Any]

#: where a project keeps them: beside the files that name them, so that an editor finds them without a network
SCHEMA_FOLDER = ".schemas"


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What a project calls things. ``by_definition``: definition of the schemas -> the names it stands for."""

    by_definition: Mapping[str, list[str]] = field(default_factory=dict)
    #: attribute -> its type
    attributes: Mapping[str, str] = field(default_factory=dict)
    #: text field, or ``attributes.<name>`` -> the values it can have
    values: Mapping[str, list[str]] = field(default_factory=dict)


def names_of(files: Mapping[str, str]) -> Names:
    """The names in a project's files, as far as the files are sound."""
    checked = check(files)
    people = _below(checked, PROJECT, "people")
    declared = people.get("attributes") if people else None
    closed = people.get("values") if people else None
    return Names(
        by_definition={name: found for name, found in _by_definition(checked, people).items() if found},
        attributes={name: str(kind.value) for name, kind in declared.items()} if declared else {},
        values={name: list(one_or_more(values)) for name, values in closed.items()} if closed else {},
    )


def fitted(kind: str, names: Names) -> Schema:
    """The schema of a kind of file, offering the names."""
    schema = deepcopy(schemas.load(kind))
    definitions = schema["definitions"]
    _forget_samples(schema, {f"#/definitions/{name}" for name in names.by_definition})
    for name, found in names.by_definition.items():
        if name in definitions:
            definitions[name] = _offering(definitions[name], found)
    if "test" in definitions:
        definitions["test"]["properties"] |= _conditions(definitions, names)
    if "person" in definitions:
        scalar = definitions["person"]["patternProperties"][r"^attributes\.[a-z][a-z0-9_]*$"]
        definitions["person"]["properties"] |= {f"attributes.{name}": scalar for name in names.attributes}
    return schema


def texts(names: Names) -> dict[str, str]:
    """File name -> text of the schemas of all kinds."""
    return {f"{kind}.schema.json": as_text(fitted(kind, names)) for kind in schemas.KINDS}


def as_text(schema: Schema) -> str:
    """A schema as it is written to a file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def write(folder: Path, names: Names) -> None:
    """Write the schemas of all kinds into a folder, over older ones. Raises OSError when it cannot be written."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts(names).items():
        (folder / name).write_text(text, encoding="utf-8")


def _by_definition(checked: Checked, people: Located | None) -> dict[str, list[str]]:
    campaigns = checked.of_kind("campaign").values()
    lines = [line for root in campaigns for line in _lines(root)]
    events = people.get("events") if people else None
    policy = _below(checked, PROJECT, "policy")
    back = policy.get("won_back") if policy else None
    return {
        "segment_name": _ids(checked, "segments", "segment"),
        "signatory_name": [*_keys(_signatories(checked)), OWNER],
        "offer_name": _ids(checked, "incentives", "offer"),
        "campaign_name": _sorted(root.text("campaign") for root in campaigns),
        "step_name": _sorted(line.text("step") for line in lines),
        "cohort_name": _sorted(name for root in campaigns for name in _keys(root.get("cohorts"))),
        "template_ref": sorted(file.removeprefix(FOLDER).removesuffix(".md") for file in checked.templates),
        "event_name": sorted({*OURS, *one_or_more(events), *one_or_more(back)}),
    }


def _signatories(checked: Checked) -> Located | None:
    brand = _below(checked, PROJECT, "brand")
    return brand.get("signatories") if brand else None


def _below(checked: Checked, file: str, key: str) -> Located | None:
    root = checked.roots.get(file)
    return root.get(key) if root else None


def _ids(checked: Checked, kind: str, key: str) -> list[str]:
    return _sorted(part.text(key) for root in checked.of_kind(kind).values() for part in root.get(kind) or ())


def _lines(campaign: Located) -> Iterable[Located]:
    """The steps of a campaign, of its own cadence and of its triggers'."""
    for timeline in (campaign, *(campaign.get("triggers") or ())):
        yield from timeline.get("cadence") or ()


def _keys(node: Located | None) -> Iterable[str]:
    return [key for key, _ in node.items()] if node else ()


def _sorted(names: Iterable[str | None]) -> list[str]:
    return sorted({name for name in names if name})


def _offering(node: Schema, names: list[str]) -> Schema:
    """What accepts all that the node accepts, and offers the names."""
    words: Schema = {key: node[key] for key in ("title", "description", "markdownDescription") if key in node}
    other = {key: value for key, value in node.items() if key != "examples"}
    return {**words, "anyOf": [{**words, "type": "string", "enum": names}, other]}


def _forget_samples(node: Any, offered: set[str]) -> None:
    """Where a name is asked for, the project's names are offered and no made-up ones."""
    if isinstance(node, list):
        for part in node:
            _forget_samples(part, offered)
    elif isinstance(node, dict):
        if any(part.get("$ref") in offered for part in (node, *node.get("anyOf", ()))):
            node.pop("examples", None)
        for part in node.values():
            _forget_samples(part, offered)


def _conditions(definitions: Schema, names: Names) -> Schema:
    """The declared attributes, each with the comparisons of its type, and the fields whose values are listed."""
    fields = dict.fromkeys(names.values, "text")
    fields = {f"attributes.{name}": kind for name, kind in names.attributes.items()} | fields
    known = definitions["test"]["properties"]
    pattern = definitions["test"]["patternProperties"][r"^attributes\.[a-z][a-z0-9_]*$"]
    found = {}
    for name, kind in fields.items():
        words = {key: value for key, value in known.get(name, pattern).items() if key != "$ref"}
        condition = {"$ref": f"#/definitions/{kind}_condition"}
        if name in names.values:
            condition = _listing(definitions["text_condition"], names.values[name])
            words.pop("examples", None)
        if kind in set(FieldType) and (name in PERSON_FIELDS or name.startswith("attributes.")):
            found[name] = {**condition, **words}
    return found


def _listing(condition: Schema, values: list[str]) -> Schema:
    """The condition on a text field, offering its values wherever one can stand."""
    condition = deepcopy(condition)
    alone, compared = condition["anyOf"]
    condition["anyOf"][0] = _offering(alone, values)
    for operator in ("equals", "not_equals"):
        compared["properties"][operator] = _offering(compared["properties"][operator], values)
    for operator in ("in", "not_in"):
        items = compared["properties"][operator]
        items["items"] = _offering(items["items"], values)
        items["examples"] = [values]
    condition.pop("examples", None)
    return condition
