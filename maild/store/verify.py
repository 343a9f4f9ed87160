"""Is the store whole? Reads one snapshot and names every invariant that does not hold."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, select

from maild.decision import TimerName
from maild.promise import promised_at
from maild.store import promises, tickets
from maild.store.engine import Tx
from maild.store.inbox import path_of
from maild.store.tables import table
from maild.ticket import Event

_inbox, _raw = table("inbox"), table("raw")
_ticket, _entry, _history, _outbox = table("ticket"), table("entry"), table("history"), table("outbox")
_timer = table("timer")
EXPIRED = "expired"
_STATES = frozenset({"waiting", "ticket", "duplicate", "done", "quarantine"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken invariant: its name, where, and what is wrong."""

    invariant: str
    where: str
    words: str


def findings(tx: Tx) -> list[Finding]:
    """Check everything; rows in flight are no finding."""
    return [
        *_arrivals(tx),
        *_one_ticket_each(tx),
        *_mails_out(tx),
        *_histories(tx),
        *_promises(tx),
    ]


def _arrivals(tx: Tx) -> Iterator[Finding]:
    """I1 and I13: each mail ends in exactly one place, and its bytes are there and unchanged."""
    known = set(tx.connection.execute(select(_ticket.c.number)).scalars())
    rows = tx.connection.execute(select(_inbox).order_by(_inbox.c.id)).all()
    ids = {row.id for row in rows}
    with_bytes = set(tx.connection.execute(select(_raw.c.inbox)).scalars())
    with_entry = set(tx.connection.execute(select(_entry.c.inbox)).scalars())
    for gone in sorted((with_bytes | with_entry) - ids - {None}):
        yield Finding("I1", f"inbox {gone}", f"inbox {gone}: its bytes or its words are kept, and its row is gone")
    for row in rows:
        where = f"inbox {row.id}"
        if row.state not in _STATES:
            yield Finding("I1", where, f"{where}: unknown state {row.state!r}")
        if row.state == "ticket" and row.ticket not in known:
            yield Finding("I1", where, f"{where}: its ticket {row.ticket} does not exist")
        if row.state == "duplicate" and row.duplicate_of not in ids:
            yield Finding("I1", where, f"{where}: it is a duplicate of {row.duplicate_of}, which does not exist")
        if row.state not in {"waiting", "ticket"} and not row.because:
            yield Finding("I1", where, f"{where}: {row.state} without a stated cause")
        if row.id not in with_bytes:
            yield Finding("I13", where, f"{where}: its bytes are gone")
        elif _hash_of(tx, row.id) not in {row.sha256, EXPIRED}:
            yield Finding("I1", where, f"{where}: its bytes have changed")
        if row.state == "ticket" and row.id not in with_entry and not _told_only(row.because):
            yield Finding("I1", where, f"{where}: no entry of ticket {row.ticket} holds it")


def _told_only(because: list[str]) -> bool:
    """An agent's commands or a refused mail are carried out without a word of conversation."""
    return any(
        reason.startswith(
            ("refused", "signed address of ", "our Message-ID to ", "subject tag of", "the customer's word ")
        )
        for reason in because
    )


def _hash_of(tx: Tx, inbox: int) -> str:
    row = tx.connection.execute(select(_raw.c.file, _raw.c.content).where(_raw.c.inbox == inbox)).one()
    if not row.file and row.content is None:
        return EXPIRED
    try:
        content = path_of(tx, row.file).read_bytes() if row.file else row.content
    except OSError:
        return ""
    return hashlib.sha256(content).hexdigest()


def _one_ticket_each(tx: Tx) -> Iterator[Finding]:
    """I3: a mail stands on one ticket at most."""
    query = select(_entry.c.inbox, func.count()).where(_entry.c.inbox.is_not(None)).group_by(_entry.c.inbox)
    for inbox, count in tx.connection.execute(query.having(func.count() > 1)):
        yield Finding("I3", f"inbox {inbox}", f"inbox {inbox}: it stands {count} times in conversations")


def _mails_out(tx: Tx) -> Iterator[Finding]:
    """I4: every mail in the outbox ends sent, or refused or held with an event; it is one mail with one Message-ID."""
    told = {
        (ticket, after)
        for ticket, after in tx.connection.execute(
            select(_history.c.ticket, _history.c.after).where(_history.c.event == "undelivered")
        )
    }
    seen: dict[str, int] = {}
    for row in tx.connection.execute(select(*(c for c in _outbox.c if c.name != "content")).order_by(_outbox.c.id)):
        where = f"outbox {row.id}"
        if row.message_id in seen:
            yield Finding("I4", where, f"{where}: its Message-ID is that of outbox {seen[row.message_id]}")
        seen[row.message_id] = row.id
        if row.state in {"refused", "held"} and row.ticket is not None and (row.ticket, row.recipient) not in told:
            yield Finding("I4", where, f"{where}: {row.state}, and ticket {row.ticket} does not tell of it")


def _histories(tx: Tx) -> Iterator[Finding]:
    """I5: each history is whole from its first event on, and a ticket's state is what its history says."""
    counts = {
        int(ticket): (int(number), int(last))
        for ticket, number, last in tx.connection.execute(
            select(_entry.c.ticket, func.count(), func.max(_entry.c.seq)).group_by(_entry.c.ticket)
        )
    }
    for row in tx.connection.execute(select(_ticket).order_by(_ticket.c.number)).all():
        where = f"ticket {row.number}"
        events, broken = _chain(tx, row.number)
        if broken:
            yield Finding("I5", where, f"{where}: its history is broken at event {broken}")
        number, last = counts.get(row.number, (0, 0))
        spoken = sum(event.event == "entry" for event in events)
        if not number == last == spoken:
            yield Finding("I5", where, f"{where}: its history counts {spoken} entries, its conversation has {number}")
        for field, value in _folded(row.status, row.owner, row.team, row.priority, row.subject, row.tags):
            said = next((event.after for event in reversed(events) if event.event == field), "")
            if said != value:
                yield Finding("I5", where, f"{where}: {field} is {value!r}, its history says {said!r}")


def _promises(tx: Tx) -> Iterator[Finding]:
    """No promise without a timer, and the date that customers read is the earliest that stands."""
    timed = set(
        tx.connection.execute(select(_timer.c.ticket).where(_timer.c.timer == TimerName.PROMISE.value)).scalars()
    )
    dates = {
        row.number: row.promised_at for row in tx.connection.execute(select(_ticket.c.number, _ticket.c.promised_at))
    }
    standing = promises.standing(tx)
    for number, date in dates.items():
        where, mine = f"ticket {number}", standing.get(number, ())
        if any(one.looks_at is not None for one in mine) and number not in timed:
            yield Finding("promise", where, f"{where}: a promise stands, and no timer looks after it")
        if promised_at(mine) != date:
            yield Finding("promise", where, f"{where}: it tells {date}, its ledger {promised_at(mine)}")


def _folded(
    status: str, owner: str | None, team: str, priority: str, subject: str, tags: list[str]
) -> tuple[tuple[str, str], ...]:
    return (
        ("status", status),
        ("owner", owner or ""),
        ("team", team),
        ("priority", priority),
        ("subject", subject),
        ("tags", " ".join(tags)),
    )


def _chain(tx: Tx, number: int) -> tuple[list[Event], int]:
    """The events of a ticket, and the place of the first that does not follow from the one before; 0 where all do."""
    chain, events = "", []
    rows = tx.connection.execute(select(_history).where(_history.c.ticket == number).order_by(_history.c.seq)).all()
    broken = 0 if rows else 1
    for place, row in enumerate(rows, 1):
        event = tickets.event_of(row)
        chain = tickets.link(chain, number, row.seq, event)
        if not broken and (row.seq != place or chain != row.chain):
            broken = place
        events.append(event)
    return events, broken
