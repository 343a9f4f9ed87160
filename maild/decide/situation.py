"""Everything that is known when one mail is decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from maild.absence import Absence
from maild.decide.absence import NO_FACTS
from maild.decide.absence import Facts as AbsenceFacts
from maild.decision import NO_ANSWERS, NO_LOADS, Answers, Loads, Sent
from maild.desk import Agent, Desk
from maild.mail import Mail, MessageId
from maild.rules.match import RuleBook
from maild.threading.clues import Clues
from maild.ticket import Entry, Event, Ticket, TicketNo
from maild.values import dataclass


@dataclass(frozen=True, slots=True)
class Earlier:
    """A mail that came before with the same fingerprint: its inbox row, and where it ended."""

    inbox: int
    ticket: TicketNo | None
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Situation:
    """The mail, its clues, and all that they name.

    `tickets` holds every ticket that a clue or a command names, under the number that was named, merges followed;
    `met` are foreign Message-IDs that stand on a ticket already, in the order of the clues; `same_id` is the ticket of
    an earlier mail with this Message-ID but other words. `sent` are the outbox rows that our own ids and tokens name.
    `entries` and `history` are there for the tickets of an agent's mail. `number` is what a new ticket will be called.
    `remembered` is the language in which the author was answered before, where this mail does not tell its own.
    `waived` are the checks that a `#yes` or an operator set aside. `recent` counts what customers wrote of late on the
    ticket that the mail leads to; `escalated` says that a customer had it escalated within the last
    day. `absence` is the one that the answered question is about; `living` are those of the
    agent who writes, asked and doubted ones too, and what was learnt of late; `personal` is the agent whose personal
    address the mail came to.
    """

    inbox: int
    mail: Mail
    sender: str
    recipients: tuple[str, ...]
    received_at: datetime
    now: datetime
    clues: Clues
    desk: Desk
    rules: RuleBook
    number: TicketNo
    tickets: Mapping[int, Ticket] = field(default_factory=dict)
    met: tuple[tuple[MessageId, TicketNo], ...] = ()
    same_id: TicketNo | None = None
    earlier: Earlier | None = None
    sent: Mapping[int, Sent] = field(default_factory=dict)
    entries: Mapping[int, tuple[Entry, ...]] = field(default_factory=dict)
    history: Mapping[int, tuple[Event, ...]] = field(default_factory=dict)
    answers: Answers = NO_ANSWERS
    loads: Loads = NO_LOADS
    proved: frozenset[str] = frozenset()
    waived: frozenset[str] = frozenset()
    first_time: bool = True
    remembered: str = ""
    recent: int = 0
    escalated: bool = False
    absence: Absence | None = None
    absence_facts: AbsenceFacts = NO_FACTS
    living: tuple[Absence, ...] = ()
    personal: str | None = None

    @property
    def vouched(self) -> bool:
        """Whether the operator took the mail out of quarantine: what put it there does not do so again."""
        return "operator" in self.waived

    @property
    def agent(self) -> Agent | None:
        """The agent at whose address the mail claims to be written; a claim, no proof."""
        author = self.mail.author.spec
        return self.desk.agent_at(author) if author else None
