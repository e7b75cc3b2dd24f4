"""docs/ci.md: its samples are what the command writes, and what it says to write is right."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest

from engine.cli.output.report import Report, build
from engine.cli.validate import FORMATS
from tests.ci.runner import ACTION, ROOT
from tests.language.support import DATA, load, small

PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
CONFIGS = [(file, text) for language, file, text in BLOCKS if language == "yaml"]
_VENDOR = {"workflows": "vendor.github-workflows", ".gitlab-ci.yml": "vendor.gitlab-ci"}


@pytest.fixture(scope="module")
def report() -> Report:
    """The finding of which the page shows samples."""
    files = small(campaign=(DATA / "err" / "campaign.step_twice.yaml").read_text(encoding="utf-8"))
    return build(load(files).findings, files, "campaigns/", asked=["winback.yaml"])


@pytest.mark.parametrize("name", FORMATS)
def test_the_sample_of_each_format_is_what_it_writes(name: str, report: Report) -> None:
    written = click.unstyle(import_module(f"engine.cli.output.{name}").render(report))
    if name == "sarif":
        written = json.dumps(json.loads(written)["runs"][0]["results"][0], indent=2) + "\n"
    assert written in [text for _, _, text in BLOCKS]


@pytest.mark.parametrize(("file", "text"), CONFIGS)
def test_a_configuration_fits_the_schema_of_its_system(file: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
    vendor = next((schema for part, schema in _VENDOR.items() if part in file), None)
    judge = ["check_jsonschema", "--builtin-schema", vendor] if vendor else ["pre_commit", "validate-config"]
    words = [sys.executable, "-m", *judge, str(tmp_path / "config.yaml")]
    tried = subprocess.run(words, capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stdout


def test_every_input_of_the_action_is_described_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `([\w-]+)` \| (?:`(.*?)`)? ?\| ", PAGE, re.MULTILINE))
    assert {name: rows.get(name) for name in ACTION["inputs"]} == {
        name: it["default"] for name, it in ACTION["inputs"].items()
    }
    assert all(f"`{name}`" in PAGE for name in ACTION["outputs"])


def test_every_format_is_described() -> None:
    assert re.findall(r"^\| `(\w+)` \|[^|\n]*\|[^|\n]*\|[^|\n]*\|$", PAGE, re.MULTILINE) == list(FORMATS)
