"""Every YAML block of docs/language.md is right, alone and all together."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.checks import shape
from engine.document import parse
from engine.fields import PERSON_FIELDS
from engine.model import CHANNELS
from engine.predicate import Op
from engine.validate import check

PAGE = (Path(__file__).parent.parent.parent / "docs" / "language.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
TEMPLATE = re.findall(r"^```markdown\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)[0]
_FILES = {"project": "rekindle.yaml", "segments": "segments.yaml", "incentives": "incentives.yaml"}


def _kind(block: str) -> str:
    return block.split(":")[0]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.split("\n")[0])
def test_a_block_has_the_shape_of_the_language(block: str) -> None:
    document = parse(block, "block.yaml")
    assert document.findings == ()
    assert document.root is not None
    assert shape.judge(_kind(block), document.root)[0] == []


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
