"""Fixtures every test may use."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from state.store import Store
from state.testing import DIALECTS, database

# so that what the command writes by itself is the same where GitHub runs these tests
os.environ.pop("GITHUB_ACTIONS", None)


@pytest.fixture(params=DIALECTS)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """An empty store on each database in turn."""
    with database(request.param) as url:
        store = Store.open(url)
        yield store
        store.close()
