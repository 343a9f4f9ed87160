"""Put the house together, run it, stop it; the only place that knows APScheduler, signals and the clock."""

from __future__ import annotations

import contextlib
import gc
import logging
import queue
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import assert_never

from apscheduler.schedulers.background import BackgroundScheduler

from maild import config as configuration
from maild import control, keys, orders, remind, terms
from maild.act import warn
from maild.alarm import Alarm
from maild.config import Config
from maild.deliver import Delivery, Relayed
from maild.disk import told
from maild.furnishing import open_courier, open_historian, open_office, open_readers, take_in, wrong_words
from maild.history import Historian
from maild.ingest import imap, pipe
from maild.ingest.doors import Journal, is_ours
from maild.ingest.mailbox import Health
from maild.ingest.proof import Trust
from maild.ingest.rush import Rush
from maild.listeners import Hall, Listeners, listening
from maild.logs import log_to_stderr, notify
from maild.office import Office
from maild.process import Clerk
from maild.readers.scribe import Scribe
from maild.renewal import Amiss, Renewed, renew
from maild.scraped import scraped
from maild.store import inbox, outbox
from maild.store.engine import Store
from maild.store.fault import LostError, StoreError
from maild.vitals import Vitals
from maild.watch import Watch

COURIERS = 2
GRACE = 10.0
HALF_WRITTEN = timedelta(hours=1)
"""Age at which what a crash left half written in the spool is swept away; nobody was told that it was kept."""

log = logging.getLogger("maild")


def clock() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Daemon:
    """The running house: threads for the doors, the clerk and the couriers, and ticks from the clock."""

    config: Config
    store: Store
    office: Office = field(init=False)
    stop: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Event = field(default_factory=threading.Event)
    written: threading.Event = field(default_factory=threading.Event)
    relay: Relayed = field(default_factory=Relayed)
    health: dict[str, Health] = field(default_factory=dict)
    alarm: Alarm = field(default_factory=Alarm)
    threads: list[threading.Thread] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    clerk: Clerk | None = None
    deciding: bool = False
    """Whether this daemon decides; of those on one database, one does."""
    watch: Watch = field(default_factory=lambda: Watch(None))
    reload: threading.Event = field(default_factory=threading.Event)
    listeners: list[str] = field(default_factory=list)
    doors: Listeners = field(default_factory=Listeners)
    historian: Historian = field(init=False)
    vitals: Vitals = field(init=False)
    _room: tuple[float, bool] = (0.0, True)

    def __post_init__(self) -> None:
        self.office = open_office(self.config, self.store)
        self.historian = open_historian(self.config, self.office, clock, self._has_room)
        self.vitals = Vitals(self.store, clock, self.threads, self.relay, self.health)

    # --- run and stop ---

    def run(self, ready: Callable[[str], None]) -> None:
        """Serve until `stop` is set; `ready` is told the listeners once everything is open."""
        self.store.create()
        folder = self.store.home
        self._recover(alone=self.store.sqlite)
        self._stand()
        if not self.deciding:
            log.info("another daemon decides on this database; this one takes mail in and delivers")
        if problems := wrong_words(self.config):
            self._warn(
                "Own words have a fault: the shipped ones stand in; such canned answers are left out, and so are the "
                "answers of rules that name them.",
                *problems,
            )
        pipe.sweep(folder / "spool", clock() - HALF_WRITTEN)
        journal = Journal(self.store, self.arrived.set, self._has_room)
        service = control.Service(folder, self.answer)
        scheduler = self._scheduler(journal, folder)
        # What is there now stays, so that no collection need look at it again; and a batch of mails makes thousands of
        # things that are gone without one.
        gc.freeze()
        gc.set_threshold(10_000)
        try:
            with self._doors(journal), self._figures():
                self._start_all(journal)
                scheduler.start()
                ready(" ".join(["maild ready", *self.listeners]))
                notify("READY=1")
                self.vitals.feed()
                while not self.stop.wait(1.0):
                    self.vitals.feed()
                notify("STOPPING=1")
        finally:
            self.stop.set()
            self.arrived.set()
            self.written.set()
            self.historian.close()
            with contextlib.suppress(Exception):
                scheduler.shutdown(wait=True)
            last = time.monotonic() + GRACE
            for thread in self.threads:
                thread.join(max(0.1, last - time.monotonic()))
            service.close()
            self.store.close()

    def _start_all(self, journal: Journal) -> None:
        self._start("clerk", partial(self._decide, journal.rush))
        for number in range(1 if self.config.relay.maildir else COURIERS):
            self._start(f"courier-{number + 1}", self._deliver)
        for mailbox in self.config.mailboxes:
            self._start(f"imap-{mailbox.name}", partial(self._fetch, mailbox, journal))

    def _start(self, name: str, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, name=name, daemon=True)
        self.threads.append(thread)
        thread.start()

    # --- the work of each thread ---

    def _decide(self, rush: Rush) -> None:
        readers = open_readers(self.config)
        clerk = Clerk(self.office, readers, terms.ours(self.config), self._trust_of, scribe=Scribe())
        self.clerk = clerk
        try:
            while not self.stop.is_set():
                self.arrived.clear()
                self.vitals.pulse.beat("decider")
                if not (self.deciding and self.store.decides):
                    clerk.stand_down()
                    self.arrived.wait(1.0)
                    continue
                if left := rush.left():
                    self.stop.wait(left)
                    continue
                try:
                    busy = clerk.step(clock(), wait=0.1)
                except LostError:
                    self.stop.wait(1.0)
                    continue
                except Exception:
                    log.exception("the clerk stumbled; going on")
                    self.stop.wait(1.0)
                    continue
                if busy:
                    self.written.set()
                elif not clerk.flights:
                    rush.rested()
                    self.arrived.wait(1.0)
        finally:
            clerk.close()

    def _deliver(self) -> None:
        delivery = Delivery(
            self.office,
            open_courier(self.config),
            clock,
            self.relay,
            self.config.relay.pace,
            terms.patience(self.config),
            holder=f"{self.store.number}/{threading.current_thread().name}",
        )
        self.deliveries.append(delivery)
        while not self.stop.is_set():
            self.written.clear()
            try:
                busy = delivery.step(clock())
                if not busy:
                    self.written.wait(self._until_due())
            except LostError:
                self.stop.wait(1.0)
            except Exception:
                log.exception("a courier stumbled; going on")
                self.stop.wait(1.0)
        delivery.courier.close()

    def _until_due(self) -> float:
        """Seconds until a mail may leave, a second at most: another process may have written meanwhile."""
        with self.store.read() as tx:
            due = outbox.next_due(tx)
        if due is None:
            return 1.0
        due = max(due, self.relay.paused_until or due)
        return min(1.0, max(0.05, (due - clock()).total_seconds()))

    def _fetch(self, box: configuration.Mailbox, journal: Journal) -> None:
        mailbox = terms.mailbox(self.config, box)
        imap.run(mailbox, journal, clock, self.stop, lambda health: self.health.__setitem__(health.mailbox, health))

    # --- ticks ---

    def _scheduler(self, journal: Journal, folder: Path) -> BackgroundScheduler:
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        scheduler = BackgroundScheduler(timezone=UTC)
        for tick, seconds in (
            (self._stand, 1),
            (self._remind, 1),
            (lambda: self._take_spool(journal, folder / "spool"), 1),
            (self._look_at_file, 1),
            (self._recover, 10),
            (self.historian.rest, 60),
            (self._look_at_mailboxes, 60),
            (self._expire, 3600),
        ):
            scheduler.add_job(
                partial(_patiently, tick),
                "interval",
                seconds=seconds,
                max_instances=1,
                coalesce=True,
                misfire_grace_time=None,
            )
        return scheduler

    def _remind(self) -> None:
        self.vitals.pulse.beat("clock")
        while self.deciding and not self.stop.is_set() and remind.step(self.office, clock()):
            self.written.set()
            self.vitals.pulse.beat("clock")

    def _take_spool(self, journal: Journal, spool: Path) -> None:
        if (spool / "new").is_dir():
            pipe.take(spool, journal, size=self.config.listen.max_size)

    def _look_at_mailboxes(self) -> None:
        if lines := self.alarm.look(tuple(self.health.values()), clock()):
            self._warn(*lines)

    def _recover(self, *, alone: bool = False) -> None:
        """Have mails sent again whose sender is dead; who is alone on the store need not ask who lives."""
        recovered = self.store.write(lambda tx: outbox.recover(tx, clock(), alone=alone))
        if recovered:
            log.warning("%d mails were being sent when a maild stopped; they are sent again", recovered)
            self.written.set()

    def _stand(self) -> None:
        """Decide where no other daemon does; whoever begins to takes the roll first."""
        if self.deciding and self.store.decides:
            return
        self.deciding = False
        if self.store.stand():
            self.store.write(lambda tx: take_in(tx, self.office, clock()))
            self.deciding = True
            log.info("this daemon decides")
            self.arrived.set()

    def _expire(self) -> None:
        """Let go of originals that are older than the operator keeps them."""
        keep, now = self.config.keep, clock()
        gone = self.store.write(lambda tx: inbox.expire(tx, now - keep.raw, now - keep.quarantine))
        if self.store.folder is not None:
            for name in gone:
                (self.store.folder / name[:2] / name).unlink(missing_ok=True)

    def _look_at_file(self) -> None:
        asked = self.reload.is_set()
        if not asked and not self.watch.changed(clock()):
            return
        self.reload.clear()
        self._reload(asked=asked)

    def _reload(self, *, asked: bool) -> None:
        """Take the operator's file anew, all of it; where anything is amiss nothing changes, and admins hear why."""
        match renew(self.config, self.store, clock(), asked=asked, deciding=self.deciding):
            case Amiss(lines):
                self._warn(*lines)
            case Renewed(config, office, tls):
                self._apply(config, office)
                self.doors.show(tls)
                log.info("the configuration is applied; store, listeners, mailboxes and relay change at the next start")
            case outcome:
                assert_never(outcome)

    def _apply(self, config: Config, office: Office) -> None:
        self.config, self.office = config, office
        for delivery in self.deliveries:
            delivery.office = office
        if self.clerk is not None:
            self.clerk.office, self.clerk.ours = office, terms.ours(config)
        self.historian.office, self.historian.ours = office, terms.ours(config)
        self.written.set()

    def _warn(self, *lines: str) -> None:
        """Tell the admins of something that needs a look, by mail and in the log."""
        log.error("%s", " ".join(lines))
        self.store.write(lambda tx: warn(tx, self.office, lines, clock()))
        self.written.set()

    # --- doors ---

    @contextlib.contextmanager
    def _doors(self, journal: Journal) -> Iterator[None]:
        """The listeners and the names of all doors."""
        hall = Hall(
            is_ours=lambda recipient: is_ours(recipient, self.config.desk.addresses),
            keep=journal.keep_one,
            has_room=self._has_room,
            now=clock,
        )
        with listening(self.config, hall) as self.doors:
            self.listeners = [*self.doors.names, *(f"imap={mailbox.name}" for mailbox in self.config.mailboxes)]
            yield

    @contextlib.contextmanager
    def _figures(self) -> Iterator[None]:
        """The listener for a monitoring system, where one is wanted."""
        door = self.config.listen.metrics
        if door is None:
            yield
            return
        with scraped(door.host, door.port, self.vitals.page) as place:
            self.listeners.append(f"metrics={place}")
            yield

    def _has_room(self) -> bool:
        """Whether the disk has room for more mail; looked up once a second."""
        at, room = self._room
        if time.monotonic() - at > 1.0:
            room = shutil.disk_usage(self.store.home).free > self.config.limits.free_disk
            self._room = (time.monotonic(), room)
        return room

    def _trust_of(self, kept: inbox.Kept) -> Trust:
        return terms.trust(self.config, kept.peer, kept.mailbox)

    # --- the control socket ---

    def answer(self, request: control.Request) -> control.Answer:
        if request.get("do") == "status":
            return self.status()
        if request.get("do") in {"import", "import-again"}:
            if not self.deciding:
                return {"ok": False, "words": "another daemon decides on this store: run the import where it runs"}
            return self.historian.answer(request)
        answer = self.store.write(lambda tx: orders.execute(tx, self.office, request, clock()))
        if request.get("do") == "outbox-retry":
            self.relay.resume(clock())
        self.arrived.set()
        self.written.set()
        return answer

    def status(self) -> control.Answer:
        """How the running daemon is, in plain words where something is wrong."""
        troubles = list(self.vitals.troubles())
        words, decides = "; ".join(troubles), self.deciding and self.store.decides
        said = {"ok": not troubles, "words": words, "troubles": troubles, "listeners": self.listeners}
        return {**said, "decides": decides}


def _patiently(tick: Callable[[], None]) -> None:
    """Do what a tick does; while the database does not answer, which the store itself tells, the next one will."""
    with contextlib.suppress(LostError):
        tick()


def heed_signals(stop: threading.Event, reload: threading.Event) -> None:
    """Set `stop` at SIGTERM and SIGINT, `reload` at SIGHUP.

    A thread of its own does it: a handler may come in the middle of another one, and both would wait for the event's
    lock for ever. `SimpleQueue.put` may be called again while it is at work.
    """
    came: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: came.put(number))

    def heed() -> None:
        while True:
            (reload if came.get() == signal.SIGHUP else stop).set()

    threading.Thread(target=heed, name="signals", daemon=True).start()


def run(config: Config, *, log_json: bool, hint: str = "") -> int:
    """Run in the foreground until SIGTERM or SIGINT; 0 after a clean stop, 1 where it could not start.

    `hint` is told to whoever started it, once it serves.
    """
    log_to_stderr(log_json=log_json)
    try:
        store = Store(config.store.url, config.store.folder)
        with control.lock(store.home):
            daemon = Daemon(config, store)
            daemon.watch = Watch(config.path)
            daemon.watch.changed(clock())
            daemon.watch.taken = daemon.watch.seen
            heed_signals(daemon.stop, daemon.reload)

            def ready(words: str) -> None:
                print(words, flush=True)
                if hint:
                    print(hint, file=sys.stderr, flush=True)

            daemon.run(ready)
    except (control.LockedError, keys.SecretError, terms.CertificateError, StoreError) as fault:
        print(f"maild: {fault}", file=sys.stderr)
        return 1
    except OSError as fault:
        print(f"maild: {told(fault)}; see: maild check", file=sys.stderr)
        return 1
    return 0
