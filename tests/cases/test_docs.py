"""Every YAML block of docs/testing.md has the shape of the language, and passes on the shipped campaigns."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from engine.cases.coverage import Part
from engine.cases.runner import CaseRunner
from engine.checks import shape
from engine.cli.test import FORMATS
from engine.compile import load_files, read_files
from engine.document import parse
from tests.cases.support import happened

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_there_are_examples() -> None:
    assert len(BLOCKS) >= 4


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.split("it: ")[1].split("\n")[0])
def test_an_example_is_right(block: str) -> None:
    root = parse(block, "tests/block.yaml").root
    assert root is not None
    assert shape.judge("tests", root)[0] == []
    shipped = {name: text for name, text in read_files(ROOT / "campaigns").items() if "tests/" not in name}
    loaded = load_files({**shipped, "tests/block.yaml": block}, ROOT / "campaigns")
    assert loaded.findings == []
    with CaseRunner(loaded) as runner:
        results = [runner.run(file, case) for file in loaded.tests for case in file.cases]
    assert results
    for result in results:
        assert result.passed, (result.case.it, result.error or result.note or happened(result))


def test_every_key_of_an_expectation_is_explained_and_shown() -> None:
    schema = json.loads((ROOT / "schemas" / "tests.schema.json").read_text(encoding="utf-8"))
    case = schema["properties"]["cases"]["items"]["properties"]
    lines = case["expect"]["items"]["anyOf"]
    explained = PAGE.split("| a line of `expect` | says |")[1].split("\n\n")[0]
    for key in {key for line in lines for key in line["properties"]}:
        assert f"`{key}`" in explained, key
        assert any(re.search(rf"\b{key}:", block) for block in BLOCKS), key


def test_every_key_of_given_is_explained() -> None:
    schema = json.loads((ROOT / "schemas" / "tests.schema.json").read_text(encoding="utf-8"))
    given = schema["properties"]["cases"]["items"]["properties"]["given"]["properties"]
    explained = PAGE.split("| key of `given` | what it means |")[1].split("\n\n")[0]
    assert {key for key in given if f"| `{key}` |" in explained} == set(given)


def test_every_part_of_coverage_is_explained() -> None:
    explained = PAGE.split("| part | counted once for | covered when |")[1].split("\n\n")[0]
    assert re.findall(r"^\| (\w+) \|", explained, re.MULTILINE) == list(Part)


def test_every_format_is_explained() -> None:
    explained = PAGE.split("| `--format` | for |")[1]
    assert set(re.findall(r"^\| `(\w+)` \|", explained, re.MULTILINE)) == set(FORMATS)
