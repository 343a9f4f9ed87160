"""Is the store whole? Reads one snapshot and names every invariant that does not hold."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, func, select

from maild.decision import Notice, TimerName
from maild.promise import promised_at
from maild.store import promises, tickets
from maild.store.archive import GAP
from maild.store.engine import Tx
from maild.store.inbox import path_of
from maild.store.tables import table
from maild.ticket import Event, Role, Status

_inbox, _raw = table("inbox"), table("raw")
_ticket, _entry, _history, _outbox = table("ticket"), table("entry"), table("history"), table("outbox")
_timer, _party, _absence, _promise = table("timer"), table("party"), table("absence"), table("promise")
EXPIRED = "expired"
_STATES = frozenset({"waiting", "ticket", "duplicate", "done", "quarantine"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken invariant: its name, where, and what is wrong."""

    invariant: str
    where: str
    words: str


@dataclass(frozen=True, slots=True)
class _Traces:
    """What the histories say must be there: mails out and absences, each with a ticket that tells of it, which of the
    mails are briefs, and, by ticket, the addresses that joined and the number of promises."""

    mails: dict[int, int] = field(default_factory=dict)
    briefs: set[int] = field(default_factory=set)
    absences: dict[int, int] = field(default_factory=dict)
    people: dict[int, set[str]] = field(default_factory=dict)
    promises: dict[int, int] = field(default_factory=dict)

    def read(self, ticket: int, events: Iterable[Event]) -> None:
        """Gather what one history, oldest first, says."""
        people = self.people.setdefault(ticket, set())
        for event in events:
            match event.event:
                case "told" | "briefed" if event.before.isdecimal():
                    self.mails[int(event.before)] = ticket
                    if event.event == "briefed":
                        self.briefs.add(int(event.before))
                case "joined":
                    people.add(event.after.lower())
                case "requester":
                    people.discard(event.before.lower())
                case "promised":
                    self.promises[ticket] = self.promises.get(ticket, 0) + 1
                case _:
                    pass
            if event.origin is not None and event.origin.absence:
                self.absences[event.origin.absence] = ticket


def findings(tx: Tx) -> list[Finding]:
    """Check everything; rows in flight are no finding."""
    traces = _Traces()
    return [
        *_arrivals(tx),
        *_one_ticket_each(tx),
        *_histories(tx, traces),
        *_mails_out(tx, traces),
        *_people(tx, traces),
        *_promises(tx, traces),
        *_timers(tx),
        *_absences(tx, traces),
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
        else:
            yield from _bytes(tx, row.id, row.sha256)
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


def _bytes(tx: Tx, inbox: int, sha256: str) -> Iterator[Finding]:
    """A mail's bytes are what came; a file that is gone is named, for it may lie somewhere else."""
    where = f"inbox {inbox}"
    try:
        found = _hash_of(tx, inbox)
    except FileNotFoundError as fault:
        yield Finding("I13", where, f"{where}: its bytes are gone: there is no file {fault.filename or fault}")
    except OSError as fault:
        yield Finding("I13", where, f"{where}: its bytes cannot be read: {fault.filename}: {fault.strerror}")
    else:
        if found not in {sha256, EXPIRED}:
            yield Finding("I1", where, f"{where}: its bytes have changed")


def _hash_of(tx: Tx, inbox: int) -> str:
    row = tx.connection.execute(select(_raw.c.file, _raw.c.content).where(_raw.c.inbox == inbox)).one()
    if not row.file and row.content is None:
        return EXPIRED
    content = path_of(tx, row.file).read_bytes() if row.file else row.content
    return hashlib.sha256(content).hexdigest()


def _one_ticket_each(tx: Tx) -> Iterator[Finding]:
    """I3: a mail stands on one ticket at most."""
    query = select(_entry.c.inbox, func.count()).where(_entry.c.inbox.is_not(None)).group_by(_entry.c.inbox)
    for inbox, count in tx.connection.execute(query.having(func.count() > 1)):
        yield Finding("I3", f"inbox {inbox}", f"inbox {inbox}: it stands {count} times in conversations")


def _mails_out(tx: Tx, traces: _Traces) -> Iterator[Finding]:
    """I4: every mail in the outbox ends sent, or refused or held with an event; it is one mail with one Message-ID.

    Its rows are counted without a gap, but for the big ones that restores leave.
    """
    told = {
        (ticket, after)
        for ticket, after in tx.connection.execute(
            select(_history.c.ticket, _history.c.after).where(_history.c.event == "undelivered")
        )
    }
    seen: dict[str, int] = {}
    last, missing = 0, dict(traces.mails)
    briefed = min(traces.briefs, default=0)  # the first maild did not write down who was briefed
    for row in tx.connection.execute(select(*(c for c in _outbox.c if c.name != "content")).order_by(_outbox.c.id)):
        where = f"outbox {row.id}"
        if 0 < row.id - last - 1 < max(last, GAP):
            for gone in range(last + 1, row.id):
                missing.pop(gone, None)
                yield Finding("I4", f"outbox {gone}", f"outbox {gone}: its row is gone")
        last = row.id
        if missing.pop(row.id, None) is None and _to_be_told(row, briefed):
            yield Finding("I4", where, f"{where}: the history of ticket {row.ticket} does not tell of it")
        if row.message_id in seen:
            yield Finding("I4", where, f"{where}: its Message-ID is that of outbox {seen[row.message_id]}")
        seen[row.message_id] = row.id
        if row.state in {"refused", "held"} and row.ticket is not None and (row.ticket, row.recipient) not in told:
            yield Finding("I4", where, f"{where}: {row.state}, and ticket {row.ticket} does not tell of it")
    for gone, ticket in sorted(missing.items()):
        yield Finding("I4", f"outbox {gone}", f"outbox {gone}: ticket {ticket} tells of it, and its row is gone")


def _to_be_told(row: Row[Any], briefed: int) -> bool:
    """Whether a mail stands in its ticket's history: each to a customer does, and each brief from this row on."""
    if row.ticket is None or row.state == "held":
        return False
    return bool(row.party > 0 if row.agent is None else row.notice == Notice.ASSIGNED.value and row.id > briefed > 0)


def _histories(tx: Tx, traces: _Traces) -> Iterator[Finding]:
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
        traces.read(row.number, events)
        if broken:
            yield Finding("I5", where, f"{where}: its history is broken at event {broken}")
        number, last = counts.get(row.number, (0, 0))
        spoken = sum(event.event == "entry" for event in events)
        if not number == last == spoken:
            yield Finding("I5", where, f"{where}: its history counts {spoken} entries, its conversation has {number}")
        for name, value in _folded(row.status, row.owner, row.team, row.priority, row.subject, row.tags):
            said = next((event.after for event in reversed(events) if event.event == name), "")
            if said != value:
                yield Finding("I5", where, f"{where}: {name} is {value!r}, its history says {said!r}")


def _people(tx: Tx, traces: _Traces) -> Iterator[Finding]:
    """Whoever joined a ticket, asked it, or was written to as one of its agents takes part in it."""
    there: dict[int, set[str]] = {}
    asked: dict[int, str] = {}
    agents = set()
    for row in tx.connection.execute(select(_party.c.ticket, _party.c.address, _party.c.role, _party.c.agent)):
        there.setdefault(row.ticket, set()).add(row.address.lower())
        agents.add((row.ticket, row.agent))
        if row.role == Role.REQUESTER.value:
            asked[row.ticket] = row.address.lower()
    for ticket, people in traces.people.items():
        for gone in sorted(people - there.get(ticket, set())):
            yield Finding("party", f"ticket {ticket}", f"ticket {ticket}: {gone} joined it, and is gone from it")
    for ticket, asker in tx.connection.execute(
        select(_ticket.c.number, _ticket.c.requester).order_by(_ticket.c.number)
    ):
        if asked.get(ticket) != asker:
            where = f"ticket {ticket}"
            yield Finding("party", where, f"{where}: {asker} asked it, and does not take part as who asked")
    written = select(_outbox.c.ticket, _outbox.c.agent).where(
        _outbox.c.ticket.is_not(None), _outbox.c.agent.is_not(None), _outbox.c.party > 0
    )
    for ticket, agent in sorted(set(map(tuple, tx.connection.execute(written.distinct()))) - agents):
        where = f"ticket {ticket}"
        yield Finding("party", where, f"{where}: agent {agent} was written to about it, and is gone from it")


def _promises(tx: Tx, traces: _Traces) -> Iterator[Finding]:
    """No promise without a timer, none that is gone, and the date that customers read is the earliest that stands."""
    counted = {
        int(ticket): int(number)
        for ticket, number in tx.connection.execute(select(_promise.c.ticket, func.count()).group_by(_promise.c.ticket))
    }
    dates = {
        row.number: row.promised_at for row in tx.connection.execute(select(_ticket.c.number, _ticket.c.promised_at))
    }
    standing = promises.standing(tx)
    timed = _timed(tx, TimerName.PROMISE)
    for number, date in dates.items():
        where, mine = f"ticket {number}", standing.get(number, ())
        if any(one.looks_at is not None for one in mine) and number not in timed:
            yield Finding("promise", where, f"{where}: a promise stands, and no timer looks after it")
        if promised_at(mine) != date:
            yield Finding("promise", where, f"{where}: it tells {date}, its ledger {promised_at(mine)}")
        made, kept = traces.promises.get(number, 0), counted.get(number, 0)
        if made != kept:
            yield Finding("promise", where, f"{where}: its history counts {made} promises, its ledger has {kept}")


def _timers(tx: Tx) -> Iterator[Finding]:
    """A solved ticket has a timer that closes it."""
    solved = select(_ticket.c.number).where(_ticket.c.status == Status.SOLVED.value)
    for number in sorted(set(tx.connection.execute(solved).scalars()) - _timed(tx, TimerName.CLOSE)):
        where = f"ticket {number}"
        yield Finding("timer", where, f"{where}: it is solved, and no timer closes it")


def _timed(tx: Tx, timer: TimerName) -> set[int]:
    """The tickets for which this timer is set."""
    return set(tx.connection.execute(select(_timer.c.ticket).where(_timer.c.timer == timer.value)).scalars())


def _absences(tx: Tx, traces: _Traces) -> Iterator[Finding]:
    """Absences are counted from 1 without a gap, and each that a history or a timer names is there."""
    named = {number: f"ticket {ticket} tells of it" for number, ticket in traces.absences.items()}
    moves = select(_timer.c.ticket, _timer.c.detail).where(_timer.c.timer == TimerName.MOVE.value)
    named |= {
        int(row.detail): f"a timer of ticket {row.ticket} names it"
        for row in tx.connection.execute(moves)
        if row.detail.isdecimal()
    }
    there = set(tx.connection.execute(select(_absence.c.id)).scalars())
    for gone in sorted((set(named) | set(range(1, max(there, default=0)))) - there):
        said = f"{named[gone]}, and its row is gone" if gone in named else "its row is gone"
        yield Finding("absence", f"absence {gone}", f"absence {gone}: {said}")


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
