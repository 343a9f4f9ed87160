"""Everything that one mail may say, ready to be put into words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from maild.decision import Notice


@dataclass(frozen=True, slots=True)
class Action:
    """Something the reader can do by mail: its words, the address and the first line that do it."""

    label: str
    to: str
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Said:
    """One entry of the conversation, as a brief shows it: `who` is a name, `note` tells an internal word."""

    at: datetime
    who: str
    note: bool
    text: str
    machine: bool = False


@dataclass(frozen=True, slots=True)
class Happened:
    """One event of the history, in the words of the field names: what, from, to, why, by whom."""

    at: datetime
    event: str
    who: str
    text: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Row:
    """One ticket in a list."""

    number: int
    subject: str
    status: str
    owner: str
    requester: str
    updated_at: datetime
    promised_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """One command in the help: its form, and what it does."""

    form: str
    effect: str


@dataclass(frozen=True, slots=True)
class Promised:
    """A date of the ledger, as colleagues see it: `clock` is what it is about, `by` and `text` who gave it, and why."""

    due_at: datetime
    clock: str
    by: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a request as its customer may read it: `kind` is one of received, wrote, answered, contact, solved,
    reopened, closed, waiting, delayed; `who` is a name, `text` words or a reason, `by` the colleague who wrote the
    reason ("" for the desk's own), `due_at` a date that was given."""

    at: datetime
    kind: str
    who: str = ""
    text: str = ""
    due_at: datetime | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """An inline image of the words: its Content-ID and its name, as a marker in the text may show it."""

    content_id: str
    name: str


class Telling(NamedTuple):
    """The facts of one mail. Empty strings are facts that are not known or may not be said.

    `notice` names the mail, `tells` are all notices that apply (their values as strings). `contact` is the present
    contact's full name and `contact_short` the short one; `owned` tells a person from a team; `previous` and
    `previous_short` are the contact before, where the mail may name one. `why` is the reason's customer-safe words,
    `why_by` the name of the colleague who wrote them, "" where they are the desk's own. `last_at` and `last_who` are
    the last public thing that happened; `last_event` is "received" for the reader's own message, "message" for that of
    somebody else who takes part, "wrote" for an agent's words, or "solved"; `last_who` names them, and is "" for the
    reader, and where the name may not be said or no agent marked it as solved. `previous_wrote` tells that the contact
    before has public words in the conversation. `reply_to` is this mail's own Reply-To: an action that goes there is a
    plain reply. `known` is False for a sender who proved nothing: then nothing of theirs may be said. `words` are a
    person's words that this mail passes on, written by `words_by`. `files` counts the mails of the conversation that
    are attached.
    `earlier` and `earlier_solved` count the requester's tickets before this one, `customer_language` is the code of the
    language that the requester is written to in, "" where it is the reader's own. `covers` says that an absence brought
    the ticket, `customer_told` that its customer is going to hear of the move, `customer_heard` that its customer has
    read the date that is promised, or reads it now.
    `minutes` is how long a question waits for its answer, 0 where it waits for days.
    `promised_at` is the date that the customer is told, and `promised` what it is about ("first-reply", "next-reply",
    "update", "delay", "solve"; "" for none); `promised_by` is the agent who gave it, `promised_words` what that agent
    said of it. `late_at` is the date that the reader had before, `later` says that
    the new one lies behind what the reader read last. `above` is who takes the ticket up if the customer
    replies ESCALATE. `reminder` counts reminders, and `until` is when the ticket is solved if nobody answers. `wish` is
    the customer's word that the mail answers, `done_by` is the agent who did what it tells, "" where a rule, the clock
    or the customer did; `steps` is what happened so far, for the customer to read.
    For agents: `customer` and `customer_address` name the requester, `role` is why this agent is told ("owner",
    "team", "colleague"), `said` the conversation so far with the newest last, `lines` what was done, refused or held,
    `promises` the dates of the ledger.
    """

    notice: Notice
    tells: frozenset[str]
    language: str
    zone: ZoneInfo
    zone_name: str
    now: datetime
    desk: str
    accent: str
    to_agent: bool = False
    to_name: str = ""
    number: int = 0
    subject: str = ""
    own_subject: str = ""
    status: str = "open"
    owned: bool = False
    contact: str = ""
    contact_short: str = ""
    previous: str = ""
    previous_short: str = ""
    why: str = ""
    why_by: str = ""
    why_code: str = ""
    last_at: datetime | None = None
    last_who: str = ""
    last_event: str = ""
    known: bool = True
    words: str = ""
    words_by: str = ""
    pictures: tuple[Picture, ...] = ()
    attachments: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    files: int = 0
    customer: str = ""
    customer_address: str = ""
    customer_proven: bool = False
    customer_language: str = ""
    organisation: str = ""
    covers: bool = False
    customer_told: bool = False
    customer_heard: bool = True
    earlier: int = 0
    earlier_solved: int = 0
    team: str = ""
    owner: str = ""
    priority: str = "normal"
    tags: tuple[str, ...] = ()
    role: str = ""
    said: tuple[Said, ...] = ()
    happened: tuple[Happened, ...] = ()
    rows: tuple[Row, ...] = ()
    commands: tuple[Command, ...] = ()
    lines: tuple[str, ...] = ()
    kept_text: str = ""
    recipient: str = ""
    links: tuple[int, ...] = ()
    actions: tuple[Action, ...] = ()
    close_at: datetime | None = None
    previous_wrote: bool = False
    reply_to: str = ""
    minutes: int = 0
    promised_at: datetime | None = None
    promised: str = ""
    promised_by: str = ""
    promised_words: str = ""
    late_at: datetime | None = None
    later: bool = True
    above: str = ""
    reminder: int = 0
    until: datetime | None = None
    wish: str = ""
    done_by: str = ""
    steps: tuple[Step, ...] = ()
    promises: tuple[Promised, ...] = ()
