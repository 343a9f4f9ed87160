"""What can be decided: outcomes as values, each with its reasons."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from maild.absence import Absence
from maild.lines import Line
from maild.mail import Attachment, MessageId
from maild.promise import Promise
from maild.ticket import Entry, Event, Party, Ticket, TicketNo, Use
from maild.values import dataclass


class Notice(StrEnum):
    """What a mail of ours is for; the first ones stand in the order in which they lend a mail its name (DESIGN 3.3)."""

    OWNER_CHANGED = "owner-changed"
    ESCALATED = "escalated"
    DELAYED = "delayed"
    SOLVED = "solved"
    REOPENED = "reopened"
    FOLLOW_UP = "follow-up"
    RECEIVED = "received"
    OWNER_SET = "owner-set"
    WAITING = "waiting"
    REPLY = "reply"
    STATUS = "status"
    ASSIGNED = "assigned"
    CUSTOMER_REPLIED = "customer-replied"
    NOTE = "note"
    LINKED = "linked"
    RECEIPT = "receipt"
    REFUSED = "refused"
    HELD = "held"
    CONFIRM = "confirm"
    UNDELIVERABLE = "undeliverable"
    ABSENCE = "absence"
    WELCOME = "welcome"
    WARNING = "warning"
    SHOW = "show"
    HISTORY = "history"
    LIST = "list"
    HELP = "help"

    @property
    def to_customers(self) -> bool:
        return self in TO_CUSTOMERS


TO_CUSTOMERS = (
    Notice.OWNER_CHANGED,
    Notice.ESCALATED,
    Notice.DELAYED,
    Notice.SOLVED,
    Notice.REOPENED,
    Notice.FOLLOW_UP,
    Notice.RECEIVED,
    Notice.OWNER_SET,
    Notice.WAITING,
    Notice.REPLY,
    Notice.STATUS,
)
"""Those that only customers get; `history` and `help` are answers to whoever asked."""


@lru_cache(maxsize=256)
def leading(notices: frozenset[Notice]) -> Notice:
    """The one name of a mail that tells several things: the first that applies."""
    return next(notice for notice in Notice if notice in notices)


class TimerName(StrEnum):
    TELL = "tell"  # the settle window of moves is over: tell the customer
    CLOSE = "close"  # a solved ticket has been quiet for long enough
    ANSWER = "answer"  # an acknowledgement waits for room within the limits
    QUIET = "quiet"  # no automatic answers on this ticket until then
    MOVE = "move"  # its owner's absence has begun; the detail is the absence
    RETURN = "return"  # the owner of before is back; the detail is the agent
    PROMISE = "promise"  # a promise of the ledger has to be looked at: its owner warned, or the customer told
    ESCALATED = "escalated"  # the customer had it escalated: not again before then
    REMIND = "remind"  # we wait for the customer; the detail is how often they were reminded
    RULES = "rules"  # the earliest moment at which a rule on a timer can match
    SUMMARY = "summary"  # customers write faster than anybody reads: tell the owner of all of it at once


@dataclass(frozen=True, slots=True)
class SetTimer:
    """When to look again; `first` lets an earlier timer of the same name stand."""

    timer: TimerName
    due_at: datetime
    detail: str = ""
    first: bool = False


@dataclass(frozen=True, slots=True)
class ClearTimer:
    timer: TimerName


STRICT = "strict"
"""The check that a `#yes` sets aside where a command needs strict proof, whatever the operator trusts."""
_STRICT_LASTS = timedelta(minutes=15)
_LASTS = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question to a person is about: the mail that is held, and the checks that a `#yes` sets aside.

    `also` are further mails of the same question, each with its own checks. A question that is about no mail has
    inbox 0 and a `deed`: `apply:N`, `undo:N` or `hand-back:N`, with the number of an absence. `agent` is an agent's id,
    or the address of an admin who is no agent.
    """

    inbox: int
    agent: str
    waives: tuple[str, ...]
    also: tuple[tuple[int, tuple[str, ...]], ...] = ()
    deed: str = ""

    @property
    def lasts(self) -> timedelta:
        """How long the question waits for its answer: minutes, where it stands in for strict proof (DESIGN 3.6)."""
        return _STRICT_LASTS if any(STRICT in waives for _, waives in self.releases) else _LASTS

    @property
    def releases(self) -> tuple[tuple[int, tuple[str, ...]], ...]:
        return ((self.inbox, self.waives), *self.also) if self.inbox else self.also


@dataclass(frozen=True, slots=True)
class Fresh:
    """A ticket on which an agent is handed a new signed address to answer to, because the one they used is void."""

    ticket: int
    party: int
    address: str
    subject: str


@dataclass(frozen=True, slots=True)
class Draft:
    """One mail to one person, before it has words.

    `tells` holds every notice that applies, `reply_use` what a reply to it may do, `entry` a person's words that it
    passes on; `auto` marks machine text, `answers` counts it against the limits on answers; `after_brief` holds it
    back until the successor's brief has left. `lines` are what receipts, refusals and holds say; `recipient` is whom
    a mail did not reach; `about` is the ticket that `#show`
    and `#history` asked for, `scope` what `#list` asked for. `late` is the promise that a new date takes the place of,
    `reminder` counts how often the customer was reminded, `until` is when the ticket is solved if nobody answers, and
    `wish` is the customer's word that the mail answers; `above` is who takes it up if the customer asks for more.
    `language` is the reader's, "" for the ticket's. `done_by` is the agent who did what it tells, "" where none did.
    """

    to: Party
    tells: frozenset[Notice]
    reply_use: Use
    auto: bool
    answers: bool = False
    entry: Entry | None = None
    attachments: tuple[Attachment, ...] = ()
    after_brief: bool = False
    lines: tuple[str | Line, ...] = ()
    kept_text: str = ""
    recipient: str = ""
    about: int | None = None
    scope: str = ""
    question: Asked | None = None
    null_sender: bool = False
    proven: bool = False
    since: datetime | None = None
    fresh: tuple[Fresh, ...] = ()
    gathered: bool = False
    late: Promise | None = None
    reminder: int = 0
    until: datetime | None = None
    wish: str = ""
    above: str = ""
    language: str = ""
    done_by: str = ""

    @property
    def notice(self) -> Notice:
        return leading(self.tells)


@dataclass(frozen=True, slots=True)
class Post:
    """The mail belongs to a ticket: its new state, what happened, what is told, what time will do.

    `opened` tells a new ticket from one that stands; `met` are the Message-IDs to know again; `elsewhere` are other
    tickets in their new state, with what happened there. `bulletin` is what the mail tells beside the ticket.
    `lines` are those whose `plain` words are the text of an event, or stand in the reasons: both say them in English.
    `promises` are the lines of the ledger that are new or have changed. `at` is when the entry was said, where that is
    not now. `slow` are rules that had a regex run out of its time.
    """

    ticket: Ticket
    events: tuple[Event, ...]
    because: tuple[str, ...]
    opened: bool = False
    entry: Entry | None = None
    drafts: tuple[Draft, ...] = ()
    timers: tuple[SetTimer | ClearTimer, ...] = ()
    met: tuple[MessageId, ...] = ()
    elsewhere: tuple[tuple[Ticket, tuple[Event, ...]], ...] = ()
    proved: str | None = None
    absences: tuple[Absence, ...] = ()
    bulletin: Bulletin | None = None
    lines: tuple[Line, ...] = ()
    promises: tuple[Promise, ...] = ()
    at: datetime | None = None
    slow: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bulletin:
    """What is done and told that belongs to no one ticket: absences in their new state, timers of tickets that
    they concern, and mails to agents and admins.

    `revoked` are agents whose personal address is void from now on, so that what they are told bears a fresh one;
    `proved` is an agent whose mail has proved its sender.
    """

    because: tuple[str, ...]
    absences: tuple[Absence, ...] = ()
    timers: tuple[tuple[TicketNo, SetTimer | ClearTimer], ...] = ()
    drafts: tuple[Draft, ...] = ()
    revoked: tuple[str, ...] = ()
    proved: str | None = None


@dataclass(frozen=True, slots=True)
class SetAside:
    """The mail waits in quarantine, with a stated cause; `held: ` starts the cause of one that a person can release.

    `post` carries what is told of it on the ticket that it was meant for, `bulletin` what is told without a ticket;
    `lines` are those whose `plain` words stand in the reasons.
    """

    because: tuple[str, ...]
    post: Post | None = None
    bulletin: Bulletin | None = None
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The same mail came before, as `of`; `post` carries what its new recipients add to that ticket."""

    of: int
    ticket: TicketNo | None
    because: tuple[str, ...]
    post: Post | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """A word to the desk that belongs to no ticket, carried out; `release` names a held mail to decide again, and
    `lines` are those whose `plain` words stand in the reasons."""

    because: tuple[str, ...]
    release: Asked | None = None
    bulletin: Bulletin | None = None
    lines: tuple[Line, ...] = ()


Decision = Post | SetAside | Duplicate | Done


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A mail of ours that will not arrive: which row, to whom, and the last answer."""

    row: int
    notice: Notice
    recipient: str
    party: int
    answer: str
    permanent: bool = True


@dataclass(frozen=True, slots=True)
class Sent:
    """A mail of ours as the outbox remembers it; `inbox` is the mail that it was written because of."""

    row: int
    ticket: TicketNo | None
    notice: Notice
    party: int
    agent: str | None
    recipient: str
    created_at: datetime
    state: str = "waiting"
    question: Asked | None = None
    inbox: int | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """How many automatic answers have left of late; what the limits of DESIGN 3.9 count."""

    unproven_hour: int = 0
    unproven_domain_hour: int = 0
    address_week: int = 0
    address_day: int = 0
    ticket_hour: int = 0
    ticket_ever: int = 0
    quiet: bool = False
    answered_by_agent: bool = False


NO_ANSWERS = Answers()


@dataclass(frozen=True, slots=True)
class Loads:
    """How much each agent carries (open tickets), and who of a team came last in turn."""

    open: dict[str, int] = field(default_factory=dict)
    last: dict[str, str] = field(default_factory=dict)


NO_LOADS = Loads()
