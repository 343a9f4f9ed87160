"""From the inbox to a decision: mail is read ahead in child processes, and decided in order of arrival."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import assert_never

from maild import act
from maild.abreast import Steps, abreast, alone
from maild.decide.mail import on_mail
from maild.decide.strangers import Ties, runs, ties_of
from maild.decision import Decision, Loads, Post, SetAside
from maild.gather import gather
from maild.ingest import reading
from maild.ingest.kind import Ours
from maild.ingest.proof import Trust
from maild.ingest.remarks import IS_ENCRYPTED
from maild.mail import UNREADABLE, Attachment, Kind, Mail
from maild.office import Office
from maild.readers import Read, Readers, Unread
from maild.readers.scribe import Scribe
from maild.store import inbox, outbox, tickets
from maild.store.engine import Tx
from maild.store.fault import of_machine
from maild.threading.clues import clues
from maild.ticket import Ticket
from maild.values import replace

AHEAD = 128
"""Mails that are read ahead of the decisions."""
AHEAD_BYTES = 64 * 1024 * 1024
STEP_OVER = timedelta(seconds=1)
"""A mail that takes longer than this to read is stepped over, and decided when it is ready."""
TOGETHER = 32
"""Mails that are decided in one commit: enough to share it, and few enough that the doors do not wait long."""
ABREAST = 8
"""Mails that are decided abreast; more would leave the scribe without work until the last of them is decided."""
TRIES = 2
STARTS_ALONE = 2
STARTS_MOST = 10

Fresh = Sequence[tuple[inbox.Kept, bytes]]
"""Mails that were never handed to a reader, and their bytes."""

log = logging.getLogger("maild.process")


@dataclass(slots=True)
class _Flight:
    kept: inbox.Kept
    since: datetime
    counted: bool = True
    outcome: Read | Unread | None = None


@dataclass(slots=True)
class _Tally:
    """What everybody carries, from mail to mail of one commit."""

    loads: Loads


@dataclass(slots=True)
class Clerk:
    """Works through the inbox. One thread uses it; `step` does what can be done now."""

    office: Office
    readers: Readers
    ours: Ours
    trust_of: Callable[[inbox.Kept], Trust]
    flights: dict[int, _Flight] = field(default_factory=dict)
    fresh: Fresh = field(default_factory=list)
    """What is to be read next, fetched while others were decided."""
    loads: Loads | None = None
    scribe: Scribe | None = None

    def step(self, now: datetime, wait: float = 0.0) -> bool:
        """Decide what is ready, and read on; True where mail was decided. `wait` is how long to wait for a reader."""
        ready = self._ready(now)
        if len(ready) < TOGETHER:
            self._hear(0)
            ready = self._ready(now)
        if not ready:
            self.read_on(now)
            if self.flights:
                self._hear(wait)
            ready = self._ready(now)
        if ready:
            self._decide_now(ready, now)
        return bool(ready)

    def read_on(self, now: datetime) -> None:
        """Give what has come in to the readers, and hear what they have read."""
        fresh, self.fresh = self.fresh or self._fetched(now), []
        self._hand_in(fresh, self._count_starts(fresh), now)
        self._hear(0)

    def stand_down(self) -> None:
        """Another daemon decides from now on; what readers bring of these mails is not heard."""
        self.flights, self.fresh, self.loads = {}, [], None

    def close(self) -> None:
        """Take back the starts of mails that are left for the next run: this daemon did not die of them."""
        left, self.flights = [key for key, flight in self.flights.items() if flight.counted], {}
        self.readers.close()
        if self.scribe is not None:
            self.scribe.close()
        if left:
            self.office.store.write(lambda tx: inbox.count_start(tx, left, -1))

    def _hear(self, wait: float) -> None:
        for key, outcome in self.readers.wait(wait):
            if key in self.flights:
                self.flights[key].outcome = outcome

    def _decide_now(self, ready: list[_Flight], now: datetime) -> None:
        # What is tried alone is counted only here: a daemon that dies while others read has not died of this mail.
        suspect = [flight.kept.id for flight in ready if not flight.counted]
        fresh, self.fresh = self.fresh, []
        started = self._count_starts(fresh)
        try:
            if suspect:
                self.office.store.write(lambda tx: inbox.count_start(tx, suspect, 1))
            # both are waiting for the writer now, so that one commit serves both
            decided = self.office.store.submit(lambda tx: self._decide_all(tx, ready, now))
            try:
                self.fresh = self._fetched(now, beside=fresh)
                self._hear(0)
            finally:
                self.loads = decided.result()
        except BaseException:
            self.loads = None
            # this daemon lives, so none of them has ended it
            with suppress(Exception):
                self.office.store.write(lambda tx: inbox.count_start(tx, [flight.kept.id for flight in ready], -1))
            raise
        finally:
            for flight in ready:
                del self.flights[flight.kept.id]
            # their starts are counted, so they must be read, whatever became of the others
            self._hand_in(fresh, started, now)

    def _count_starts(self, fresh: Fresh) -> Future[None] | None:
        if not fresh:
            return None
        ids = [kept.id for kept, _ in fresh if kept.starts < STARTS_ALONE]
        return self.office.store.submit(lambda tx: inbox.count_start(tx, ids, 1))

    def _hand_in(self, fresh: Fresh, started: Future[None] | None, now: datetime) -> None:
        """Give mails to the readers, once it is on disk that work on them starts."""
        if started is not None:
            started.result()
        for kept, raw in fresh:
            self.flights[kept.id] = _Flight(kept, now, counted=kept.starts < STARTS_ALONE)
            self.readers.submit(kept.id, raw, sender=sender_of(kept), ours=self.ours, trust=self.trust_of(kept))

    def _fetched(self, now: datetime, beside: Fresh = ()) -> Fresh:
        """The oldest mails that nobody reads yet; one that keeps ending the daemon comes alone, behind all others.

        `beside` are mails that are on their way to the readers.
        """
        if len(self.flights) + len(beside) > AHEAD // 2:
            return []
        known = {**{key: flight.kept for key, flight in self.flights.items()}, **{kept.id: kept for kept, _ in beside}}
        room = AHEAD_BYTES - sum(kept.size for kept in known.values())
        fresh: list[tuple[inbox.Kept, bytes]] = []
        gone: list[tuple[int, FileNotFoundError]] = []
        with self.office.store.read() as tx:
            waiting = inbox.waiting(tx, AHEAD, starts_below=STARTS_ALONE)
            if not waiting and not known:
                waiting = inbox.waiting(tx, 1)
            for kept in waiting:
                if kept.id in known:
                    continue
                if fresh and kept.size > room:
                    break
                try:
                    fresh.append((kept, inbox.bytes_of(tx, kept.id)))
                except FileNotFoundError as missing:
                    gone.append((kept.id, missing))
                else:
                    room -= kept.size
        for row, fault in gone:
            self._miss(row, fault, now)
        return fresh

    def _miss(self, row: int, fault: FileNotFoundError, now: datetime) -> None:
        """Set a mail aside whose file somebody took away, so that those behind it need not wait."""
        because = f"its bytes are gone: there is no file {fault.filename}; put it back, and release the mail"
        log.error("inbox mail %d: %s", row, because, extra={"mail": row})
        self.office.store.write(lambda tx: _set_aside(tx, row, because, now))

    def _ready(self, now: datetime) -> list[_Flight]:
        """What can be decided in order of arrival; nothing waits long for a mail that is slow to read."""
        ready: list[_Flight] = []
        for _, flight in sorted(self.flights.items()):
            if flight.outcome is not None:
                ready.append(flight)
            elif now - flight.since < STEP_OVER:
                break
        return ready[:TOGETHER]

    def _decide_all(self, tx: Tx, ready: list[_Flight], now: datetime) -> Loads:
        tx.must_decide()
        loads = self.loads or Loads(tickets.open_counts(tx), tickets.last_owners(tx))
        scribe = self.scribe if len(ready) > 1 else None
        if scribe is not None and scribe.begin(self.office.press):
            carried = self._decide_beside(scribe, tx, ready, loads, now)
            if carried is not None:
                return carried
        tally = _Tally(loads)
        for flight in ready:
            before = tally.loads
            try:
                with tx.apart():
                    alone(self._deciding(tx, self.office, flight, tally, now))
            except Exception as fault:
                if of_machine(fault):
                    raise  # it is no fault of this mail, which waits as it was
                tally.loads = before
                log.exception("inbox mail %d could not be decided", flight.kept.id, extra={"mail": flight.kept.id})
                self._count_failure(tx, flight.kept, now)
        return tally.loads

    def _decide_beside(self, scribe: Scribe, tx: Tx, ready: list[_Flight], loads: Loads, now: datetime) -> Loads | None:
        """Decide while the scribe writes; all or nothing: None, and nothing written, where anything went wrong.

        What is wrong, and with which mail, comes out when each is decided by itself.
        """
        office, tally = replace(self.office, scribe=scribe), _Tally(loads)
        try:
            with tx.apart():
                for run in runs([self._ties(flight, now) for flight in ready], ABREAST):
                    abreast([self._deciding(tx, office, ready[place], tally, now) for place in run])
                outbox.fill(tx, scribe.collect())
                return tally.loads
        except Exception as fault:
            if of_machine(fault):
                raise  # there may be no transaction any more, and the others would fail as well
            log.info("%d mails are decided one by one: %s", len(ready), fault)
            scribe.forget()
            return None

    def _ties(self, flight: _Flight, now: datetime) -> Ties | None:
        """What may tie a mail to another of the same commit; None where it is better decided by itself."""
        kept, press = flight.kept, self.office.press
        if not isinstance(flight.outcome, Read) or kept.starts or kept.released:
            return None
        mail = flight.outcome.mail
        return ties_of(mail, clues(mail, kept.recipients, press.keyring, press.desk.addresses, now), press.desk)

    def _deciding(self, tx: Tx, office: Office, flight: _Flight, tally: _Tally, now: datetime) -> Steps[None]:
        """Decide one mail; where several are decided abreast, none has a tie to another."""
        kept = flight.kept
        if kept.starts >= STARTS_MOST:
            _set_aside(tx, kept.id, f"it ended the daemon {STARTS_MOST} times", now)
            return
        mail = self._read(tx, flight)
        if mail is None:
            return
        situation = gather(tx, office, kept, mail, tally.loads, now)
        yield
        situation = replace(situation, number=tickets.next_number(tx), loads=tally.loads)
        decision = on_mail(situation)
        known: dict[int, Ticket] = {ticket.number: ticket for ticket in situation.tickets.values()}
        tally.loads = _carried(tally.loads, decision, known)
        yield from act.settling(tx, office, decision, kept, mail, known, now)
        yield
        log.info("inbox mail %d: %s", kept.id, "; ".join(decision.because), extra={"mail": kept.id})

    def _read(self, tx: Tx, flight: _Flight) -> Mail | None:
        """The mail, or None where it will be tried once more; after the second failure its headers alone are read."""
        match flight.outcome:
            case Read(mail):
                return self._with_original(tx, flight.kept, mail)
            case Unread(reason):
                if inbox.count_try(tx, flight.kept.id) < TRIES:
                    inbox.count_start(tx, [flight.kept.id], -1)
                    return None
                raw = inbox.bytes_of(tx, flight.kept.id)
                kept = flight.kept
                log.warning("inbox mail %d could not be read: %s", kept.id, reason, extra={"mail": kept.id})
                mail = reading.scan(
                    raw, sender=sender_of(kept), ours=self.ours, trust=self.trust_of(kept), error=reason
                )
                return self._with_original(tx, kept, mail)
            case None:
                raise AssertionError("a mail that is decided has been read")
            case unexpected:
                assert_never(unexpected)

    def _with_original(self, tx: Tx, kept: inbox.Kept, mail: Mail) -> Mail:
        """A mail of which the header lines alone were read goes on with the whole of it as a file, and so does a
        person's that is over a limit of the reading."""
        whole = mail.error in {"", IS_ENCRYPTED}
        if whole or (mail.kind is not Kind.PERSON and mail.text != UNREADABLE):
            return mail
        return replace(mail, attachments=(*mail.attachments, _original(mail, inbox.bytes_of(tx, kept.id))))

    def _count_failure(self, tx: Tx, kept: inbox.Kept, now: datetime) -> None:
        if inbox.count_try(tx, kept.id) >= TRIES:
            _set_aside(tx, kept.id, f"it could not be decided {TRIES} times; the log says why", now)
        else:
            inbox.count_start(tx, [kept.id], -1)


def sender_of(kept: inbox.Kept) -> str | None:
    """The reverse path as the reading wants it: "" is a null sender, which only a listener can tell from an unknown."""
    return kept.sender if kept.sender or kept.source.partition(":")[0] in {"smtp", "smtps", "lmtp"} else None


def _original(mail: Mail, raw: bytes) -> Attachment:
    return Attachment("original.eml", "message/rfc822", len(raw), mail.sha256, raw)


def _set_aside(tx: Tx, kept: int, because: str, now: datetime) -> None:
    inbox.settle(tx, kept, "quarantine", SetAside((because,)).because, now)


def _carried(loads: Loads, decision: Decision, known: Mapping[int, Ticket]) -> Loads:
    """What everybody carries after this decision."""
    post = decision if isinstance(decision, Post) else None
    if post is None:
        return loads
    counts, last = dict(loads.open), dict(loads.last)
    before = known.get(post.ticket.number)
    for ticket, by in ((before, -1), (post.ticket, 1)):
        if ticket is not None and ticket.owner and ticket.status.active:
            counts[ticket.owner] = max(0, counts.get(ticket.owner, 0) + by)
    if post.opened and post.ticket.owner:
        last[post.ticket.team] = post.ticket.owner
    return Loads(counts, last)
