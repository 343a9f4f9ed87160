"""Whether the loops that do the work still turn; the watchdog is fed by their signs of life, and by nothing else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

PATIENCE = 60.0
"""Seconds of silence after which a loop counts as stuck, where nobody says otherwise."""


def patience_of(environment: Mapping[str, str]) -> float:
    """Seconds that a loop may be silent: half of systemd's WATCHDOG_USEC (sd_watchdog_enabled(3)), 60 at most."""
    allowed = environment.get("WATCHDOG_USEC", "")
    if not allowed.isdecimal() or int(allowed) == 0:
        return PATIENCE
    return min(PATIENCE, int(allowed) / 2e6)


@dataclass(slots=True)
class Pulse:
    """When each loop last gave a sign of life; `patience` in seconds. Any thread may use it."""

    patience: float = PATIENCE
    clock: Callable[[], float] = time.monotonic
    _beats: dict[str, float] = field(default_factory=dict)
    _asked: Future[Any] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def beat(self, loop: str) -> None:
        """A loop is alive at this moment; from its first beat on it is expected to go on."""
        with self._lock:
            self._beats[loop] = self.clock()

    def ask(self, loop: str, begin: Callable[[], Future[Any]]) -> None:
        """Give a loop some work, unless it still has the last; it beats when that is done, or has failed.

        A failure is a sign of life as well: what is wrong then, a restart does not heal.
        """
        with self._lock:
            self._beats.setdefault(loop, self.clock())
        if self._asked is None or self._asked.done():
            self._asked = begin()
            self._asked.add_done_callback(lambda _: self.beat(loop))

    def silences(self) -> dict[str, float]:
        """For how many seconds each loop has been silent."""
        with self._lock:
            now = self.clock()
            return {loop: now - at for loop, at in sorted(self._beats.items())}

    def stuck(self) -> list[str]:
        """The loops that have been silent for longer than `patience`."""
        return [loop for loop, silent in self.silences().items() if silent > self.patience]
