"""The inbox, as a door sees it, and how much a door hands over at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from maild.mail import Arrival

MOST_MAILS: Final = 50
"""Mails that a door hands over in one commit."""
MOST_BYTES: Final = 4_000_000
"""Octets of them together, save for one mail that is bigger."""


class Journal(Protocol):
    """The inbox, as a door sees it."""

    def kept(self, sources: Sequence[str]) -> set[str]:
        """Tell which of these sources are in the inbox already."""
        ...

    def keep(self, arrivals: Sequence[Arrival]) -> None:
        """Keep all of these and return after the commit; raise where that failed."""
        ...
