"""Every block of YAML in the docs is right: ours by the language, that of other programs as YAML.

A block that begins with the first key of a file is a whole file; one that begins with another key of the language is
a part of one. The file of another program is named at the fence: ```yaml .github/workflows/campaigns.yaml
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

import schemas
from engine.checks import shape
from engine.compile import load_files, read_files
from engine.diagnostics import Finding
from engine.document import parse
from engine.located import Located

ROOT = Path(__file__).parents[2]
#: docs/rules/ has blocks that are wrong on purpose, and a test of its own
PAGES = [
    *sorted(page for page in ROOT.glob("*.md")),
    ROOT / "campaigns/README.md",
    *sorted(page for page in (ROOT / "docs").rglob("*.md") if page.parent.name != "rules"),
]
BLOCKS = [
    pytest.param(named, text, id=f"{page.relative_to(ROOT)}:{text.splitlines()[0][:40]}")
    for page in PAGES
    for named, text in re.findall(
        r"^ *```ya?ml *([^\n]*)\n(.*?)^ *```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
]


def _kind(root: Located) -> tuple[str, bool]:
    """The kind of file a block shows, and whether it shows all of it."""
    first = next(key for key, _ in root.items())
    if first in schemas.KINDS:
        return first, True
    return next((kind for kind in schemas.KINDS if first in schemas.load(kind)["properties"]), ""), False


def _of_the_block(finding: Finding, whole: bool) -> bool:
    """A part lacks the rest of its file, which is told at its first key."""
    return whole or (finding.code, finding.line) != ("RK111", 1)


def test_there_are_blocks() -> None:
    assert len(BLOCKS) >= 15


@pytest.mark.parametrize(("named", "text"), BLOCKS)
def test_a_block_is_right(named: str, text: str) -> None:
    if named:
        assert yaml.safe_load(text), "there is nothing in it"
        return
    document = parse(text, "block.yaml")
    assert document.root is not None and document.findings == ()
    kind, whole = _kind(document.root)
    assert kind, "no key of ours: name the file at the fence"
    findings = shape.judge(kind, document.root)[0]
    assert [finding for finding in findings if _of_the_block(finding, whole)] == []


def test_the_readmes_campaign_is_one_of_the_shipped_project() -> None:
    (text,) = re.findall(
        r"^```yaml\n(campaign: .*?)^```$", (ROOT / "README.md").read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    name = text.partition("\n")[0].removeprefix("campaign: ")
    shipped = {file: text for file, text in read_files(ROOT / "campaigns").items() if "tests/" not in file}
    assert load_files({**shipped, f"{name}.yaml": text}, ROOT / "campaigns").findings == []
