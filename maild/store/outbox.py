"""Finished mail: one row a recipient, final bytes, and what the relay said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, exists, func, insert, or_, select, update

from maild.decision import Answers, Asked, Notice, Sent
from maild.mail import Envelope, MessageId, Outgoing
from maild.store.engine import Tx
from maild.store.tables import table
from maild.ticket import TicketNo

_outbox = table("outbox")
_LATE = ("waiting", "uncertain")


@dataclass(frozen=True, slots=True)
class Queued:
    """One outbox row without its bytes. `state` is waiting, sending, sent, uncertain, refused or held."""

    id: int
    ticket: int | None
    party: int
    agent: str | None
    recipient: str
    notice: str
    message_id: str
    state: str
    tries: int
    created_at: datetime
    next_at: datetime | None
    answer: str
    inbox: int | None
    sent_at: datetime | None
    told_late: bool


@dataclass(frozen=True, slots=True)
class Leased:
    """A row that is ours to send until the lease ends; a write under an older fence changes nothing."""

    id: int
    fence: int
    tries: int
    created_at: datetime
    told_late: bool
    mail: Outgoing


@dataclass(frozen=True, slots=True)
class Finished:
    """A mail as it enters the outbox. `after` is the row that should leave first, at the latest at `after_until`."""

    id: int
    mail: Outgoing
    ticket: int | None
    party: int
    agent: str | None
    notice: Notice
    auto: bool
    answers: bool
    proven: bool
    inbox: int | None
    created_at: datetime
    question: Asked | None = None
    after: int | None = None
    after_until: datetime | None = None
    state: str = "waiting"
    answer: str = ""


def next_row(tx: Tx) -> int:
    """The number of the next row; it stands in the mail's own Message-ID."""
    return int(tx.connection.execute(select(func.coalesce(func.max(_outbox.c.id), 0))).scalar_one()) + 1


def put(tx: Tx, finished: Finished) -> None:
    mail = finished.mail
    question = finished.question
    asked = None
    if question is not None:
        asked = _asked_values(question)
    tx.connection.execute(
        insert(_outbox).values(
            id=finished.id,
            ticket=finished.ticket,
            party=finished.party,
            agent=finished.agent,
            recipient=mail.envelope.recipient,
            reader=mail.envelope.recipient.lower(),
            domain=mail.envelope.recipient.rpartition("@")[2].lower(),
            sender=mail.envelope.sender,
            notice=finished.notice.value,
            auto=finished.auto,
            answers=finished.answers,
            proven=finished.proven,
            message_id=mail.message_id,
            inbox=finished.inbox,
            state=finished.state,
            answer=finished.answer,
            created_at=finished.created_at,
            next_at=finished.created_at,
            after=finished.after,
            after_until=finished.after_until,
            question=asked,
            content=mail.content,
        )
    )


def lease(tx: Tx, now: datetime, until: datetime, most: int) -> list[Leased]:
    """Take the mails that are due, oldest first, and note the try before anything is sent."""
    first = _outbox.alias("first")
    unsent = exists().where(first.c.id == _outbox.c.after, first.c.state.in_(["waiting", "sending", "uncertain"]))
    free = or_(_outbox.c.after.is_(None), _outbox.c.after_until <= now, ~unsent)
    due = (
        select(_outbox.c.id)
        .where(_outbox.c.state.in_(_LATE), _outbox.c.next_at <= now, free)
        .order_by(_outbox.c.next_at, _outbox.c.id)
        .limit(most)
    )
    ids = list(tx.connection.execute(due).scalars())
    if not ids:
        return []
    changed = {"state": "sending", "leased_until": until, "fence": _outbox.c.fence + 1, "tries": _outbox.c.tries + 1}
    rows = tx.connection.execute(
        update(_outbox).where(_outbox.c.id.in_(ids)).values(**changed).returning(_outbox)
    ).all()
    return [_leased(row) for row in sorted(rows, key=lambda row: int(row.id))]


def next_due(tx: Tx) -> datetime | None:
    """When the next mail is due."""
    query = select(func.min(_outbox.c.next_at)).where(_outbox.c.state.in_(_LATE))
    found: datetime | None = tx.connection.execute(query).scalar_one()
    return found


def sent(tx: Tx, leased: Leased, answer: str, now: datetime) -> None:
    _settle(tx, leased, state="sent", answer=answer, sent_at=now, next_at=None)


def put_off(tx: Tx, leased: Leased, answer: str, next_at: datetime, *, told_late: bool) -> None:
    _settle(tx, leased, state="waiting", answer=answer, next_at=next_at, told_late=told_late)


def give_back(tx: Tx, leased: Leased, answer: str, next_at: datetime) -> None:
    """The relay as a whole is in trouble: that is no try of this mail."""
    _settle(tx, leased, state="waiting", answer=answer, next_at=next_at, tries=_outbox.c.tries - 1)


def uncertain(tx: Tx, leased: Leased, answer: str, next_at: datetime) -> None:
    changed = {"state": "uncertain", "answer": answer, "next_at": next_at, "uncertain": _outbox.c.uncertain + 1}
    _settle(tx, leased, **changed)


def refused(tx: Tx, leased: Leased, answer: str) -> None:
    _settle(tx, leased, state="refused", answer=answer, next_at=None)


def mark_told_late(tx: Tx, row: int) -> None:
    """Somebody was told that this mail is late; that is said once."""
    tx.connection.execute(update(_outbox).where(_outbox.c.id == row).values(told_late=True))


def recover(tx: Tx, now: datetime) -> int:
    """Mails whose sender died while sending may have left: they are uncertain, and are due at once."""
    gone = and_(_outbox.c.state == "sending", or_(_outbox.c.leased_until <= now, _outbox.c.leased_until.is_(None)))
    changed = {"state": "uncertain", "next_at": now, "uncertain": _outbox.c.uncertain + 1, "fence": _outbox.c.fence + 1}
    changed["answer"] = "the daemon stopped while this mail was being sent"
    return tx.connection.execute(update(_outbox).where(gone).values(**changed)).rowcount


def retry(tx: Tx, row: int, now: datetime) -> bool:
    """Send a refused, held or late mail again, now."""
    states = ["waiting", "uncertain", "refused", "held"]
    query = update(_outbox).where(_outbox.c.id == row, _outbox.c.state.in_(states))
    return tx.connection.execute(query.values(state="waiting", next_at=now, after=None)).rowcount == 1


def listing(tx: Tx, states: Sequence[str] = ()) -> list[Queued]:
    query = select(*_short()).order_by(_outbox.c.id)
    if states:
        query = query.where(_outbox.c.state.in_(list(states)))
    return [_queued(row) for row in tx.connection.execute(query)]


def of_ticket(tx: Tx, ticket: int) -> list[Queued]:
    query = select(*_short()).where(_outbox.c.ticket == ticket).order_by(_outbox.c.id)
    return [_queued(row) for row in tx.connection.execute(query)]


def of_inbox(tx: Tx, inbox: int) -> list[Queued]:
    """What a mail caused to be sent."""
    query = select(*_short()).where(_outbox.c.inbox == inbox).order_by(_outbox.c.id)
    return [_queued(row) for row in tx.connection.execute(query)]


def ids_to(tx: Tx, ticket: int, recipient: str) -> list[MessageId]:
    """The Message-IDs of ours that this person has of this ticket, oldest first."""
    query = select(_outbox.c.message_id).where(_outbox.c.ticket == ticket, _outbox.c.reader == recipient.lower())
    return [MessageId(found) for found in tx.connection.execute(query.order_by(_outbox.c.id)).scalars()]


def newest(tx: Tx, ticket: int, notice: Notice) -> int | None:
    """The newest row of this notice on the ticket."""
    query = select(func.max(_outbox.c.id)).where(_outbox.c.ticket == ticket, _outbox.c.notice == notice.value)
    found = tx.connection.execute(query).scalar_one()
    return None if found is None else int(found)


def told(tx: Tx, recipient: str, notice: Notice, since: datetime, *, asked: bool) -> list[datetime]:
    """When somebody was told such a thing after a moment, oldest first; `asked` tells questions from mere news."""
    query = select(_outbox.c.created_at, _outbox.c.question).where(
        _outbox.c.reader == recipient.lower(), _outbox.c.created_at > since, _outbox.c.notice == notice.value
    )
    rows = tx.connection.execute(query.order_by(_outbox.c.created_at))
    return [row.created_at for row in rows if (row.question is not None) == asked]


def find(tx: Tx, rows: Sequence[int]) -> dict[int, Sent]:
    """What these rows were, as far as they exist."""
    if not rows:
        return {}
    query = select(_outbox).where(_outbox.c.id.in_(list(rows)))
    return {row.id: _sent(row) for row in tx.connection.execute(query)}


def bytes_of(tx: Tx, row: int) -> bytes | None:
    found = tx.connection.execute(select(_outbox.c.content).where(_outbox.c.id == row)).scalar_one_or_none()
    return None if found is None else bytes(found)


def answers(tx: Tx, recipient: str, ticket: int | None, quiet: bool, now: datetime) -> Answers:
    """Count what the limits on automatic answers count."""
    key = recipient.lower()
    hour, day, week = now - timedelta(hours=1), now - timedelta(days=1), now - timedelta(days=7)
    unproven = and_(_outbox.c.answers.is_(True), _outbox.c.proven.is_(False), _outbox.c.created_at > hour)
    rows = tx.connection.execute(select(_outbox.c.domain, func.count()).where(unproven).group_by(_outbox.c.domain))
    domains = {str(domain): int(count) for domain, count in rows}
    mine = select(_outbox.c.created_at, _outbox.c.ticket, _outbox.c.answers, _outbox.c.auto).where(
        _outbox.c.reader == key, _outbox.c.created_at > week
    )
    own = tx.connection.execute(mine.order_by(_outbox.c.created_at.desc()).limit(200)).all()
    counted = [row for row in own if row.answers]
    return Answers(
        unproven_hour=sum(domains.values()),
        unproven_domain_hour=domains.get(key.rpartition("@")[2], 0),
        address_week=len(counted),
        address_day=sum(row.created_at > day for row in counted),
        ticket_hour=sum(row.created_at > hour and row.ticket == ticket for row in counted),
        ticket_ever=_ever(tx, key, ticket),
        quiet=quiet,
        answered_by_agent=_answered(tx, key),
    )


def counts(tx: Tx) -> dict[str, int]:
    rows = tx.connection.execute(select(_outbox.c.state, func.count()).group_by(_outbox.c.state))
    return {str(state): int(number) for state, number in rows}


def _ever(tx: Tx, recipient: str, ticket: int | None) -> int:
    """How many automatic answers this address has had on this ticket."""
    if ticket is None:
        return 0
    mine = and_(_outbox.c.ticket == ticket, _outbox.c.reader == recipient, _outbox.c.answers.is_(True))
    return int(tx.connection.execute(select(func.count()).select_from(_outbox).where(mine)).scalar_one())


def _answered(tx: Tx, recipient: str) -> bool:
    """Whether a person's own words were ever sent to this address."""
    query = select(_outbox.c.id).where(_outbox.c.reader == recipient, _outbox.c.auto.is_(False)).limit(1)
    return tx.connection.execute(query).first() is not None


def _settle(tx: Tx, leased: Leased, **changed: Any) -> None:
    where = and_(_outbox.c.id == leased.id, _outbox.c.fence == leased.fence)
    tx.connection.execute(update(_outbox).where(where).values(leased_until=None, **changed))


def _short() -> list[Any]:
    return [column for column in _outbox.c if column.name != "content"]


def _queued(row: Row[Any]) -> Queued:
    return Queued(
        id=row.id,
        ticket=row.ticket,
        party=row.party,
        agent=row.agent,
        recipient=row.recipient,
        notice=row.notice,
        message_id=row.message_id,
        state=row.state,
        tries=row.tries,
        created_at=row.created_at,
        next_at=row.next_at,
        answer=row.answer,
        inbox=row.inbox,
        sent_at=row.sent_at,
        told_late=row.told_late,
    )


def _leased(row: Row[Any]) -> Leased:
    mail = Outgoing(MessageId(row.message_id), Envelope(row.sender, row.recipient), bytes(row.content))
    return Leased(row.id, row.fence, row.tries, row.created_at, row.told_late, mail)


def _sent(row: Row[Any]) -> Sent:
    asked = row.question
    return Sent(
        row=row.id,
        ticket=None if row.ticket is None else TicketNo(row.ticket),
        notice=Notice(row.notice),
        party=row.party,
        agent=row.agent,
        recipient=row.recipient,
        created_at=row.created_at,
        state=row.state,
        question=None if asked is None else _read_asked(asked),
    )


def _asked_values(question: Asked) -> dict[str, Any]:
    return {
        "inbox": question.inbox,
        "agent": question.agent,
        "waives": list(question.waives),
        "also": [[inbox, list(waives)] for inbox, waives in question.also],
    }


def _read_asked(kept: Mapping[str, Any]) -> Asked:
    also = tuple((int(inbox), tuple(waives)) for inbox, waives in kept.get("also", ()))
    return Asked(kept["inbox"], kept["agent"], tuple(kept["waives"]), also)
