"""The house that every story is played in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stories.house import House
from tests.stories.promises import broken


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    built = House(tmp_path)
    yield built
    assert built.faults() == []
    assert broken(built) == []
    built.close()
