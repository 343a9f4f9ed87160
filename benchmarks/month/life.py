"""One life of the desk's process, seen from outside: it is started, given orders, and ends or is killed."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from benchmarks.month.desk import Die, HandedOver, Kept, Order, Rests, Stop, serve
from benchmarks.month.letters import Letter
from benchmarks.month.relay import Relay

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["benchmarks.month.desk"])
_PATIENCE = 60.0


class StuckError(Exception):
    """The desk's process neither worked nor died: the figures of the month would mean nothing."""


@dataclass(frozen=True, slots=True)
class Worked:
    """What became of some orders: the mails that are kept, and when to look again; `died` says that it was killed."""

    kept: frozenset[int]
    wake: datetime | None
    died: bool


@dataclass
class Life:
    """The process and the line to it; `hand_overs` counts down to the mail at which it is killed, 0 for never."""

    relay: Relay
    process: BaseProcess
    line: Connection
    hand_overs: int = 0
    heard: list[Letter] = field(default_factory=list)

    def gives(self, now: datetime, orders: Sequence[Order]) -> Worked:
        """Tell it the time and what happens, and serve it as its relay until it rests or dies."""
        try:
            self.line.send((now, list(orders)))
        except OSError:
            return self._dead(frozenset())
        return self.hears(now)

    def hears(self, now: datetime) -> Worked:
        """Serve the process until it rests or dies."""
        kept: set[int] = set()
        while True:
            try:
                if not self.line.poll(_PATIENCE):
                    raise StuckError(f"the desk said nothing for {_PATIENCE:.0f} s; simulated time is {now}")
                said = self.line.recv()
            except (EOFError, ConnectionResetError):
                return self._dead(frozenset(kept))
            match said:
                case Kept(key):
                    kept.add(key)
                case Rests(wake):
                    return Worked(frozenset(kept), wake, died=False)
                case HandedOver(row, mail):
                    envelope = mail.envelope
                    outcome, letter = self.relay.takes(
                        now, row, mail.message_id, envelope.sender, envelope.recipient, mail.content
                    )
                    if letter is not None:
                        self.heard.append(letter)
                    if self._last_hand_over():
                        self.process.kill()
                        return self._dead(frozenset(kept))
                    self.line.send(outcome)

    def stops(self, now: datetime) -> None:
        """End it in good order."""
        self.line.send((now, [Stop()]))
        self.process.join(_PATIENCE)
        self.line.close()
        if self.process.exitcode != 0:
            raise StuckError(f"the desk ended with {self.process.exitcode}")

    def _last_hand_over(self) -> bool:
        if self.hand_overs:
            self.hand_overs -= 1
            return self.hand_overs == 0
        return False

    def _dead(self, kept: frozenset[int]) -> Worked:
        self.process.join(_PATIENCE)
        self.line.close()
        if self.process.exitcode != -signal.SIGKILL:
            raise StuckError(f"the desk ended by itself with {self.process.exitcode}")
        return Worked(kept, None, died=True)


def born(path: Path, relay: Relay, now: datetime, die: Die | None = None) -> Life:
    """Start the desk on the operator's file."""
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=serve, args=(theirs, path, now, die), daemon=True)
    process.start()
    theirs.close()
    return Life(relay, process, ours)
