"""The reference of the language: written from the schemas, and all that leads to it arrives."""

from __future__ import annotations

import re

import pytest

import schemas
from scripts import link_schemas, make_reference
from tests.repo.test_repository import anchors


@pytest.mark.parametrize("kind", schemas.KINDS)
def test_the_reference_is_current(kind: str) -> None:
    assert make_reference.page(kind).read_text(encoding="utf-8") == make_reference.render(kind), "make docs"


@pytest.mark.parametrize("kind", schemas.KINDS)
def test_every_link_that_an_editor_shows_arrives(kind: str) -> None:
    text = link_schemas.schema_file(kind).read_text(encoding="utf-8")
    links = re.findall(r"/docs/reference/(\w+)(?:#([\w.]+))?\)", text)
    assert {page for page, _ in links} == {kind}
    assert {anchor for _, anchor in links if anchor} <= anchors(make_reference.page(kind))


@pytest.mark.parametrize("kind", schemas.KINDS)
def test_a_row_of_the_reference_has_four_cells(kind: str) -> None:
    rows = [line for line in make_reference.render(kind).splitlines() if line.startswith("|")]
    assert {line.count(" | ") for line in rows} == {3}
