"""History from elsewhere: old mail is read by children, decided and kept, many mails in one commit; nothing is sent."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, assert_never

from maild import act
from maild.decide.history import IMPORT, NOT_HERE, Past, Thread, on_old_mail
from maild.decide.situation import Earlier
from maild.decision import Done, Duplicate, Post
from maild.desk import Desk
from maild.ingest import bundle, reading
from maild.ingest.bundle import Letter
from maild.ingest.kind import Ours
from maild.ingest.mailbox import return_path
from maild.ingest.reading import NO_TRUST
from maild.ingest.trace import written_at
from maild.mail import Arrival, Mail, MessageId
from maild.office import Office
from maild.readers import Outcome, Read, Readers, Unread
from maild.store import absences, inbox, outbox, tickets
from maild.store import history as store
from maild.store.engine import Tx
from maild.threading.clues import clues
from maild.threading.tags import Keyring
from maild.ticket import Ticket, TicketNo, Use

PREFIX = f"{IMPORT}:"
TOGETHER = 32
"""Mails that are decided in one commit: enough to share it, and few enough that the doors do not wait long."""
TOGETHER_BYTES = 4_000_000
"""Octets of them together, save for one mail that is bigger."""
_BEYOND = 2**63
"""No database counts so far."""
_IDLE = 60.0
_MOST_TICKETS = 50

log = logging.getLogger("maild.history")


class Ended(StrEnum):
    """What became of an old mail."""

    OPENED = "opened"
    JOINED = "joined"
    DUPLICATE = "duplicate"
    APART = "apart"
    FAILED = "failed"


class StoppedError(Exception):
    """The daemon stops; what is not committed is left for another run."""


@dataclass(slots=True)
class Historian:
    """Takes old mail in, a bundle at a time; whoever asks meanwhile waits for their turn.

    The children that read are born with the first bundle, and go when none has come for a minute (`rest`).
    """

    office: Office
    ours: Ours
    new_readers: Callable[[], Readers]
    clock: Callable[[], datetime]
    has_room: Callable[[], bool]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _readers: Readers | None = None
    _used: float = 0.0
    _closed: bool = False

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out `import` (a bundle by its name) or `import-again`; the words say why where it could not be done."""
        try:
            with self._lock:
                return self._answer(request)
        except StoppedError:
            return {"ok": False, "words": "maild stops: start it, then run the import again"}
        except (OSError, ValueError, KeyError, TypeError) as fault:
            return {"ok": False, "words": f"the daemon cannot take the mails in: {fault}"}

    def rest(self) -> None:
        """Let the children go where nothing was asked for a while."""
        if self._lock.acquire(blocking=False):
            try:
                if time.monotonic() - self._used > _IDLE:
                    self._let_go()
            finally:
                self._lock.release()

    def close(self) -> None:
        """Stop at the next mail, and let the children go."""
        self._closed = True
        with self._lock:
            self._let_go()

    def take(self, letters: Sequence[Letter]) -> list[Ended]:
        """Take these mails in, in their order and in one commit; what became of each."""
        sources = [f"{PREFIX}{hashlib.sha256(letter.raw).hexdigest()}" for letter in letters]
        with self.office.store.read() as tx:
            here = store.known(tx, sources).keys()
        # the same bytes twice are one mail
        fresh = {source: place for place, source in reversed(list(enumerate(sources))) if source not in here}
        places = sorted(fresh.values())
        mails = self._read([letters[place].raw for place in places])
        files = [inbox.store_big(self.office.store.folder, letters[place].raw) for place in places]
        now = self.clock()

        def all_of_them(tx: Tx) -> list[Ended]:
            ended = [Ended.DUPLICATE] * len(letters)
            for place, mail, file in zip(places, mails, files, strict=True):
                ended[place] = self._keep(tx, sources[place], letters[place], mail, file, now)
            return ended

        return self.office.store.write(all_of_them)

    def again(self, after: int) -> tuple[int, int]:
        """Look again at machines' mail that stands apart, from row `after` on; the last one seen (0 where there is no
        more), and how many have found their place."""
        with self.office.store.read() as tx:
            rows = store.apart(tx, PREFIX, NOT_HERE, after, TOGETHER)
            raws = {row: raw for row in rows if (raw := inbox.original(tx, row, most=TOGETHER_BYTES)) is not None}
        mails = dict(zip(raws, self._read(list(raws.values())), strict=True))
        now = self.clock()

        def all_of_them(tx: Tx) -> int:
            return sum(self._once_more(tx, row, mail, now) is Ended.JOINED for row, mail in mails.items())

        return (rows[-1] if rows else 0), (self.office.store.write(all_of_them) if mails else 0)

    def _answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        if self._closed:
            raise StoppedError
        if not self.has_room():
            return {"ok": False, "words": "the disk has too little room left"}
        match request:
            case {"do": "import", "bundle": str(name)}:
                spool = self.office.store.home / "spool"
                ended = self.take(list(bundle.read(bundle.place(spool, name))))
                return {"ok": True, "words": "", "ended": [one.value for one in ended]}
            case {"do": "import-again", "after": int(after)} if 0 <= after < _BEYOND:
                last, joined = self.again(after)
                return {"ok": True, "words": "", "last": last, "joined": joined}
            case _:
                raise ValueError("this maild does not know that request")

    # --- reading ---

    def _read(self, raws: Sequence[bytes]) -> list[Mail]:
        if not raws:
            return []
        self._used = time.monotonic()
        if self._readers is None:
            self._readers = self.new_readers()
        for key, raw in enumerate(raws):
            self._readers.submit(key, raw, sender=None, ours=self.ours, trust=NO_TRUST)
        read: dict[int, Mail] = {}
        while len(read) < len(raws):
            if self._closed:
                self._let_go()
                raise StoppedError
            for key, outcome in self._readers.wait(0.5):
                read[key] = self._mail(outcome, raws[key])
        self._used = time.monotonic()
        return [read[key] for key in range(len(raws))]

    def _mail(self, outcome: Outcome, raw: bytes) -> Mail:
        match outcome:
            case Read(mail):
                return mail
            case Unread(reason):
                return reading.scan(raw, ours=self.ours, error=reason)
            case unexpected:
                assert_never(unexpected)

    def _let_go(self) -> None:
        if self._readers is not None:
            self._readers.close()
            self._readers = None

    # --- deciding ---

    def _keep(self, tx: Tx, source: str, letter: Letter, mail: Mail, file: str, now: datetime) -> Ended:
        at = written_at(mail.date, mail.headers, letter.filed, now)
        sender = return_path(letter.raw) or mail.author.spec
        arrival = Arrival(source, letter.raw, sender, self._recipients(mail), at)
        try:
            with tx.apart():
                row = inbox.keep(tx, arrival, file)
                return Ended.DUPLICATE if row is None else self._decide(tx, _kept(row, arrival, mail), mail, now)
        except Exception:
            log.exception("an old mail could not be decided: %s", source)
            return Ended.FAILED

    def _once_more(self, tx: Tx, row: int, mail: Mail, now: datetime) -> Ended:
        kept = inbox.get(tx, row)
        assert kept is not None
        try:
            with tx.apart():
                return self._decide(tx, kept, mail, now)
        except Exception:
            log.exception("inbox mail %d could not be decided again", row)
            return Ended.FAILED

    def _decide(self, tx: Tx, kept: inbox.Kept, mail: Mail, now: datetime) -> Ended:
        """Decide a row of the inbox; one that was decided before is written anew only where it joins now."""
        past = gather(tx, self.office, kept, mail, now)
        decision = on_old_mail(past)
        if kept.state == "done" and not isinstance(decision, Post):
            return Ended.APART
        alive = (*(thread.ticket for thread in past.threads), *past.named)
        act.settle(tx, self.office, decision, kept, mail, {one.number: one for one in alive}, now)
        match decision:
            case Post():
                return Ended.OPENED if decision.opened else Ended.JOINED
            case Duplicate():
                return Ended.DUPLICATE
            case Done():
                return Ended.APART
            case unexpected:
                assert_never(unexpected)

    def _recipients(self, mail: Mail) -> tuple[str, ...]:
        """The addresses of ours that the mail names: so far its envelope can be told."""
        named = (*(address.spec for address in (*mail.to, *mail.cc)), *mail.delivered_to)
        return tuple(dict.fromkeys(spec for spec in named if self.ours.holds(spec)))[:50]


def _kept(row: int, arrival: Arrival, mail: Mail) -> inbox.Kept:
    """The row of the inbox as it was just made."""
    return inbox.Kept(
        id=row,
        received_at=arrival.received_at,
        source=arrival.source,
        sender=arrival.sender,
        recipients=arrival.recipients,
        peer="",
        mailbox="",
        message_id=mail.message_id,
        sha256=mail.sha256,
        size=mail.size,
        state="waiting",
        ticket=None,
        tries=0,
        starts=0,
        released=(),
        because=(),
    )


def gather(tx: Tx, office: Office, kept: inbox.Kept, mail: Mail, now: datetime) -> Past:
    """The situation of one old mail, read in the transaction that will carry its decision out."""
    keyring = office.press.keyring
    desk = absences.with_absences(tx, office.press.desk)
    before = inbox.before(tx, kept.id, mail.fingerprint, mail.message_id, mail.author.key)
    borne = store.bearers(tx, mail.message_id, kept.id)
    # an id that mails of several authors bear says nothing of any
    shared = bool(borne) and mail.author.key not in borne
    ids = _ids(mail, keyring, own=not shared)
    found = clues(mail, kept.recipients, keyring, desk.addresses, now)
    # what a report brings back says where it belongs, and ties nothing together
    met = tickets.met(tx, ids) or tickets.met(tx, mail.returned_ids)[:1]
    led = [number for _, number in met] + [ours.token.ticket for ours in (*found.own, *found.returned)]
    threads = _tickets(tx, led)
    named = (token.ticket for token in found.tokens if token.use in {Use.CUSTOMER, Use.REPLY, Use.NOTE})
    earlier = before.same_mail
    return Past(
        inbox=kept.id,
        mail=mail,
        at=kept.received_at,
        now=now,
        desk=desk,
        number=tickets.next_number(tx),
        ids=ids,
        threads=tuple(_thread(tx, ticket, desk) for ticket in threads.values()),
        named=tuple(ticket for number, ticket in _tickets(tx, named).items() if number not in threads),
        earlier=Earlier(earlier.id, _number(earlier.ticket), earlier.recipients) if earlier is not None else None,
        sent=_sent(tx, mail, keyring),
    )


def _ids(mail: Mail, keyring: Keyring, *, own: bool) -> tuple[MessageId, ...]:
    """The ids of others that the mail bears and names, its own first, then what it answers, newest first."""
    named = (*((mail.message_id,) if own else ()), *mail.in_reply_to, *reversed(mail.references))
    real = (one for one in named if "@" in one.strip("@") and keyring.read_id(one) is None)
    return tuple(dict.fromkeys(real))


def _tickets(tx: Tx, numbers: Iterable[int]) -> dict[int, Ticket]:
    """These tickets by number, merges followed; the first of very many."""
    found: dict[int, Ticket] = {}
    for number in list(dict.fromkeys(numbers))[:_MOST_TICKETS]:
        ticket = tickets.get(tx, number)
        if ticket is not None:
            found[ticket.number] = ticket
    return found


def _thread(tx: Tx, ticket: Ticket, desk: Desk) -> Thread:
    if not store.imported(tx, ticket.number):
        return Thread(ticket)
    told = store.told(tx, ticket.number, tuple(ticket.links), desk.addresses)
    untouched = store.untouched(tx, ticket.number, IMPORT, PREFIX)
    return Thread(ticket, True, untouched, told.asked_at, told.answered_at)


def _sent(tx: Tx, mail: Mail, keyring: Keyring) -> int:
    """The row of the outbox where this is a mail of ours, 0 where it is not."""
    ours = keyring.read_id(mail.message_id) if mail.message_id else None
    return ours.row if ours is not None and ours.row in outbox.find(tx, [ours.row]) else 0


def _number(number: int | None) -> TicketNo | None:
    return None if number is None else TicketNo(number)
