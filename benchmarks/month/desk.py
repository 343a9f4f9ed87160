"""The desk of the month: a process with a real store, real reading and deciding, that is told what time it is.

It does what the daemon does at a start, at a reload, and while it runs, in one thread; only doors and clock are not
there. It may be told to die at one of its commits, and then it does, by SIGKILL.
"""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, assert_never

from sqlalchemy import event

from maild import config, control, orders, remind, roll, terms
from maild.courier import Outcome
from maild.deliver import Delivery
from maild.furnishing import open_office
from maild.ingest import reading
from maild.ingest.kind import Ours
from maild.ingest.proof import Trust
from maild.mail import Arrival, Outgoing
from maild.process import Clerk
from maild.readers import Outcome as ReadingOutcome
from maild.readers import Read
from maild.store import inbox, outbox
from maild.store.engine import Store, Tx

_CLOCK = """
select min(due_at) from timer
union all select min(look_at) from absence where stage in ('doubted', 'asked', 'set', 'begun')
"""
_MAILS = """
select min(next_at) from outbox where state in ('waiting', 'uncertain') and next_at > :now
union all select min(after_until) from outbox where state in ('waiting', 'uncertain') and after_until > :now
"""
_LATER = "select min(key) from meta where key >= 'later:' and key < 'later;'"


@dataclass(frozen=True, slots=True)
class Arrive:
    """A mail comes to the door; `key` tells it from every other one."""

    key: int
    raw: bytes
    sender: str
    to: str
    peer: str


@dataclass(frozen=True, slots=True)
class Reload:
    """The operator has sent SIGHUP."""


@dataclass(frozen=True, slots=True)
class Ask:
    """An admin types `maild agents ...`: the request that goes to the daemon's socket."""

    request: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Die:
    """Be killed at the commit that is so many commits away, before it is written or after it was."""

    commits: int
    before: bool


@dataclass(frozen=True, slots=True)
class Stop:
    """End in good order."""


Order = Arrive | Reload | Ask | Die | Stop


@dataclass(frozen=True, slots=True)
class Kept:
    """The mail with this key is kept: what a door answers 250 to."""

    key: int


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A mail for the relay; the answer is awaited."""

    row: int
    mail: Outgoing


@dataclass(frozen=True, slots=True)
class Rests:
    """All that could be done now is done; `wake` is when there is more."""

    wake: datetime | None


@dataclass
class InlineReaders:
    """Reads at once, in this process; the pool of children has its own tests."""

    finished: list[tuple[int, ReadingOutcome]] = field(default_factory=list)

    def submit(self, key: int, raw: bytes, *, sender: str | None, ours: Ours, trust: Trust) -> None:
        self.finished.append((key, Read(reading.read(raw, sender=sender, ours=ours, trust=trust))))

    def wait(self, timeout: float) -> list[tuple[int, ReadingOutcome]]:  # noqa: ARG002  nothing is awaited here
        finished, self.finished = self.finished, []
        return finished

    def close(self) -> None:
        self.finished = []


@dataclass
class Fate:
    """How many commits are left to this process; 0 for as many as it likes."""

    commits: int = 0
    before: bool = False

    def attach(self, store: Store) -> None:
        """Have every connection of the store count its commits."""
        fate = self

        class Mortal(sqlite3.Connection):
            def execute(self, words: str, /, *values: Any) -> sqlite3.Cursor:
                last = words == "COMMIT" and fate.last()
                if last and fate.before:
                    os.kill(os.getpid(), signal.SIGKILL)
                cursor = super().execute(words, *values)
                if last:
                    os.kill(os.getpid(), signal.SIGKILL)
                return cursor

        def connect(_dialect: Any, _record: Any, _words: Any, parameters: dict[str, Any]) -> None:
            parameters["factory"] = Mortal

        event.listen(store._engine, "do_connect", connect)

    def last(self) -> bool:
        if self.commits:
            self.commits -= 1
            return self.commits == 0
        return False


@dataclass
class LineCourier:
    """Hands mail to the relay at the other end of the line."""

    line: Connection

    def send(self, mail: Outgoing, row: int) -> Outcome:
        self.line.send(HandedOver(row, mail))
        outcome: Outcome = self.line.recv()
        return outcome

    def close(self) -> None:
        """The line is somebody else's."""


class Desk:
    """The running desk: every verb is something that the daemon does."""

    def __init__(self, line: Connection, path: Path, now: datetime, fate: Fate) -> None:
        self.line, self.path, self.now = line, path, now
        self.config = config.load(path)
        self.store = Store(self.config.store.url)
        fate.attach(self.store)
        self.store.create()
        self.file = sqlite3.connect(path.parent / "maild.db")
        self.office = open_office(self.config, self.store)
        self.clerk = Clerk(
            self.office,
            InlineReaders(),  # type: ignore[arg-type]  # the same verbs, in this process
            terms.ours(self.config),
            lambda kept: terms.trust(self.config, kept.peer, kept.mailbox),
        )
        self.delivery = Delivery(self.office, LineCourier(line), lambda: self.now)
        self.write(lambda tx: outbox.recover(tx, now, alone=True))
        self.write(lambda tx: roll.take(tx, self.office, now))

    def write(self, job: Callable[[Tx], Any]) -> None:
        self.store.write(job)

    def works(self) -> Rests:
        """Do all that can be done now."""
        while self.clerk.step(self.now) or self._reminds() or self.delivery.step(self.now):
            pass
        return Rests(self._wake())

    def _reminds(self) -> bool:
        """Carry out a timer; the clock here knows by itself whether one is due, and need not look each second."""
        due = min(self._moments(), default=None)
        return due is not None and due <= self.now and remind.step(self.office, self.now)

    def reload(self) -> None:
        """Take the operator's file anew, as at SIGHUP."""
        self.config = config.load(self.path)
        office = open_office(self.config, self.store)
        self.office = self.clerk.office = self.delivery.office = office
        self.clerk.ours = terms.ours(self.config)
        self.write(lambda tx: roll.take(tx, office, self.now))

    def keep(self, mail: Arrive) -> None:
        arrival = Arrival(f"smtp:{mail.key}", mail.raw, mail.sender, (mail.to,), self.now, peer=mail.peer)
        self.write(lambda tx: inbox.keep(tx, arrival))
        self.line.send(Kept(mail.key))

    def asks(self, request: control.Request) -> None:
        """Do what an admin asks for at the command line, through the daemon's socket."""
        self.write(lambda tx: orders.execute(tx, self.office, request, self.now))

    def close(self) -> None:
        self.clerk.close()
        self.file.close()
        self.store.close()

    def _moments(self) -> list[datetime]:
        """When the next timer, absence and gathered telling are due."""
        moments = [_utc(found) for (found,) in self.file.execute(_CLOCK) if found]
        (later,) = self.file.execute(_LATER).fetchone()
        if later:
            moments.append(datetime.strptime(later.split(":")[1], "%Y-%m-%dT%H-%M-%S.%f").replace(tzinfo=UTC))
        return moments

    def _wake(self) -> datetime | None:
        """When a timer, an absence, a mail or a gathered telling is due next."""
        now = self.now.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        moments = self._moments()
        moments.extend(_utc(found) for (found,) in self.file.execute(_MAILS, {"now": now}) if found)
        if self.delivery.relay.paused_until is not None:
            moments.append(self.delivery.relay.paused_until)
        return min((moment for moment in moments if moment > self.now), default=None)


def serve(line: Connection, path: Path, now: datetime, die: Die | None) -> None:
    """Run as a process: carry out the orders that come with a moment, until the line or this process ends."""
    fate = Fate(die.commits, die.before) if die else Fate()
    with control.lock(path.parent):
        desk = Desk(line, path, now, fate)
        line.send(desk.works())
        while True:
            try:
                desk.now, orders = line.recv()
            except EOFError:
                return
            for order in orders:
                if isinstance(order, Stop):
                    desk.close()
                    return
                _carry_out(order, desk, fate)
            line.send(desk.works())


def _carry_out(order: Order, desk: Desk, fate: Fate) -> None:
    match order:
        case Arrive():
            desk.keep(order)
        case Reload():
            desk.reload()
        case Ask(request):
            desk.asks(request)
        case Die(commits, before):
            fate.commits, fate.before = commits, before
        case Stop():
            raise AssertionError("whoever serves sees to the end")
        case _:
            assert_never(order)


def _utc(found: str) -> datetime:
    """A moment as SQLite keeps it."""
    return datetime.fromisoformat(found).replace(tzinfo=UTC)
