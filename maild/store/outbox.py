"""Finished mail: one row a recipient, final bytes, and what the relay said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, exists, func, insert, null, or_, select, update

from maild.decision import Answers, Asked, Notice, Sent
from maild.mail import Envelope, MessageId, Outgoing
from maild.store.engine import Tx
from maild.store.meta import give, next_of, numbers
from maild.store.statement import Statement, given
from maild.store.tables import table
from maild.ticket import TicketNo
from maild.values import dataclass

_outbox = table("outbox")
_LATE = ("waiting", "uncertain")
_before = _outbox.alias("first")
_unsent = exists().where(_before.c.id == _outbox.c.after, _before.c.state.in_(["waiting", "sending", "uncertain"]))
_free = or_(_outbox.c.after.is_(None), _outbox.c.after_until <= given("now"), ~_unsent)

_NEXT_ROW = Statement(numbers(_outbox.c.id))
_PUT = Statement(
    insert(_outbox),
    (
        *("id", "ticket", "party", "agent", "recipient", "reader", "domain", "sender", "notice", "auto", "answers"),
        *("proven", "message_id", "inbox", "state", "answer", "created_at", "next_at", "after", "after_until"),
        *("question", "content"),
    ),
)
_FILL = Statement(update(_outbox).where(_outbox.c.id == given("row")), ("content",))
_DUE = (
    select(_outbox.c.id)
    .where(_outbox.c.state.in_(_LATE), _outbox.c.next_at <= given("now"), _free)
    .order_by(_outbox.c.next_at, _outbox.c.id)
    .limit(given("most"))
)
_LEASE = Statement(
    update(_outbox)
    .where(_outbox.c.id.in_(_DUE))
    .values(
        state="sending",
        leased_until=given("until"),
        holder=given("courier"),
        fence=_outbox.c.fence + 1,
        tries=_outbox.c.tries + 1,
    )
    .returning(
        *(_outbox.c[name] for name in ("id", "fence", "tries", "created_at", "told_late", "inbox", "ticket")),
        *(_outbox.c[name] for name in ("message_id", "sender", "recipient", "content")),
    )
)
_NEXT_DUE = Statement(select(func.min(_outbox.c.next_at)).where(_outbox.c.state.in_(_LATE)))
_SENT = Statement(
    update(_outbox)
    .where(_outbox.c.id == given("row"), _outbox.c.fence == given("seen"), _outbox.c.state == "sending")
    .values(state="sent", next_at=null(), leased_until=null(), answer=given("words"), sent_at=given("now"))
)
_IDS_TO = Statement(
    select(_outbox.c.message_id)
    .where(_outbox.c.ticket == given("number"), _outbox.c.reader == given("who"))
    .order_by(_outbox.c.id)
)
_NEWEST = Statement(
    select(func.max(_outbox.c.id)).where(_outbox.c.ticket == given("number"), _outbox.c.notice == given("name"))
)
_UNPROVEN = Statement(
    select(_outbox.c.domain, func.count().label("mails"))
    .where(_outbox.c.answers.is_(True), _outbox.c.proven.is_(False), _outbox.c.created_at > given("since"))
    .group_by(_outbox.c.domain)
)
_HAD = Statement(
    select(_outbox.c.created_at, _outbox.c.ticket, _outbox.c.answers, _outbox.c.auto)
    .where(_outbox.c.reader == given("who"), _outbox.c.created_at > given("since"))
    .order_by(_outbox.c.created_at.desc())
    .limit(200)
)
_EVER = Statement(
    select(func.count().label("mails")).where(
        _outbox.c.ticket == given("number"), _outbox.c.reader == given("who"), _outbox.c.answers.is_(True)
    )
)
_UNSAID = Statement(
    select(_outbox).where(
        _outbox.c.ticket == given("number"), _outbox.c.state == "held", _outbox.c.told_late.is_(False)
    )
)
_ANSWERED = Statement(select(_outbox.c.id).where(_outbox.c.reader == given("who"), _outbox.c.auto.is_(False)).limit(1))


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
    """A row that is ours to send until the lease ends; a write under an older fence changes nothing.

    `inbox` is the mail that caused it, None where a clock or an admin did.
    """

    id: int
    fence: int
    tries: int
    created_at: datetime
    told_late: bool
    mail: Outgoing
    inbox: int | None = None
    ticket: int | None = None


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
    return next_of(tx, "outbox", _NEXT_ROW)


def put(tx: Tx, finished: Finished) -> None:
    mail = finished.mail
    question = finished.question
    asked = None
    if question is not None:
        asked = _asked_values(question)
    _PUT.run(
        tx,
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
    give(tx, "outbox", finished.id)


def fill(tx: Tx, contents: Mapping[int, bytes]) -> None:
    """Give rows that were put without their bytes what was written for them since."""
    _FILL.each(tx, [{"row": row, "content": content} for row, content in contents.items()])


def lease(tx: Tx, now: datetime, until: datetime, most: int, holder: str = "") -> list[Leased]:
    """Take the mails that are due, oldest first, and note the try before anything is sent; `holder` is who sends."""
    leased = [_leased(row) for row in _LEASE.rows(tx, now=now, until=until, most=most, courier=holder)]
    return sorted(leased, key=lambda one: one.id)


def next_due(tx: Tx) -> datetime | None:
    """When the next mail is due."""
    found: datetime | None = _NEXT_DUE.scalar(tx)
    return found


def sent(tx: Tx, mails: Iterable[tuple[Leased, str, datetime]]) -> None:
    """The relay has taken these mails on: with which answer, and when."""
    _SENT.each(tx, [{"row": one.id, "seen": one.fence, "words": words, "now": at} for one, words, at in mails])


def put_off(tx: Tx, leased: Leased, answer: str, next_at: datetime, *, told_late: bool) -> bool:
    """Try a mail again later; False where somebody else took it over meanwhile."""
    return _settle(tx, leased, state="waiting", answer=answer, next_at=next_at, told_late=told_late)


def give_back(tx: Tx, leased: Leased, answer: str, now: datetime) -> None:
    """The relay as a whole is in trouble: that is no try of this mail, which stays due, behind those not yet tried."""
    _settle(tx, leased, state="waiting", answer=answer, next_at=now, tries=_outbox.c.tries - 1)


def put_back(tx: Tx, holder: str, known: Sequence[int]) -> int:
    """Mails that this sender holds and has not heard of, since the answer to its lease was lost: no try of theirs.

    `known` are the rows of which it knows what became of them.
    """
    mine = and_(_outbox.c.state == "sending", _outbox.c.holder == holder, _outbox.c.id.not_in(list(known)))
    changed = {"state": "waiting", "leased_until": None, "tries": _outbox.c.tries - 1}
    return tx.connection.execute(update(_outbox).where(mine).values(**changed)).rowcount


def uncertain(tx: Tx, leased: Leased, answer: str, next_at: datetime) -> None:
    changed = {"state": "uncertain", "answer": answer, "next_at": next_at, "uncertain": _outbox.c.uncertain + 1}
    _settle(tx, leased, **changed)


def refused(tx: Tx, leased: Leased, answer: str) -> bool:
    """Give a mail up; False where somebody else took it over meanwhile, so that nothing changed."""
    return _settle(tx, leased, state="refused", answer=answer, next_at=None)


def mark_told_late(tx: Tx, row: int) -> None:
    """Somebody was told that this mail is late; that is said once."""
    tx.connection.execute(update(_outbox).where(_outbox.c.id == row).values(told_late=True))


def recover(tx: Tx, now: datetime, *, alone: bool = False) -> int:
    """Mails whose sender died while sending may have left: they are uncertain, and are due at once.

    A lease that has ended tells of such a death, and so does a holder's daemon that does not live; where nobody else
    can be sending (`alone`), every lease does.
    """
    gone = _outbox.c.state == "sending"
    if not alone:
        over = or_(_outbox.c.leased_until <= now, _outbox.c.leased_until.is_(None))
        gone = and_(gone, or_(over, _outbox.c.holder.in_(_dead(tx))))
    changed = {"state": "uncertain", "next_at": now, "uncertain": _outbox.c.uncertain + 1, "fence": _outbox.c.fence + 1}
    changed["answer"] = "the daemon stopped while this mail was being sent"
    return tx.connection.execute(update(_outbox).where(gone).values(**changed)).rowcount


def _dead(tx: Tx) -> list[str]:
    """Holders of leases whose daemon has no connection to the database any more."""
    living = tx.living()
    if living is None:
        return []
    query = select(_outbox.c.holder).where(_outbox.c.state == "sending", _outbox.c.holder != "").distinct()
    return [holder for holder in tx.connection.execute(query).scalars() if holder.partition("/")[0] not in living]


def retry(tx: Tx, row: int, now: datetime) -> bool:
    """Send a refused or late mail again, now; one that is held was never written, so there is nothing to send."""
    states = ["waiting", "uncertain", "refused"]
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
    return [MessageId(row.message_id) for row in _IDS_TO.rows(tx, number=ticket, who=recipient.lower())]


def newest(tx: Tx, ticket: int, notice: Notice) -> int | None:
    """The newest row of this notice on the ticket."""
    found = _NEWEST.scalar(tx, number=ticket, name=notice.value)
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


def unsaid(tx: Tx, first: int) -> list[tuple[Sent, str]]:
    """The mails from this row on that could not be written, each with the reason."""
    where = and_(_outbox.c.id >= first, _outbox.c.state == "held")
    return [(_sent(row), str(row.answer)) for row in tx.connection.execute(select(_outbox).where(where)).all()]


def bytes_of(tx: Tx, row: int) -> bytes | None:
    found = tx.connection.execute(select(_outbox.c.content).where(_outbox.c.id == row)).scalar_one_or_none()
    return None if found is None else bytes(found)


def answers(tx: Tx, recipient: str, ticket: int | None, quiet: bool, now: datetime, *, proven: bool = False) -> Answers:
    """Count what the limits on automatic answers count; what is held against the unproven alone, for them alone."""
    key = recipient.lower()
    hour, day, week = now - timedelta(hours=1), now - timedelta(days=1), now - timedelta(days=7)
    unproven = [] if proven else _UNPROVEN.rows(tx, since=hour)
    domains = {str(row.domain): int(row.mails) for row in unproven}
    counted = [row for row in _HAD.rows(tx, who=key, since=week) if row.answers]
    return Answers(
        unproven_hour=sum(domains.values()),
        unproven_domain_hour=domains.get(key.rpartition("@")[2], 0),
        address_week=len(counted),
        address_day=sum(row.created_at > day for row in counted),
        ticket_hour=sum(row.created_at > hour and row.ticket == ticket for row in counted),
        ticket_ever=0 if proven else _ever(tx, key, ticket),
        quiet=quiet,
        answered_by_agent=not proven and _answered(tx, key),
    )


def counts(tx: Tx) -> dict[str, int]:
    rows = tx.connection.execute(select(_outbox.c.state, func.count()).group_by(_outbox.c.state))
    return {str(state): int(number) for state, number in rows}


def _ever(tx: Tx, recipient: str, ticket: int | None) -> int:
    """How many automatic answers this address has had on this ticket."""
    if ticket is None:
        return 0
    return int(_EVER.scalar(tx, number=ticket, who=recipient))


def _answered(tx: Tx, recipient: str) -> bool:
    """Whether a person's own words were ever sent to this address."""
    return _ANSWERED.one(tx, who=recipient) is not None


def _settle(tx: Tx, leased: Leased, **changed: Any) -> bool:
    where = and_(_outbox.c.id == leased.id, _outbox.c.fence == leased.fence, _outbox.c.state == "sending")
    return tx.connection.execute(update(_outbox).where(where).values(leased_until=None, **changed)).rowcount == 1


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


def _leased(row: Any) -> Leased:
    mail = Outgoing(MessageId(row.message_id), Envelope(row.sender, row.recipient), bytes(row.content))
    return Leased(row.id, row.fence, row.tries, row.created_at, row.told_late, mail, row.inbox, row.ticket)


def _sent(row: Any) -> Sent:
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
        inbox=row.inbox,
    )


def _asked_values(question: Asked) -> dict[str, Any]:
    return {
        "inbox": question.inbox,
        "agent": question.agent,
        "waives": list(question.waives),
        "also": [[inbox, list(waives)] for inbox, waives in question.also],
        "deed": question.deed,
    }


def _read_asked(kept: Mapping[str, Any]) -> Asked:
    also = tuple((int(inbox), tuple(waives)) for inbox, waives in kept.get("also", ()))
    return Asked(kept["inbox"], kept["agent"], tuple(kept["waives"]), also, kept.get("deed", ""))
