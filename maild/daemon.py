"""Put the house together, run it, stop it; the only place that knows APScheduler, signals and the clock."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import secrets
import shutil
import signal
import socket
import ssl
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
from maild import control, courier, keys, remind
from maild.act import Office, warn
from maild.config import Config, ConfigError
from maild.deliver import Delivery, Relayed
from maild.ingest import imap, parse, pipe, smtp
from maild.ingest.doors import Journal, is_ours
from maild.ingest.kind import Ours
from maild.ingest.mailbox import Health, Mailbox
from maild.ingest.proof import Trust
from maild.letters import Press
from maild.process import Clerk
from maild.readers import Readers, Share
from maild.store import inbox, outbox
from maild.store.engine import Store
from maild.templates.render import Templates

READERS = 2
COURIERS = 2
GRACE = 10.0
STILL = timedelta(seconds=2)

log = logging.getLogger("maild")


def clock() -> datetime:
    return datetime.now(UTC)


def folder_of(config: Config) -> Path:
    """Where the lock, the socket and the spool are: beside the database."""
    store = Store(config.store.url)
    return store.folder.parent


def open_office(config: Config, store: Store) -> Office:
    """Everything that deciding needs, from the operator's file; the secret is made on the first run."""
    keyring = keys.load_or_make(config.store.secret_file, config.desk.domain, secrets.token_bytes(keys.SECRET_BYTES))
    return Office(store, Press(config.desk, keyring, Templates(config.templates)), config.rules)


def open_courier(config: Config) -> courier.Courier:
    relay, limits = config.relay, config.limits
    patience = courier.Timeouts(
        limits.relay_connect.total_seconds(), limits.relay_verb.total_seconds(), limits.relay_dot.total_seconds()
    )
    if relay.maildir is not None:
        return courier.MaildirCourier(relay.maildir)
    tls: Any = relay.tls
    return courier.courier_of(relay.url, relay.user, relay.password, tls, patience, name=config.desk.domain)


@dataclass(slots=True)
class _Watch:
    """The operator's file: what it was when it was last taken, and since when it has been still."""

    path: Path | None
    taken: tuple[int, int] = (0, 0)
    seen: tuple[int, int] = (0, 0)
    since: datetime | None = None

    def changed(self, now: datetime) -> bool:
        """Whether the file is another one than the one taken, and has been still for two seconds."""
        if self.path is None:
            return False
        with contextlib.suppress(OSError):
            state = self.path.stat()
            stamp = (state.st_mtime_ns, state.st_size)
            if stamp != self.seen:
                self.seen, self.since = stamp, now
            elif stamp != self.taken and self.since is not None and now - self.since >= STILL:
                self.taken = stamp
                return True
        return False


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
    watch: _Watch = field(default_factory=lambda: _Watch(None))
    reload: threading.Event = field(default_factory=threading.Event)
    listeners: list[str] = field(default_factory=list)
    _room: tuple[float, bool] = (0.0, True)

    def __post_init__(self) -> None:
        self.office = open_office(self.config, self.store)

    # --- run and stop ---

    def run(self, ready: Callable[[str], None]) -> None:
        """Serve until `stop` is set; `ready` is told the listeners once everything is open."""
        self.store.create()
        folder = self.store.folder.parent
        # We hold the lock of this store, so whoever was sending is dead: nobody waits for the end of a lease.
        recovered = self.store.write(lambda tx: outbox.recover(tx, clock(), alone=True))
        if recovered:
            log.warning("%d mails were being sent when maild stopped; they are sent again", recovered)
        journal = Journal(self.store, self.arrived.set)
        service = control.Service(folder, self.answer)
        scheduler = self._scheduler(journal, folder)
        try:
            with self._doors(journal):
                self._start_all(journal)
                scheduler.start()
                ready(" ".join(["maild ready", *self.listeners]))
                _notify("READY=1")
                while not self.stop.wait(1.0):
                    _notify("WATCHDOG=1")
                _notify("STOPPING=1")
        finally:
            self.stop.set()
            self.arrived.set()
            self.written.set()
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
        limits = self.config.limits
        share = Share(int(limits.read_cpu.total_seconds()), int(limits.read_time.total_seconds()), limits.read_memory)
        desk = self.config.desk
        clerk = Clerk(
            self.office, Readers(READERS, share, _reading_limits(self.config)), Ours(desk.addresses), self._trust_of
        )
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
        delivery = Delivery(self.office, open_courier(self.config), clock, self.relay, self.config.relay.pace)
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
        limits = self.config.limits
        if box.password is None:
            log.error("mailbox %s: it has no password, and this version cannot do OAuth", box.name)
            return
        mailbox = Mailbox(
            name=box.name,
            host=box.host,
            port=box.port,
            tls=box.tls,
            user=box.user,
            password=box.password,
            folder=box.folder,
            after=box.after,
            address=box.address,
            connect=limits.imap_connect.total_seconds(),
            read=limits.imap_read.total_seconds(),
            idle=limits.imap_idle.total_seconds(),
            reconnect_first=limits.imap_retry_first.total_seconds(),
            reconnect_most=limits.imap_retry_most.total_seconds(),
            size=self.config.listen.max_size,
        )
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
        """Take the operator's file anew; a bad one changes nothing, and says why."""
        try:
            fresh = configuration.load(self.config.path)
            office = open_office(fresh, self.store)
        except ConfigError as fault:
            self._warn("The configuration stays as it was.", *(str(problem) for problem in fault.problems[:20]))
            return
        except (keys.SecretError, OSError) as fault:
            self._warn("The configuration stays as it was.", str(fault))
            return
        gone = _vanished(self.config, fresh)
        if gone and not asked:
            log.error(
                "the configuration stays as it was: %s vanished from it; send SIGHUP to apply it", ", ".join(gone)
            )
            return
        self.config, self.office = fresh, office
        for delivery in self.deliveries:
            delivery.office = self.office
        if self.clerk is not None:
            self.clerk.office = self.office
            self.clerk.ours = Ours(fresh.desk.addresses)
        log.info("the configuration is applied; listeners, mailboxes and the relay change at the next start")

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
            limits=_door_limits(config),
            is_ours=lambda recipient: is_ours(recipient, self.config.desk.addresses),
            keep=journal.keep_one,
            has_room=self._has_room,
            now=clock,
            new_source=lambda: f"smtp:{secrets.token_hex(12)}",
            log=logging.getLogger("maild.smtp"),
            tls=_tls(config),
        )

    def _has_room(self) -> bool:
        """Whether the disk has room for more mail; looked up once a second."""
        at, room = self._room
        if time.monotonic() - at > 1.0:
            room = shutil.disk_usage(self.store.folder.parent).free > self.config.limits.free_disk
            self._room = (time.monotonic(), room)
        return room

    def _trust_of(self, kept: inbox.Kept) -> Trust:
        trust = self.config.trust
        return Trust(trust.relays, tuple(trust.ids_for(kept.mailbox)), kept.peer, kept.mailbox)

    # --- the control socket ---

    def answer(self, request: control.Request) -> control.Answer:
        if request.get("do") == "status":
            return self.status()
        answer = self.store.write(lambda tx: control.execute(tx, request, clock()))
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
    _log_to_stderr(log_json=log_json)
    store = Store(config.store.url)
    try:
        with control.lock(store.folder.parent):
            daemon = Daemon(config, store)
            daemon.watch = _Watch(config.path)
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


def _vanished(before: Config, after: Config) -> list[str]:
    """Agents, teams and addresses that the new file no longer has."""
    old, new = before.desk, after.desk
    agents = {agent.id for agent in old.agents} - {agent.id for agent in new.agents}
    teams = {team.id for team in old.teams} - {team.id for team in new.teams}
    return [
        *(f"agent {name}" for name in sorted(agents)),
        *(f"team {name}" for name in sorted(teams)),
        *(f"address {name}" for name in sorted(old.addresses - new.addresses)),
    ]


def _door_limits(config: Config) -> smtp.Limits:
    limits = config.limits
    return smtp.Limits(
        size=config.listen.max_size,
        header_block=limits.headers,
        header=limits.header,
        headers=limits.header_count,
        received=limits.received,
        recipients=limits.rcpt,
        connections=limits.connections,
        per_address=limits.connections_address,
        idle=limits.smtp_idle.total_seconds(),
        whole=limits.smtp_data.total_seconds(),
    )


def _reading_limits(config: Config) -> parse.Limits:
    limits = config.limits
    return parse.Limits(
        message=limits.message,
        header_block=limits.headers,
        header=limits.header,
        headers=limits.header_count,
        depth=limits.mime_depth,
        parts=limits.mime_parts,
        attachments=limits.attachments,
        recipients=limits.recipients,
        received=limits.received,
        references=limits.references,
    )


def _tls(config: Config) -> ssl.SSLContext | None:
    listen = config.listen
    if listen.tls_cert is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(listen.tls_cert, listen.tls_key)
    return context


def _notify(state: str) -> None:
    """Tell systemd how we are, where it asked to be told (sd_notify(3))."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.sendto(state.encode("ascii"), address)


class _JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "words": record.getMessage(),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=True)


def _log_to_stderr(*, log_json: bool) -> None:
    stream = logging.StreamHandler(sys.stderr)
    plain = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    stream.setFormatter(_JsonLines() if log_json else plain)
    logging.basicConfig(level=logging.INFO, handlers=[stream], force=True)
    for name in ("imapclient", "imapclient.imaplib", "mail.log"):
        logging.getLogger(name).setLevel(logging.WARNING)
