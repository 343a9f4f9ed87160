"""A whole desk in one process: a real store, real reading and deciding, a clock that a story sets."""

from __future__ import annotations

import email
import email.policy
import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from functools import lru_cache
from pathlib import Path

from maild import control, orders, remind, roll
from maild.courier import Outcome, Sent
from maild.deliver import Delivery
from maild.desk import Agent, AgentId, Desk, Team, TeamId
from maild.ingest import reading
from maild.ingest.kind import Ours
from maild.ingest.parse import Limits
from maild.ingest.proof import Trust
from maild.mail import Arrival, Outgoing
from maild.office import Office
from maild.process import Clerk
from maild.readers import Outcome as ReadingOutcome
from maild.readers import Read
from maild.rules.match import RuleBook
from maild.store import inbox, outbox, tickets, verify
from maild.store.engine import Store
from maild.telling import Press
from maild.templates.render import Templates
from maild.threading.tags import Keyring
from maild.ticket import Entry, Event, Ticket
from tests import databases

RELAY = "127.0.0.1"
MORNING = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)

ANN = Agent(AgentId("ann"), "Ann Lee", "ann@agents.example")
BEN = Agent(AgentId("ben"), "Ben Ode", "ben@agents.example")
CLEO = Agent(AgentId("cleo"), "Cleo Roy", "cleo@agents.example", admin=True)
SUPPORT = Team(TeamId("support"), "Support", (ANN.id,), public_name="our support team", lead=CLEO.id)
BILLING = Team(TeamId("billing"), "Billing", (BEN.id,), public_name="our accounts team", address="billing@desk.example")
DESK = Desk(
    name="Example Support",
    address="support@desk.example",
    agents=(ANN, BEN, CLEO),
    teams=(SUPPORT, BILLING),
    team=SUPPORT.id,
    admins=("ops@desk.example",),
)

TEMPLATES = Templates()
SECRET = bytes(range(32))


@dataclass
class InlineReaders:
    """Reads at once, in this process; the pool of children has its own tests."""

    finished: list[tuple[int, ReadingOutcome]] = field(default_factory=list)
    limits: Limits = field(default_factory=Limits)

    def submit(self, key: int, raw: bytes, *, sender: str | None, ours: Ours, trust: Trust) -> None:
        self.finished.append((key, Read(reading.read(raw, sender=sender, ours=ours, trust=trust))))

    def wait(self, timeout: float) -> list[tuple[int, ReadingOutcome]]:
        finished, self.finished = self.finished, []
        return finished

    def close(self) -> None:
        self.finished = []


@dataclass
class Letterbox:
    """A courier that keeps what it is given, and answers as a story wants."""

    answer: Callable[[Outgoing], Outcome] = lambda _: Sent("250 ok")
    mails: list[Outgoing] = field(default_factory=list)

    def send(self, mail: Outgoing, row: int) -> Outcome:
        outcome = self.answer(mail)
        if isinstance(outcome, Sent):
            self.mails.append(mail)
        return outcome

    def close(self) -> None:
        return None


@lru_cache(maxsize=1024)
def _read(content: bytes) -> EmailMessage:
    """The mail in these bytes; stories look at the same ones again and again, and change none."""
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


@dataclass(frozen=True)
class Letter:
    """A mail that the desk sent, as its reader has it."""

    outgoing: Outgoing

    @property
    def message(self) -> EmailMessage:
        return _read(self.outgoing.content)

    def __getitem__(self, name: str) -> str:
        value = self.message[name]
        return "" if value is None else str(value)

    @property
    def notice(self) -> str:
        return self["X-Maild-Notice"]

    @property
    def to(self) -> str:
        return self.outgoing.envelope.recipient

    @property
    def text(self) -> str:
        part = self.message.get_body(("plain",))
        assert part is not None
        return str(part.get_content())

    @property
    def html(self) -> str:
        part = self.message.get_body(("html",))
        assert part is not None
        return str(part.get_content())


def keep_secret(folder: Path) -> None:
    """Put the secret of every house where commands that are said in this folder look for it."""
    file = folder / "var" / "secret"
    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        file.touch(0o600)
        file.write_text(json.dumps({"id": 1, "secret": SECRET.hex()}) + "\n", "ascii")


@dataclass
class House:
    """The desk under test; every verb of it is something that people or clocks do."""

    folder: Path
    url: str = ""
    desk: Desk = DESK
    rules: RuleBook = field(default_factory=RuleBook)
    now: datetime = MORNING
    letterbox: Letterbox = field(default_factory=Letterbox)
    trusted: bool = True

    def __post_init__(self) -> None:
        self.counter = itertools.count(1)
        self.store = Store(self.url or databases.url_of(self.folder), self.folder)
        self.store.create()
        self.store.stand()
        self.keyring = Keyring(self.desk.domain, ((1, SECRET),))
        keep_secret(self.folder)
        self.open()

    def open(self) -> None:
        """Build the office anew, as a reload or a restart does."""
        self.office = Office(self.store, Press(self.desk, self.keyring, TEMPLATES), self.rules)
        ours = Ours(self.desk.addresses, self.desk.subaddress or "+")
        ids = ("mx.desk.example",) if self.trusted else ()
        self.clerk = Clerk(
            self.office,
            InlineReaders(),  # type: ignore[arg-type]  # the same verbs, in this process
            ours,
            lambda kept: Trust((RELAY,), ids, kept.peer, kept.mailbox),
        )
        self.delivery = Delivery(self.office, self.letterbox, lambda: self.now)

    def close(self) -> None:
        self.store.close()

    # --- what people do ---

    def receives(
        self,
        text: str,
        *,
        author: str = "Luc Petit <luc@customer.example>",
        to: str | None = None,
        subject: str = "Invoice 77 wrong",
        answers: Letter | None = None,
        rcpt: Sequence[str] | None = None,
        proven: bool = True,
        headers: Sequence[tuple[str, str]] = (),
        message_id: str = "",
        sender: str | None = None,
        attach: tuple[str, bytes] | None = None,
        date: datetime | None = None,
    ) -> int:
        """A mail comes in, and all that follows from it at once is done; its number in the inbox."""
        message = EmailMessage()
        spec = str(email.utils.parseaddr(author)[1])
        if proven:
            verdict = f"mx.desk.example; dmarc=pass header.from={spec.rpartition('@')[2]}"
            message["Authentication-Results"] = verdict
        message["From"] = author
        message["To"] = to or (answers["Reply-To"] if answers else self.desk.address)
        message["Subject"] = f"Re: {answers['Subject']}" if answers else subject
        message["Date"] = date or self.now
        message["Message-ID"] = message_id or f"<m{next(self.counter)}@client.example>"
        if answers:
            message["In-Reply-To"] = answers["Message-ID"]
            message["References"] = f"{answers['References']} {answers['Message-ID']}".strip()
        for name, value in headers:
            message[name] = value
        quoted = "\n".join(f"> {line}" for line in answers.text.splitlines()) if answers else ""
        written = f"On Friday, {answers['From']} wrote:\n{quoted}\n" if answers else ""
        message.set_content(f"{text}\n\n{written}")
        if attach:
            message.add_attachment(attach[1], maintype="application", subtype="octet-stream", filename=attach[0])
        target = tuple(rcpt) if rcpt is not None else (email.utils.parseaddr(message["To"])[1],)
        return self.takes(message.as_bytes(policy=email.policy.SMTP), spec if sender is None else sender, target)

    def takes(self, raw: bytes, sender: str, recipients: tuple[str, ...]) -> int:
        """Bytes come in over SMTP from our relay; then everything that is due is done."""
        number = next(self.counter)
        arrival = Arrival(f"smtp:{number}", raw, sender, recipients, self.now, peer=RELAY)
        kept = self.store.write(lambda tx: inbox.keep(tx, arrival))
        assert kept is not None
        self.works()
        return kept

    def releases(self, kept: int) -> control.Answer:
        """The operator takes a mail out of quarantine, as `maild quarantine release` does."""
        request = {"do": "quarantine-release", "mail": kept}
        answer = self.store.write(lambda tx: orders.execute(tx, self.office, request, self.now))
        self.works()
        return answer

    def agent_replies(self, text: str, answers: Letter, agent: Agent = ANN, **more: object) -> int:
        """An agent answers a mail of the desk from their own mail client."""
        author = f"{agent.name} <{agent.email}>"
        return self.receives(text, author=author, answers=answers, **more)  # type: ignore[arg-type]  # as written

    def passes(self, **span: float) -> None:
        """Time goes by, and the clock wakes us up."""
        self.now += timedelta(**span)
        self.works()

    def works(self) -> None:
        """Do all that can be done now; nobody else decides on this store."""
        assert self.store.stand()
        while self.clerk.step(self.now) or remind.step(self.office, self.now) or self.delivery.step(self.now):
            pass

    # --- what can be seen ---

    @property
    def sent(self) -> list[Letter]:
        return [Letter(mail) for mail in self.letterbox.mails]

    def sent_to(self, address: str) -> list[Letter]:
        return [letter for letter in self.sent if letter.to == address]

    def last(self, address: str, notice: str | None = None) -> Letter:
        """The newest mail to somebody, of one notice where it is named."""
        found = [letter for letter in self.sent_to(address) if notice in {None, letter.notice}]
        assert found, f"nothing {notice or ''} was sent to {address}: {[(m.to, m.notice) for m in self.sent]}"
        return found[-1]

    def written_by(self, address: str) -> set[str]:
        """The Message-IDs of all mail that came from somebody's envelope address."""
        with self.store.read() as tx:
            return {kept.message_id for kept in inbox.listing(tx) if kept.sender.lower() == address.lower()}

    def ticket(self, number: int = 1) -> Ticket:
        with self.store.read() as tx:
            found = tickets.get(tx, number, follow=False)
        assert found is not None, f"there is no ticket {number}"
        return found

    @property
    def tickets(self) -> list[Ticket]:
        with self.store.read() as tx:
            return tickets.listing(tx)

    def entries(self, number: int = 1) -> tuple[Entry, ...]:
        with self.store.read() as tx:
            return tickets.entries(tx, number)

    def history(self, number: int = 1) -> tuple[Event, ...]:
        with self.store.read() as tx:
            return tickets.history(tx, number)

    def mail(self, number: int) -> inbox.Kept:
        with self.store.read() as tx:
            kept = inbox.get(tx, number)
        assert kept is not None
        return kept

    @property
    def outbox(self) -> list[outbox.Queued]:
        with self.store.read() as tx:
            return outbox.listing(tx)

    def faults(self) -> list[str]:
        """What `maild verify` finds."""
        with self.store.read() as tx:
            return [finding.words for finding in verify.findings(tx)]

    def takes_roll(self) -> None:
        """The daemon starts: it looks at the people of the file, and does what follows at once."""
        assert self.store.stand()
        self.store.write(lambda tx: roll.take(tx, self.office, self.now))
        self.works()

    def changes(self, **fields: object) -> None:
        """The operator changes the desk, and the daemon reloads."""
        self.desk = replace(self.desk, **fields)  # type: ignore[arg-type]  # fields of Desk
        self.open()
