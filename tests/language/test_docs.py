"""The YAML blocks of docs/language.md make one sound project, and its lists are whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import schemas
from engine.event_names import OURS
from engine.fields import CLOSED_VALUES, PERSON_FIELDS, FieldType
from engine.law import STRENGTH
from engine.model import CHANNELS
from engine.predicate import Op
from engine.validate import check
from engine.vocabulary import OFFER, OWNER, STEP
from scripts.schema_keys import places

PAGE = (Path(__file__).parent.parent.parent / "docs" / "language.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
TEMPLATE = re.findall(r"^```markdown\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)[0]
_FILES = {"project": "rekindle.yaml", "segments": "segments.yaml", "incentives": "incentives.yaml"}


def _kind(block: str) -> str:
    return block.split(":")[0]


def test_the_blocks_make_a_project_without_a_finding() -> None:
    files: dict[str, str] = {}
    for block in BLOCKS:
        kind = _kind(block)
        name = block.split("\n")[0].partition(": ")[2]
        path = {"campaign": f"{name}.yaml", "tests": f"tests/{name}.yaml"}.get(kind, _FILES.get(kind, ""))
        # Several blocks show parts of one file.
        files[path] = files[path] + block.partition("\n")[2] if path in files else block
    refs = set(re.findall(r"closed_lost/\w+", "".join(files.values())))
    files |= {f"templates/{ref}.md": TEMPLATE for ref in refs}
    named = check(files).findings
    assert [f for f in named if f.code != "RK604"] == []
    # One template stands for all of them here, and not every step has the offer it names.
    assert {f.message for f in named} == {"the template names an offer, and its step has none"}


def test_the_page_lists_every_field_channel_and_comparison() -> None:
    words = set(re.findall(r"`([\w.]+)`", PAGE))
    assert set(PERSON_FIELDS) <= words
    assert set(CHANNELS) <= words
    assert {op.value for op in Op} - {"missing", "present"} <= words


def test_the_page_lists_what_the_language_lists() -> None:
    """Of each list of legal values, the whole list."""
    campaign, incentives = schemas.load("campaign"), schemas.load("incentives")
    offer = incentives["properties"]["incentives"]["items"]["properties"]
    listed = [
        offer["kind"]["enum"],
        campaign["properties"]["exit"]["items"]["properties"]["as"]["enum"],
        campaign["definitions"]["consent_level"]["enum"],
        list(FieldType),
    ]
    words = set(re.findall(r"`([\w.]+)`", PAGE))
    assert {value for values in listed for value in values} - words == set()


def test_the_page_lists_rekindles_own_events_and_no_other() -> None:
    table = PAGE.split("| rekindle's own | what happened |")[1].split("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) == OURS


def test_the_page_tells_what_can_stand_in_a_field_with_a_list() -> None:
    words = set(re.findall(r"`(\w+)`", PAGE.split("### Fields")[1].split("### Events")[0]))
    assert {*CLOSED_VALUES, *(value for values in CLOSED_VALUES.values() for value in values), *STRENGTH} <= words


@pytest.mark.parametrize("kind", schemas.KINDS)
def test_the_page_shows_every_key(kind: str) -> None:
    """In a block, or by name; of the fields of a person and the channels there are lists."""
    lists = {"columns", "constants", "person", "test", "consent_by_channel", "rate_by_channel", "adapters"}
    keys = {
        place.path.rsplit(".", 1)[-1]
        for place in places(schemas.load(kind))
        if place.is_key and not {*place.path.split(".")} & lists and ">" not in place.path
    }
    assert {key for key in keys if not re.search(rf"\b{key}\b", PAGE)} == set()


def test_the_page_lists_what_a_template_may_name() -> None:
    named = {
        "person": (),
        "brand": (),
        "links": (),
        "owner": OWNER,
        "offer": OFFER,
        "step": STEP,
        "trigger": (),
    }
    table = PAGE.split("| name | may be named |")[1].split("\n\n")[0]
    assert {word for group, names in named.items() for word in (group, *names) if word not in table} == set()
