"""How the running daemon is: for systemd, for `maild status`, and for a monitoring system."""

from __future__ import annotations

import logging
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from maild import __version__
from maild.deliver import Relayed
from maild.ingest.mailbox import Health
from maild.logs import notify
from maild.metrics import Life, families, render
from maild.pulse import Pulse, patience_of
from maild.store import figures
from maild.store.engine import Store

FRESH = 5.0
"""Seconds for which the figures of one look at the store are told again."""

log = logging.getLogger("maild")


@dataclass(slots=True)
class Vitals:
    """Looks at what the daemon's threads leave for it; the daemon hands in what it shares with them."""

    store: Store
    clock: Callable[[], datetime]
    threads: Sequence[threading.Thread]
    relay: Relayed
    health: Mapping[str, Health]
    pulse: Pulse = field(default_factory=lambda: Pulse(patience_of(os.environ)))
    started: float = field(default_factory=time.time)
    _told: tuple[str, ...] = ()
    _page: tuple[float, str] = (float("-inf"), "")
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def feed(self) -> None:
        """Tell systemd that all is well, as long as every loop turns; a stuck one ends that, and is told once."""
        self.pulse.ask("writer", lambda: self.store.submit(lambda _: None))
        stuck = tuple(self.pulse.stuck())
        if stuck != self._told:
            words = (
                f"no sign of life for {self.pulse.patience:g} s from: {', '.join(stuck)}"
                if stuck
                else "all loops turn again"
            )
            log.log(logging.ERROR if stuck else logging.INFO, "%s", words)
            notify(f"STATUS={words}")
        self._told = stuck
        if not stuck:
            notify("WATCHDOG=1")

    def troubles(self) -> Iterator[str]:
        """What is wrong, in plain words."""
        yield from (
            f"thread {thread.name} has ended; restart maild" for thread in self.threads if not thread.is_alive()
        )
        for loop in self.pulse.stuck():
            yield f"the {loop} is stuck: no sign of life for {self.pulse.silences()[loop]:.0f} s; restart maild"
        if self.store.lost_since is not None:
            yield f"the database does not answer: {self.store.shown}"
        if self.store.refuses:
            yield f"the database takes nothing ({self.store.refuses}): {self.store.shown}; check disk, rights and locks"
        if worry := self.relay.worry(self.clock()):
            yield worry
        for health in list(self.health.values()):
            if health.failing_since is not None:
                yield f"mailbox {health.mailbox}: {health.reason}"
            yield from (f"mailbox {health.mailbox}: {left}" for left in health.left)

    def page(self) -> str:
        """The figures in Prometheus' text form; the store is looked at once in five seconds at most."""
        with self._lock:
            at, page = self._page
            if time.monotonic() - at > FRESH:
                now = self.clock()
                with self.store.read() as tx:
                    counted = figures.count(tx, now)
                page = render(families(counted, self._life(), now))
                self._page = (time.monotonic(), page)
            return page

    def _life(self) -> Life:
        folder = self.store.home
        return Life(
            version=__version__,
            started=self.started,
            answers=dict(self.relay.answers),
            relay_works=not self.relay.worry(self.clock()),
            mailboxes=tuple(self.health.values()),
            silences=self.pulse.silences(),
            threads_ended=sum(not thread.is_alive() for thread in self.threads),
            children=children(),
            free=shutil.disk_usage(folder).free,
            spooled=_count(folder / "spool" / "new"),
            unreadable=_count(folder / "spool" / "bad"),
        )


def children() -> int:
    """How many child processes we have, as far as the system tells (proc(5): /proc/PID/task/TID/children)."""
    try:
        told = [path.read_text("ascii") for path in Path("/proc/self/task").glob("*/children")]
    except OSError:
        return 0
    return sum(len(words.split()) for words in told)


def _count(folder: Path) -> int:
    return sum(1 for _ in folder.iterdir()) if folder.is_dir() else 0
