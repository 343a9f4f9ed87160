"""Put the house together, run it, stop it; the only place that knows APScheduler, signals and the clock."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import secrets
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
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler

from maild import config as configuration
from maild import control, courier, keys, remind, roll, terms
from maild.act import Office, warn
from maild.config import Config, ConfigError
from maild.deliver import Delivery, Relayed
from maild.history import Historian
from maild.ingest import imap, pipe, smtp
from maild.ingest.doors import Journal, is_ours
from maild.ingest.mailbox import Health
from maild.ingest.proof import Trust
from maild.logs import log_to_stderr, notify
from maild.process import Clerk
from maild.readers import Readers
from maild.readers.scribe import Scribe
from maild.store import inbox, outbox
from maild.store.engine import Store, Tx
from maild.telling import Press
from maild.templates.render import Templates
from maild.watch import Watch, vanished

READERS = 2
COURIERS = 2
GRACE = 10.0
HALF_WRITTEN = timedelta(hours=1)
"""Age at which what a crash left half written in the spool is swept away; nobody was told that it was kept."""

_STAYS = "The configuration stays as it was"

log = logging.getLogger("maild")


def clock() -> datetime:
    return datetime.now(UTC)


def open_office(config: Config, store: Store) -> Office:
    """Everything that deciding needs, from the operator's file; the secret is made on the first run."""
    keyring = keys.load_or_make(config.store.secret_file, config.desk.domain, secrets.token_bytes(keys.SECRET_BYTES))
    return Office(store, Press(config.desk, keyring, Templates(config.templates)), config.rules)


def _take_in(tx: Tx, office: Office, now: datetime) -> None:
    """What follows from the file for people and for tickets that are there, in one transaction."""
    roll.take(tx, office, now)
    remind.heed(tx, office, now)


def open_courier(config: Config) -> courier.Courier:
    relay, patience = config.relay, terms.timeouts(config)
    if relay.maildir is not None:
        return courier.MaildirCourier(relay.maildir)
    tls: Any = relay.tls
    return courier.courier_of(relay.url, relay.user, relay.password, tls, patience, name=config.desk.domain)


def open_historian(config: Config, office: Office, has_room: Callable[[], bool]) -> Historian:
    """Whoever takes old mail in, with the limits of the operator's file."""
    readers = partial(Readers, READERS, terms.share(config), terms.reading_limits(config))
    return Historian(office, terms.ours(config), readers, clock, has_room)


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
    threads: list[threading.Thread] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    clerk: Clerk | None = None
    watch: Watch = field(default_factory=lambda: Watch(None))
    reload: threading.Event = field(default_factory=threading.Event)
    listeners: list[str] = field(default_factory=list)
    historian: Historian = field(init=False)
    _room: tuple[float, bool] = (0.0, True)

    def __post_init__(self) -> None:
        self.office = open_office(self.config, self.store)
        self.historian = open_historian(self.config, self.office, self._has_room)

    # --- run and stop ---

    def run(self, ready: Callable[[str], None]) -> None:
        """Serve until `stop` is set; `ready` is told the listeners once everything is open."""
        self.store.create()
        folder = self.store.folder.parent
        # We hold the lock of this store, so whoever was sending is dead: nobody waits for the end of a lease.
        recovered = self.store.write(lambda tx: outbox.recover(tx, clock(), alone=True))
        if recovered:
            log.warning("%d mails were being sent when maild stopped; they are sent again", recovered)
        self.store.write(lambda tx: _take_in(tx, self.office, clock()))
        pipe.sweep(folder / "spool", clock() - HALF_WRITTEN)
        journal = Journal(self.store, self.arrived.set, self._has_room)
        service = control.Service(folder, self.answer)
        scheduler = self._scheduler(journal, folder)
        # What is there now stays, so that no collection need look at it again; and a batch of mails makes thousands of
        # things that are gone without one.
        gc.freeze()
        gc.set_threshold(10_000)
        try:
            with self._doors(journal):
                self._start_all(journal)
                scheduler.start()
                ready(" ".join(["maild ready", *self.listeners]))
                notify("READY=1")
                while not self.stop.wait(1.0):
                    notify("WATCHDOG=1")
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
        self._start("clerk", self._decide)
        for number in range(1 if self.config.relay.maildir else COURIERS):
            self._start(f"courier-{number + 1}", self._deliver)
        for mailbox in self.config.mailboxes:
            self._start(f"imap-{mailbox.name}", partial(self._fetch, mailbox, journal))

    def _start(self, name: str, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, name=name, daemon=True)
        self.threads.append(thread)
        thread.start()

    # --- the work of each thread ---

    def _decide(self) -> None:
        config = self.config
        readers = Readers(READERS, terms.share(config), terms.reading_limits(config))
        clerk = Clerk(self.office, readers, terms.ours(config), self._trust_of, scribe=Scribe())
        self.clerk = clerk
        try:
            while not self.stop.is_set():
                self.arrived.clear()
                try:
                    busy = clerk.step(clock(), wait=0.1)
                except Exception:
                    log.exception("the clerk stumbled; going on")
                    self.stop.wait(1.0)
                    continue
                if busy:
                    self.written.set()
                elif not clerk.flights:
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
        )
        self.deliveries.append(delivery)
        while not self.stop.is_set():
            self.written.clear()
            try:
                busy = delivery.step(clock())
            except Exception:
                log.exception("a courier stumbled; going on")
                self.stop.wait(1.0)
                continue
            if not busy:
                self.written.wait(self._until_due())
        delivery.courier.close()

    def _until_due(self) -> float:
        """Seconds until a mail is due, a second at most: another process may have written meanwhile."""
        with self.store.read() as tx:
            due = outbox.next_due(tx)
        return 1.0 if due is None else min(1.0, max(0.05, (due - clock()).total_seconds()))

    def _fetch(self, box: configuration.Mailbox, journal: Journal) -> None:
        mailbox = terms.mailbox(self.config, box)
        if mailbox is None:
            log.error("mailbox %s: it has no password, and this version cannot do OAuth", box.name)
            return
        imap.run(mailbox, journal, clock, self.stop, lambda health: self.health.__setitem__(health.mailbox, health))

    # --- ticks ---

    def _scheduler(self, journal: Journal, folder: Path) -> BackgroundScheduler:
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        scheduler = BackgroundScheduler(timezone=UTC)
        for tick, seconds in (
            (self._remind, 1),
            (lambda: self._take_spool(journal, folder / "spool"), 1),
            (self._look_at_file, 1),
            (self._recover, 60),
            (self.historian.rest, 60),
            (self._expire, 3600),
        ):
            scheduler.add_job(
                tick, "interval", seconds=seconds, max_instances=1, coalesce=True, misfire_grace_time=None
            )
        return scheduler

    def _remind(self) -> None:
        while not self.stop.is_set() and remind.step(self.office, clock()):
            self.written.set()

    def _take_spool(self, journal: Journal, spool: Path) -> None:
        if (spool / "new").is_dir():
            pipe.take(spool, journal, size=self.config.listen.max_size)

    def _recover(self) -> None:
        self.store.write(lambda tx: outbox.recover(tx, clock()))

    def _expire(self) -> None:
        """Let go of originals that are older than the operator keeps them."""
        keep, now = self.config.keep, clock()
        for name in self.store.write(lambda tx: inbox.expire(tx, now - keep.raw, now - keep.quarantine)):
            (self.store.folder / name[:2] / name).unlink(missing_ok=True)

    def _look_at_file(self) -> None:
        asked = self.reload.is_set()
        if not asked and not self.watch.changed(clock()):
            return
        self.reload.clear()
        self._reload(asked=asked)

    def _reload(self, *, asked: bool) -> None:
        """Take the operator's file anew, all of it; where anything is amiss nothing changes, and admins hear why."""
        try:
            fresh, office = self._read_anew()
            gone = vanished(self.config, fresh)
            if gone and not asked:
                self._warn(f"{_STAYS}: {', '.join(gone)} vanished from it; send SIGHUP to apply it.")
                return
            self.store.write(lambda tx: _take_in(tx, office, clock()))
        except ConfigError as fault:
            self._warn(f"{_STAYS}.", *(str(problem) for problem in fault.problems[:20]))
            return
        except (keys.SecretError, OSError) as fault:
            self._warn(f"{_STAYS}.", str(fault))
            return
        except Exception as fault:
            log.exception("the configuration could not be taken")
            self._warn(f"{_STAYS}.", f"It could not be taken ({type(fault).__name__}); the log says more.")
            return
        self.config, self.office = fresh, office
        for delivery in self.deliveries:
            delivery.office = self.office
        if self.clerk is not None:
            self.clerk.office = self.office
            self.clerk.ours = terms.ours(fresh)
        self.historian.office, self.historian.ours = office, terms.ours(fresh)
        self.written.set()
        log.info("the configuration is applied; the store, listeners, mailboxes and the relay change at the next start")

    def _read_anew(self) -> tuple[Config, Office]:
        """What the file says now; it may be anything, and waiting for it to be written would stop the clock."""
        path = self.config.path
        if path is not None and path.exists() and not path.is_file():
            raise OSError(f"{path}: is no plain file")
        fresh = configuration.load(path)
        if not fresh.store.secret_file.exists():
            # a new one would make every address void that customers hold
            raise keys.SecretError(
                f"{fresh.store.secret_file}: there is no such file; a new secret is made only at a start"
            )
        return fresh, open_office(fresh, self.store)

    def _warn(self, *lines: str) -> None:
        """Tell the admins of something that needs a look, by mail and in the log."""
        log.error("%s", " ".join(lines))
        self.store.write(lambda tx: warn(tx, self.office, lines, clock()))
        self.written.set()

    # --- doors ---

    @contextlib.contextmanager
    def _doors(self, journal: Journal) -> Iterator[None]:
        """The listeners, in an event loop of their own thread."""
        self.listeners = [f"imap={mailbox.name}" for mailbox in self.config.mailboxes]
        door = self.config.listen.smtp
        if door is None:
            yield
            return
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, name="smtp", daemon=True)
        thread.start()
        opening = asyncio.run_coroutine_threadsafe(self._open_smtp(door, journal), loop)
        try:
            opened = opening.result()
            self.listeners[:0] = [f"smtp={host}:{port}" for host, port in opened.addresses]
            yield
            asyncio.run_coroutine_threadsafe(opened.close(GRACE), loop).result(GRACE * 2)
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(GRACE)
            loop.close()

    async def _open_smtp(self, door: configuration.Door, journal: Journal) -> smtp.Door:
        config = self.config
        return await smtp.open_door(
            door.host,
            door.port,
            hostname=config.desk.domain,
            limits=terms.door_limits(config),
            is_ours=lambda recipient: is_ours(recipient, self.config.desk.addresses),
            keep=journal.keep_one,
            has_room=self._has_room,
            now=clock,
            new_source=lambda: f"smtp:{secrets.token_hex(12)}",
            log=logging.getLogger("maild.smtp"),
            tls=terms.tls(config),
        )

    def _has_room(self) -> bool:
        """Whether the disk has room for more mail; looked up once a second."""
        at, room = self._room
        if time.monotonic() - at > 1.0:
            room = shutil.disk_usage(self.store.folder.parent).free > self.config.limits.free_disk
            self._room = (time.monotonic(), room)
        return room

    def _trust_of(self, kept: inbox.Kept) -> Trust:
        return terms.trust(self.config, kept.peer, kept.mailbox)

    # --- the control socket ---

    def answer(self, request: control.Request) -> control.Answer:
        if request.get("do") == "status":
            return self.status()
        if request.get("do") in {"import", "import-again"}:
            return self.historian.answer(request)
        answer = self.store.write(lambda tx: control.execute(tx, self.office, request, clock()))
        if request.get("do") == "outbox-retry":
            self.relay.paused_until = None  # whoever says "now" has looked after the relay
        self.arrived.set()
        self.written.set()
        return answer

    def status(self) -> control.Answer:
        """How the running daemon is, in plain words where something is wrong."""
        troubles = [f"thread {thread.name} has ended" for thread in self.threads if not thread.is_alive()]
        if self.relay.trouble:
            troubles.append(f"the relay takes no mail: {self.relay.trouble}")
        for health in self.health.values():
            if health.failing_since is not None:
                troubles.append(f"mailbox {health.mailbox}: {health.reason}")
            troubles.extend(f"mailbox {health.mailbox}: {left}" for left in health.left)
        return {"ok": not troubles, "words": "; ".join(troubles), "troubles": troubles, "listeners": self.listeners}


def run(config: Config, *, log_json: bool, hint: str = "") -> int:
    """Run in the foreground until SIGTERM or SIGINT; 0 after a clean stop, 1 where it could not start.

    `hint` is told to whoever started it, once it serves.
    """
    log_to_stderr(log_json=log_json)
    store = Store(config.store.url)
    try:
        with control.lock(store.folder.parent):
            daemon = Daemon(config, store)
            daemon.watch = Watch(config.path)
            daemon.watch.changed(clock())
            daemon.watch.taken = daemon.watch.seen
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: daemon.stop.set())
            signal.signal(signal.SIGHUP, lambda *_: daemon.reload.set())

            def ready(words: str) -> None:
                print(words, flush=True)
                if hint:
                    print(hint, file=sys.stderr, flush=True)

            daemon.run(ready)
    except (control.LockedError, keys.SecretError, OSError) as fault:
        print(f"maild: {fault}", file=sys.stderr)
        return 1
    return 0
