"""What a ticket is: its state, the people on it, what was said, and what happened."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import NewType

from maild.mail import Attachment, MessageId
from maild.promise import Promise
from maild.values import dataclass

TicketNo = NewType("TicketNo", int)


class Use(StrEnum):
    """What a signed address lets its holder do; one use never verifies as another (DESIGN 3.4)."""

    CUSTOMER = "c"
    REPLY = "a"
    NOTE = "n"
    PERSONAL = "p"
    SIDE = "s"
    CONFIRM = "v"
    MESSAGE = "m"
    BOUNCE = "b"


class Status(StrEnum):
    OPEN = "open"
    PENDING = "pending"
    HOLD = "hold"
    SOLVED = "solved"
    CLOSED = "closed"

    @property
    def active(self) -> bool:
        """Work is still expected of somebody."""
        return self in {Status.OPEN, Status.PENDING, Status.HOLD}


class Voice(StrEnum):
    PUBLIC = "public"
    NOTE = "note"
    MACHINE = "machine"


class Priority(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Code(StrEnum):
    """Why a ticket moved (DESIGN 3.8)."""

    ROUTING = "routing"
    ABSENCE_PLANNED = "absence.planned"
    ABSENCE_UNPLANNED = "absence.unplanned"
    LEFT = "left"
    ESCALATION_LEVEL = "escalation.level"
    ESCALATION_CLOCK = "escalation.clock"
    EXPERTISE = "expertise"
    WORKLOAD = "workload"
    SHIFT = "shift"
    CUSTOMER_REQUEST = "customer-request"
    MISROUTED = "misrouted"
    MERGED = "merged"
    RETURN = "return"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an owner or a team changed: a code, the words for everybody, and who wrote them ("" for a rule or us).

    `phrase` names words of our own, which every language has; `who` and `until` are what they speak of, and `text` says
    them in English for the history. `texts` are a rule's words by language. Where neither is there, `text` goes out as
    it was written.
    """

    code: Code
    text: str
    by: str = ""
    phrase: str = ""
    who: str = ""
    until: date | None = None
    texts: tuple[tuple[str, str], ...] = ()


class Role(StrEnum):
    """What somebody is on a ticket."""

    REQUESTER = "requester"
    CC = "cc"
    AGENT = "agent"
    OFFERED = "offered"  # a stranger who holds a token; takes part once an agent accepts


@dataclass(frozen=True, slots=True)
class Party:
    """One person on one ticket. `number` is what their tokens carry; `kept` says that they are sent our mails,
    `machine` that what wrote from this address was no person, and is sent a person's words only; `stopped` that this
    person wants no automatic mail on the ticket."""

    number: int
    address: str
    name: str = ""
    role: Role = Role.CC
    proven: bool = False
    kept: bool = False
    machine: bool = False
    stopped: bool = False
    agent: str | None = None

    @property
    def key(self) -> str:
        return self.address.lower()


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was said on a ticket. `author` is the address, `agent` the agent's id where one spoke."""

    at: datetime
    author: str
    name: str
    voice: Voice
    text: str
    message_id: MessageId
    agent: str | None = None
    attachments: tuple[Attachment, ...] = ()
    inbox: int | None = None
    whole: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """What made a ticket move: the mail (its number in the inbox) or the timer that set it off, and the absence or the
    rule that stands behind it."""

    mail: int | None = None
    timer: str = ""
    absence: int | None = None
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, in an append-only history. `before` and `after` are the field's values as text; `why`
    is the whole reason of a move, of which `code` and `text` are the part in English, and `origin` what made it."""

    at: datetime
    event: str
    who: str
    code: str = ""
    text: str = ""
    before: str = ""
    after: str = ""
    why: Reason | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """The state of one ticket: the fold of its history.

    `address` is the plain address of ours that the customer first wrote to; `shown` is the subject in every mail,
    decided once; `root` is the Message-ID at the top of everybody's References. `why` and `previous_owner` tell the
    last move; `told_owner` and `told_team` are the contact that the customer was last told. `promises` are the lines of
    its ledger that stand, `promised_at` is the date that the customer reads. `sla` is the one that a rule set, `ladder`
    the team whose ladder it climbs, once it has begun to.
    """

    number: TicketNo
    subject: str
    shown: str
    status: Status
    owner: str | None
    team: str
    priority: Priority
    level: int
    address: str
    language: str
    created_at: datetime
    updated_at: datetime
    tags: tuple[str, ...] = ()
    solved_at: datetime | None = None
    promised_at: datetime | None = None
    parties: tuple[Party, ...] = ()
    links: tuple[TicketNo, ...] = ()
    merged_into: TicketNo | None = None
    root: str = ""
    why: Reason | None = None
    previous_owner: str | None = None
    told_owner: str | None = None
    told_team: str = ""
    sla: str = ""
    ladder: str = ""
    promises: tuple[Promise, ...] = ()

    @property
    def requester(self) -> Party:
        return next(party for party in self.parties if party.role is Role.REQUESTER)

    @property
    def participants(self) -> tuple[Party, ...]:
        """The customer's side: who asked, and who takes part with them."""
        return tuple(party for party in self.parties if party.role in {Role.REQUESTER, Role.CC})

    def party_at(self, address: str) -> Party | None:
        key = address.lower()
        return next((party for party in self.parties if party.key == key), None)

    def party(self, number: int) -> Party | None:
        return next((party for party in self.parties if party.number == number), None)

    def participant_at(self, address: str) -> Party | None:
        key = address.lower()
        return next((party for party in self.participants if party.key == key), None)


def fresh(number: TicketNo, subject: str, team: str, address: str, language: str, at: datetime) -> Ticket:
    """A ticket as it is before anything is known of it but that somebody wrote."""
    return Ticket(
        number=number,
        subject=subject,
        shown="",
        status=Status.OPEN,
        owner=None,
        team=team,
        priority=Priority.NORMAL,
        level=1,
        address=address,
        language=language,
        created_at=at,
        updated_at=at,
    )
