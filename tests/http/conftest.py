"""A site on each database in turn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from state.store import Store
from tests.http.building import Site, site


@pytest.fixture(name="site")
def site_(store: Store, tmp_path: Path) -> Iterator[Site]:
    """One person who has had a message."""
    with site(store, tmp_path) as visited:
        yield visited
