"""The tables (SQLModel); nothing outside maild.store sees them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)
from sqlmodel import Field, SQLModel


class Utc(TypeDecorator[datetime]):
    """A moment: refuses naive times, gives aware ones back on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be kept")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  SQLAlchemy's
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _moment(nullable: bool = False) -> Any:  # noqa: ANN401, RUF100  SQLModel's Field takes any column
    return Field(default=None, sa_column=Column(Utc, nullable=nullable))


def _json() -> Any:
    return Field(default_factory=list, sa_column=Column(JSON, nullable=False))


def _text(default: str = "") -> Any:
    return Field(default=default, sa_column=Column(Text, nullable=False, default=default))


class MetaRow(SQLModel, table=True):
    """`key` is put in order by its bytes on every database, for some keys are looked up as a range."""

    __tablename__ = "meta"
    key: str = Field(
        sa_column=Column(String().with_variant(String(collation="C"), "postgresql"), primary_key=True, nullable=False)
    )
    value: str = _text()


BY_ABSENCE = text("code IN ('absence.planned', 'absence.unplanned', 'left')")


class InboxRow(SQLModel, table=True):
    """One delivery. `state` is waiting, ticket, duplicate, done or quarantine."""

    __tablename__ = "inbox"
    __table_args__ = (
        Index("inbox_source", "source", unique=True),
        Index("inbox_state", "state", "id"),
        Index("inbox_fingerprint", "fingerprint"),
        Index("inbox_message_id", "message_id"),
        Index("inbox_author", "author", "id"),
        {"sqlite_autoincrement": True},
    )
    id: int | None = Field(default=None, primary_key=True)
    received_at: datetime = _moment()
    source: str = _text()
    sender: str = _text()
    recipients: list[str] = _json()
    peer: str = _text()
    mailbox: str = _text()
    message_id: str = _text()
    fingerprint: str = _text()
    author: str = _text()
    sha256: str = _text()
    size: int = 0
    state: str = _text("waiting")
    ticket: int | None = None
    duplicate_of: int | None = None
    tries: int = 0
    starts: int = 0
    released: str = _text()
    because: list[str] = _json()
    decided_at: datetime | None = _moment(nullable=True)


class RawRow(SQLModel, table=True):
    """The bytes of a mail: inline where small, else the name of a file beside the database."""

    __tablename__ = "raw"
    inbox: int = Field(primary_key=True, foreign_key="inbox.id")
    file: str = _text()
    content: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))


class TicketRow(SQLModel, table=True):
    __tablename__ = "ticket"
    __table_args__ = (
        Index("ticket_owner", "owner", "status"),
        Index("ticket_team", "team", "status"),
        Index("ticket_requester", "requester"),
        Index("ticket_status", "status", "owner"),
    )
    number: int = Field(primary_key=True)
    subject: str = _text()
    shown: str = _text()
    status: str = _text()
    owner: str | None = None
    team: str = _text()
    priority: str = _text()
    level: int = 1
    address: str = _text()
    requester: str = _text()
    language: str = _text()
    tags: list[str] = _json()
    links: list[int] = _json()
    created_at: datetime = _moment()
    updated_at: datetime = _moment()
    solved_at: datetime | None = _moment(nullable=True)
    promised_at: datetime | None = _moment(nullable=True)
    merged_into: int | None = None
    root: str = _text()
    why: dict[str, str] | None = Field(default=None, sa_column=Column(JSON, nullable=True))
    previous_owner: str | None = None
    told_owner: str | None = None
    told_team: str = _text()
    sla: str = _text()
    ladder: str = _text()


class PromiseRow(SQLModel, table=True):
    """A line of a ticket's ledger. `standing` is open, paused, kept, moved, broken or dropped; `left` is in seconds."""

    __tablename__ = "promise"
    __table_args__ = (PrimaryKeyConstraint("ticket", "number"), Index("promise_standing", "standing", "due_at"))
    ticket: int = Field(foreign_key="ticket.number")
    number: int
    clock: str = _text()
    made_at: datetime = _moment()
    due_at: datetime = _moment()
    warn_at: datetime = _moment()
    guard_at: datetime = _moment()
    standing: str = _text()
    by: str = _text()
    text: str = _text()
    warned: bool = False
    left: int | None = None
    missed: int = 0
    ended_at: datetime | None = _moment(nullable=True)


class PartyRow(SQLModel, table=True):
    __tablename__ = "party"
    __table_args__ = (PrimaryKeyConstraint("ticket", "number"), Index("party_address", "address"))
    ticket: int = Field(foreign_key="ticket.number")
    number: int
    address: str = _text()
    name: str = _text()
    role: str = _text()
    proven: bool = False
    kept: bool = False
    machine: bool = False
    stopped: bool = False
    agent: str | None = None


class EntryRow(SQLModel, table=True):
    """One thing said; `seq` counts the entries of a ticket from 1 without a gap."""

    __tablename__ = "entry"
    __table_args__ = (
        Index("entry_ticket", "ticket", "seq", unique=True),
        Index("entry_inbox", "inbox"),
        {"sqlite_autoincrement": True},
    )
    id: int | None = Field(default=None, primary_key=True)
    ticket: int = Field(foreign_key="ticket.number")
    seq: int
    at: datetime = _moment()
    author: str = _text()
    name: str = _text()
    agent: str | None = None
    voice: str = _text()
    text: str = _text()
    whole: str = _text()
    message_id: str = _text()
    inbox: int | None = Field(default=None, foreign_key="inbox.id")
    attachments: list[dict[str, Any]] = _json()


class HistoryRow(SQLModel, table=True):
    """One event; `chain` is the hash over the one before and this one, so that nothing can be taken out unseen."""

    __tablename__ = "history"
    __table_args__ = (
        PrimaryKeyConstraint("ticket", "seq"),
        # only moves that an absence caused, so that nothing else pays for it
        Index("history_absence", "before", "at", sqlite_where=BY_ABSENCE, postgresql_where=BY_ABSENCE),
    )
    ticket: int = Field(foreign_key="ticket.number")
    seq: int
    at: datetime = _moment()
    event: str = _text()
    who: str = _text()
    code: str = _text()
    text: str = _text()
    before: str = _text()
    after: str = _text()
    why: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON, nullable=True))
    origin: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON, nullable=True))
    chain: str = _text()


class SeenRow(SQLModel, table=True):
    """A Message-ID of somebody else's that was met on a ticket, in its own field or in References."""

    __tablename__ = "seen"
    __table_args__ = (PrimaryKeyConstraint("message_id", "ticket"),)
    message_id: str
    ticket: int = Field(foreign_key="ticket.number")


class OutboxRow(SQLModel, table=True):
    """One finished mail to one person. `state` is waiting, sending, sent, uncertain, refused or held."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("outbox_due", "state", "next_at"),
        Index("outbox_ticket", "ticket"),
        Index("outbox_reader", "reader", "created_at"),
        Index("outbox_answers", "answers", "proven", "created_at"),
        Index("outbox_inbox", "inbox"),
        {"sqlite_autoincrement": True},
    )
    id: int | None = Field(default=None, primary_key=True)
    ticket: int | None = None
    party: int = 0
    agent: str | None = None
    recipient: str = _text()
    reader: str = _text()
    domain: str = _text()
    sender: str = _text()
    notice: str = _text()
    auto: bool = False
    answers: bool = False
    proven: bool = False
    message_id: str = _text()
    inbox: int | None = None
    state: str = _text("waiting")
    tries: int = 0
    created_at: datetime = _moment()
    next_at: datetime | None = _moment(nullable=True)
    after: int | None = None
    after_until: datetime | None = _moment(nullable=True)
    leased_until: datetime | None = _moment(nullable=True)
    holder: str = _text()
    fence: int = 0
    told_late: bool = False
    uncertain: int = 0
    answer: str = _text()
    sent_at: datetime | None = _moment(nullable=True)
    question: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON, nullable=True))
    content: bytes = Field(default=b"", sa_column=Column(LargeBinary, nullable=False))


class AgentRow(SQLModel, table=True):
    """An agent whom the desk has known; `number` is what the personal address carries."""

    __tablename__ = "agent"
    __table_args__ = (Index("agent_number", "number", unique=True),)
    id: str = Field(primary_key=True)
    number: int
    name: str = _text()
    email: str = _text()
    gone_at: datetime | None = _moment(nullable=True)


class AbsenceRow(SQLModel, table=True):
    """One absence of one agent. `stage` is doubted, asked, set, begun, ended or withdrawn."""

    __tablename__ = "absence"
    __table_args__ = (Index("absence_stage", "stage", "look_at"), Index("absence_agent", "agent", "created_at"))
    id: int = Field(primary_key=True)
    agent: str = _text()
    leave: str = _text()
    since: datetime = _moment()
    until: datetime | None = _moment(nullable=True)
    last_day: str = _text()
    source: str = _text()
    stage: str = _text()
    backup: str | None = None
    because: str = _text()
    by: str = _text()
    told: str = _text()
    key: str = _text()
    look_at: datetime | None = _moment(nullable=True)
    learnt_at: datetime | None = _moment(nullable=True)
    created_at: datetime = _moment()


class TimerRow(SQLModel, table=True):
    __tablename__ = "timer"
    __table_args__ = (PrimaryKeyConstraint("ticket", "timer"), Index("timer_due", "due_at"))
    ticket: int
    timer: str
    due_at: datetime = _moment()
    detail: str = _text()


def table(name: str) -> Table:
    """The table behind a row class, for statements of SQLAlchemy's core."""
    return SQLModel.metadata.tables[name]


ALL = tuple(
    table(name)
    for name in (
        *("meta", "inbox", "raw", "ticket", "promise", "party", "entry", "history", "seen", "outbox", "timer"),
        *("agent", "absence"),
    )
)
"""Every table, each after those that it refers to."""

for _column in (column for one in ALL for column in one.columns):
    if isinstance(_column.type, Integer):  # mails name tickets of any number, and SQLite's integers have 64 bits
        _column.type = BigInteger().with_variant(Integer(), "sqlite")
