"""Whatever is laid out says the same as before: to us, to other readers of YAML, and to whoever reads its comments."""

from __future__ import annotations

import io
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import event, example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from engine.comments import read_comments
from engine.document import parse
from engine.fmt import lay_out
from tests.fmt.documents import documents
from tests.language.support import DATA

ROOT = Path(__file__).parents[2]
FILES = [
    *sorted((ROOT / "campaigns").rglob("*.yaml")),
    *sorted((ROOT / "engine/cli/starter").rglob("*.yaml")),
    *sorted((DATA / "projects").rglob("*.yaml")),
    *sorted((DATA / "err").glob("*.yaml")),
]


def _by_1_2(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(io.StringIO(text))


def _comments(text: str) -> Counter[str]:
    return Counter(comment.text.rstrip() for comment in read_comments(text, "x.yaml").comments)


def _laid_out(text: str) -> str | None:
    """The layout, when there is one, having looked at all that must be true of it."""
    before = parse(text, "x.yaml")
    found = lay_out(text, "x.yaml")
    if found.findings:
        assert found.text == text
        return None
    after = parse(found.text, "x.yaml")
    assert before.root is not None and after.root is not None
    assert after.root.plain() == before.root.plain()
    assert _comments(found.text) == _comments(text)
    assert lay_out(found.text, "x.yaml").text == found.text
    assert found.text.endswith("\n") and "\r" not in found.text and "\ufeff" not in found.text
    return found.text


@settings(deadline=None, max_examples=120)
@given(document=documents())
@example(("a: &a0 x\nb: *a0\n", 0))
def test_a_document_keeps_its_data_and_each_comment(document: tuple[str, int]) -> None:
    text, remarks = document
    after = _laid_out(text)
    event("laid out" if after else "not sound")
    if after is None:
        return
    written = Counter(re.findall(r"#\s*(r\d{3})", text))
    assert Counter(re.findall(r"#\s*(r\d{3})", after)) == written, remarks
    assert yaml.safe_load(after) == yaml.safe_load(text)  # YAML 1.1


@settings(deadline=None, max_examples=30)
@given(document=documents())
def test_another_reader_of_yaml_1_2_agrees(document: tuple[str, int]) -> None:
    text, _ = document
    after = _laid_out(text)
    if after is not None:
        assert _by_1_2(after) == _by_1_2(text.replace("\r\n", "\n"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_files_keep_what_they_say(path: Path) -> None:
    _laid_out(path.read_text(encoding="utf-8"))


_NOISE = st.sampled_from(
    ["", "  ", "# alone", "      # deep", "\t# tab", "  -", "  x: 1", "'", "]", "&a", "*a", "|", "---"]
)


@settings(deadline=None, max_examples=50)
@given(
    path=st.sampled_from(FILES), edits=st.lists(st.tuples(st.floats(0, 1), _NOISE, st.booleans()), max_size=3)
)
def test_damaged_files_are_laid_out_whole_or_left_alone(
    path: Path, edits: list[tuple[float, str, bool]]
) -> None:
    lines = path.read_text(encoding="utf-8").split("\n")[:60]
    for where, noise, beside in edits:
        at = int(where * (len(lines) - 1))
        lines[at : at + beside] = [f"{lines[at]}  {noise}"] if beside else [noise]
    _laid_out("\n".join(lines))


@settings(deadline=None, max_examples=100)
@given(content=st.binary(max_size=200))
def test_arbitrary_bytes_are_findings_or_laid_out(content: bytes) -> None:
    _laid_out(content.decode("utf-8", "surrogateescape"))
