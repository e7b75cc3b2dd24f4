"""A world to run the real command in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.world import World, make_world


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A sound project with twelve people."""
    return make_world(tmp_path / "project")
