"""What unit tests of the store have in common."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from maild.store.engine import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A new store of SQLite."""
    store = Store(f"sqlite:///{tmp_path}/maild.db")
    store.create()
    yield store
    store.close()
