"""A rush at the doors: mails that come in one upon the other are all taken in before the first is decided."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

LULL = 0.02
"""Seconds without a mail after which a rush is over; every mail waits so long to be decided."""
LONGEST = 2.0
"""Seconds for which deciding is put off at most, so that a flood without an end is answered all the same."""


@dataclass(slots=True)
class Rush:
    """How long deciding leaves the machine to the doors, so that senders need not wait for our own work.

    The doors say, in one thread, when a mail has `come` and when it is `kept`, or could not be; whoever decides asks
    what is `left` before each step, and says `rested` where no mail waits any more. `clock` counts seconds.
    """

    clock: Callable[[], float] = time.monotonic
    _began: float | None = None
    _last: float = 0.0
    _inside: int = 0

    def come(self) -> None:
        """A mail is at the door."""
        self._last = self.clock()
        self._inside += 1
        if self._began is None:
            self._began = self._last

    def kept(self) -> None:
        """A mail that had come has been answered."""
        self._last = self.clock()
        self._inside -= 1

    def left(self) -> float:
        """Seconds to wait before the next decision; 0 where it may be made now."""
        began, now = self._began, self.clock()
        if began is None:
            return 0.0
        last = now if self._inside else self._last
        return max(0.0, min(last + LULL, began + LONGEST) - now)

    def rested(self) -> None:
        """All mails are decided, so the next that comes begins another rush."""
        self._began = None
