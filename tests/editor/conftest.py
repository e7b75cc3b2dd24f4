"""One YAML language server, and a project to edit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.cli import main
from tests import npm
from tests.editor.client import Editor


@pytest.fixture(scope="session")
def editor() -> Iterator[Editor]:
    """The server that most editors use for YAML."""
    editor = Editor(npm.node("yaml-language-server", "bin/yaml-language-server", "--stdio"))
    yield editor
    editor.quit()


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``rekindle init`` writes, with an attribute and its values declared, and the schemas written anew."""
    folder = tmp_path_factory.mktemp("acme")
    assert CliRunner().invoke(main, ["init", str(folder)]).exit_code == 0
    file = folder / "rekindle.yaml"
    text = file.read_text(encoding="utf-8").replace("people:\n", "people:\n  attributes: {seats: number}\n", 1)
    listed = text.replace("    churn_reason: [", "    loss_reason: [price, timing]\n    churn_reason: [", 1)
    assert "attributes" in text
    assert listed != text
    file.write_text(listed, encoding="utf-8")
    assert CliRunner().invoke(main, ["--project", str(folder), "schema", "--write"]).exit_code == 0
    return folder
