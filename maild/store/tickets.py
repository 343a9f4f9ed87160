"""Tickets, the people on them, what was said, and the history that nothing leaves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from json.encoder import encode_basestring_ascii as _quoted
from operator import attrgetter
from typing import Any

from sqlalchemy import Dialect, Row, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from maild.mail import Attachment, MessageId
from maild.promise import Promise
from maild.store import promises
from maild.store.engine import Tx
from maild.store.meta import give, next_of, numbers
from maild.store.statement import Statement, given
from maild.store.tables import table
from maild.ticket import Code, Entry, Event, Origin, Party, Priority, Reason, Role, Status, Ticket, TicketNo, Voice

_ticket = table("ticket")
_party = table("party")
_entry = table("entry")
_history = table("history")
_seen = table("seen")

_STATE = (
    *("subject", "shown", "status", "owner", "team", "priority", "level", "address", "requester", "language", "tags"),
    *("links", "created_at", "updated_at", "solved_at", "promised_at", "merged_into", "root", "why"),
    *("previous_owner", "told_owner", "told_team", "sla", "ladder"),
)
_PARTY = ("ticket", "number", "address", "name", "role", "proven", "kept", "machine", "stopped", "agent")


def _met_once(dialect: Dialect) -> Any:
    new = (insert_sqlite if dialect.name == "sqlite" else insert_postgresql)(_seen)
    return new.on_conflict_do_nothing(index_elements=["message_id", "ticket"])


_LAST_NUMBER = Statement(numbers(_ticket.c.number))
_GET = Statement(select(_ticket).where(_ticket.c.number == given("which")))
_OPEN = Statement(insert(_ticket), ("number", *_STATE), written=("why",))
_CHANGE = Statement(update(_ticket).where(_ticket.c.number == given("which")), _STATE, written=("why",))
_JOIN = Statement(insert(_party), _PARTY)
_PARTIES = Statement(select(_party).where(_party.c.ticket == given("which")).order_by(_party.c.number))
_LAST_ENTRY = Statement(select(func.coalesce(func.max(_entry.c.seq), 0)).where(_entry.c.ticket == given("which")))
_SAY = Statement(
    insert(_entry),
    (
        *("ticket", "seq", "at", "author", "name", "agent", "voice", "text", "whole", "message_id", "inbox"),
        "attachments",
    ),
)
_LAST_EVENT = Statement(
    select(_history.c.seq, _history.c.chain)
    .where(_history.c.ticket == given("which"))
    .order_by(_history.c.seq.desc())
    .limit(1)
)
_EVENT = ("at", "event", "who", "code", "text", "before", "after")
_RECORD = Statement(insert(_history), ("ticket", "seq", *_EVENT, "why", "origin", "chain"), written=("why", "origin"))
_ENTRIES = Statement(
    select(_entry).where(_entry.c.ticket == given("which")).order_by(_entry.c.seq.desc()).limit(given("most"))
)
_HEARD = Statement(
    select(_entry.c.at, _entry.c.agent)
    .where(_entry.c.ticket == given("which"))
    .order_by(_entry.c.seq.desc())
    .limit(100)
)
_OF_EVENT = attrgetter(*_EVENT)
_ALL = 1_000_000_000
_MEET = Statement(_met_once, ("message_id", "ticket"))


def next_number(tx: Tx) -> TicketNo:
    """What a new ticket will be called; tickets are never taken away, so no number comes twice."""
    return TicketNo(next_of(tx, "ticket", _LAST_NUMBER))


def get(tx: Tx, number: int, *, follow: bool = True) -> Ticket | None:
    """One ticket; a merged one leads to the ticket that it went into, and a circle of merges ends where it began."""
    seen: set[int] = set()
    while True:
        row = _GET.one(tx, which=number)
        if row is None:
            return None
        seen.add(number)
        onward = row.merged_into
        if not follow or onward is None or onward in seen:
            return _whole(tx, row)
        number = onward


def listing(tx: Tx, status: str | None = None) -> list[Ticket]:
    """All tickets, oldest first, or those with one status."""
    query = select(_ticket).order_by(_ticket.c.number)
    if status is not None:
        query = query.where(_ticket.c.status == status)
    rows = tx.connection.execute(query).all()
    parties: dict[int, list[Party]] = {}
    for row in tx.connection.execute(select(_party).order_by(_party.c.ticket, _party.c.number)):
        parties.setdefault(row.ticket, []).append(_person(row))
    ledger = promises.standing(tx)
    return [_read(row, tuple(parties.get(row.number, ())), ledger.get(row.number, ())) for row in rows]


def active(tx: Tx, *, owner: str | None = None, team: str | None = None, most: int = 200) -> list[Ticket]:
    """The tickets on which work is expected, those that were quiet for longest first."""
    query = select(_ticket).where(_ticket.c.status.in_([s.value for s in Status if s.active]))
    if owner is not None:
        query = query.where(_ticket.c.owner == owner)
    if team is not None:
        query = query.where(_ticket.c.team == team)
    rows = tx.connection.execute(query.order_by(_ticket.c.updated_at).limit(most)).all()
    return [_whole(tx, row) for row in rows]


def save(tx: Tx, ticket: Ticket, before: Ticket | None) -> None:
    """Write a ticket's state and its parties; `before` is the state that was read, None for a new ticket."""
    values = _values(ticket)
    if before is None:
        _OPEN.run(tx, number=ticket.number, **values)
        give(tx, "ticket", ticket.number)
    else:
        _CHANGE.run(tx, which=ticket.number, **values)
    known = {party.number: party for party in (before.parties if before else ())}
    _JOIN.add(tx, [_party_row(ticket.number, party) for party in ticket.parties if party.number not in known])
    for party in ticket.parties:
        if party.number in known and known[party.number] != party:
            where = (_party.c.ticket == ticket.number) & (_party.c.number == party.number)
            values = dict(zip(_PARTY, _party_row(ticket.number, party), strict=True))
            tx.connection.execute(update(_party).where(where).values(**values))
    for gone in known.keys() - {party.number for party in ticket.parties}:
        where = (_party.c.ticket == ticket.number) & (_party.c.number == gone)
        tx.connection.execute(_party.delete().where(where))


def say(tx: Tx, number: TicketNo, entry: Entry, *, first: bool = False) -> int:
    """Add an entry to the conversation; its place, counted from 1. `first` says that the ticket is new."""
    seq = 1 if first else int(_LAST_ENTRY.scalar(tx, which=number)) + 1
    _SAY.run(
        tx,
        ticket=number,
        seq=seq,
        at=entry.at,
        author=entry.author,
        name=entry.name,
        agent=entry.agent,
        voice=entry.voice.value,
        text=entry.text,
        whole=entry.whole,
        message_id=entry.message_id,
        inbox=entry.inbox,
        attachments=[_attachment_values(attachment) for attachment in entry.attachments],
    )
    return seq


def record(tx: Tx, number: TicketNo, events: Sequence[Event], *, first: bool = False) -> None:
    """Append to the history; each event carries the hash of all before it. `first` says that the ticket is new."""
    if not events:
        return
    last = None if first else _LAST_EVENT.one(tx, which=number)
    seq, chain = (last.seq, last.chain) if last else (0, "")
    rows = []
    for event in events:
        seq += 1
        chain = link(chain, number, seq, event)
        rows.append((number, seq, *_OF_EVENT(event), _why(event.why), _origin(event.origin), chain))
    _RECORD.add(tx, rows)


def link(chain: str, number: int, seq: int, event: Event) -> str:
    """The hash that ties an event to all before it."""
    said = map(_quoted, (event.event, event.who, event.code, event.text, event.before, event.after))
    why = () if event.why is None else (_why(event.why),)
    origin = () if event.origin is None else (_origin(event.origin),)
    # the JSON of a list, put together by hand: with ten events a mail, what the encoder does around it is felt
    whole = f'["{chain}", {number}, {seq}, "{_moment(event.at)}", {", ".join((*said, *why, *origin))}]'
    return hashlib.sha256(whole.encode("ascii")).hexdigest()


@lru_cache(maxsize=16)  # what a mail causes happens at one moment; all are of UTC, so that equal ones read the same
def _moment(at: datetime) -> str:
    return at.isoformat()


def history(tx: Tx, number: int, only: Sequence[str] = ()) -> tuple[Event, ...]:
    """What happened on a ticket, oldest first; with `only`, the events of these kinds."""
    query = select(_history).where(_history.c.ticket == number).order_by(_history.c.seq)
    if only:
        query = query.where(_history.c.event.in_(list(only)))
    return tuple(event_of(row) for row in tx.connection.execute(query))


def entries(tx: Tx, number: int, most: int | None = None) -> tuple[Entry, ...]:
    """The conversation, oldest first; with `most`, its newest part. Attachments come without their bytes."""
    rows = _ENTRIES.rows(tx, which=number, most=_ALL if most is None else most)
    return tuple(_read_entry(row) for row in reversed(rows))


def heard_since(tx: Tx, number: TicketNo, since: datetime) -> int:
    """How many mails from the customer's side joined the conversation since then; the newest hundred are looked at."""
    return sum(row.at > since and row.agent is None for row in _HEARD.rows(tx, which=number))


def meet(tx: Tx, number: TicketNo, ids: Iterable[MessageId]) -> None:
    """Remember Message-IDs that stand on this ticket, so that later mail that names them is known."""
    wanted = [message_id for message_id in dict.fromkeys(ids) if message_id and len(message_id) <= 998]
    _MEET.add(tx, [(message_id, number) for message_id in wanted])


def met(tx: Tx, ids: Sequence[MessageId]) -> tuple[tuple[MessageId, TicketNo], ...]:
    """Where these Message-IDs were met before, in the order in which they are asked for."""
    if not ids:
        return ()
    found: dict[str, list[int]] = {}
    query = select(_seen).where(_seen.c.message_id.in_(list(ids))).order_by(_seen.c.ticket)
    for row in tx.connection.execute(query):
        found.setdefault(row.message_id, []).append(row.ticket)
    return tuple((message_id, TicketNo(number)) for message_id in ids for number in found.get(message_id, ()))


def earlier_of(tx: Tx, ticket: Ticket) -> tuple[int, int]:
    """How many tickets the requester had before this one, and how many of them are solved or closed."""
    query = select(_ticket.c.status).where(
        _ticket.c.requester == ticket.requester.key, _ticket.c.number < ticket.number, _ticket.c.merged_into.is_(None)
    )
    found = list(tx.connection.execute(query).scalars())
    return len(found), sum(not Status(status).active for status in found)


def language_of(tx: Tx, requester: str) -> str:
    """The language of the newest ticket that this address (in lower case) asked for, "" where there is none."""
    query = (
        select(_ticket.c.language).where(_ticket.c.requester == requester).order_by(_ticket.c.number.desc()).limit(1)
    )
    return tx.connection.execute(query).scalar() or ""


def open_counts(tx: Tx) -> dict[str, int]:
    """How many active tickets each agent owns."""
    query = select(_ticket.c.owner, func.count()).where(
        _ticket.c.status.in_([s.value for s in Status if s.active]), _ticket.c.owner.is_not(None)
    )
    return {str(owner): int(count) for owner, count in tx.connection.execute(query.group_by(_ticket.c.owner))}


def last_owners(tx: Tx) -> dict[str, str]:
    """Who got the newest owned ticket of each team."""
    newest = select(func.max(_ticket.c.number)).where(_ticket.c.owner.is_not(None)).group_by(_ticket.c.team)
    rows = tx.connection.execute(select(_ticket.c.team, _ticket.c.owner).where(_ticket.c.number.in_(newest)))
    return {str(team): str(owner) for team, owner in rows}


def contacts(tx: Tx) -> list[tuple[TicketNo, str | None, str]]:
    """Number, owner and team of each active ticket, oldest first."""
    query = select(_ticket.c.number, _ticket.c.owner, _ticket.c.team).order_by(_ticket.c.number)
    rows = tx.connection.execute(query.where(_ticket.c.status.in_([s.value for s in Status if s.active])))
    return [(TicketNo(row.number), row.owner, row.team) for row in rows]


def counts(tx: Tx) -> dict[str, int]:
    """How many tickets have each status."""
    rows = tx.connection.execute(select(_ticket.c.status, func.count()).group_by(_ticket.c.status))
    return {str(status): int(number) for status, number in rows}


def _whole(tx: Tx, row: Any) -> Ticket:
    parties = tuple(_person(person) for person in _PARTIES.rows(tx, which=row.number))
    return _read(row, parties, promises.standing_of(tx, row.number))


def _read(row: Any, parties: tuple[Party, ...], ledger: tuple[Promise, ...]) -> Ticket:
    return Ticket(
        number=TicketNo(row.number),
        subject=row.subject,
        shown=row.shown,
        status=Status(row.status),
        owner=row.owner,
        team=row.team,
        priority=Priority(row.priority),
        level=row.level,
        address=row.address,
        language=row.language,
        created_at=row.created_at,
        updated_at=row.updated_at,
        tags=tuple(row.tags),
        solved_at=row.solved_at,
        promised_at=row.promised_at,
        parties=parties,
        links=tuple(TicketNo(number) for number in row.links),
        merged_into=None if row.merged_into is None else TicketNo(row.merged_into),
        root=row.root,
        why=_reason(row.why),
        previous_owner=row.previous_owner,
        told_owner=row.told_owner,
        told_team=row.told_team,
        sla=row.sla,
        ladder=row.ladder,
        promises=ledger,
    )


def _values(ticket: Ticket) -> dict[str, Any]:
    return {
        "subject": ticket.subject,
        "shown": ticket.shown,
        "status": ticket.status.value,
        "owner": ticket.owner,
        "team": ticket.team,
        "priority": ticket.priority.value,
        "level": ticket.level,
        "address": ticket.address,
        "requester": ticket.requester.key,
        "language": ticket.language,
        "tags": list(ticket.tags),
        "links": list(ticket.links),
        "created_at": ticket.created_at,
        "updated_at": ticket.updated_at,
        "solved_at": ticket.solved_at,
        "promised_at": ticket.promised_at,
        "merged_into": ticket.merged_into,
        "root": ticket.root,
        "why": _why(ticket.why),
        "previous_owner": ticket.previous_owner,
        "told_owner": ticket.told_owner,
        "told_team": ticket.told_team,
        "sla": ticket.sla,
        "ladder": ticket.ladder,
    }


def _reason(value: Mapping[str, Any] | None) -> Reason | None:
    if value is None:
        return None
    until, texts = value.get("until"), value.get("texts", {})
    return Reason(
        Code(value["code"]),
        value["text"],
        value["by"],
        phrase=value.get("phrase", ""),
        who=value.get("who", ""),
        until=date.fromisoformat(until) if until else None,
        texts=tuple(texts.items()),
    )


@lru_cache(maxsize=64)  # a ticket, the event of its move and the hash of that event hold the same reason
def _why(reason: Reason | None) -> str:
    """A reason as it is kept, in JSON; what it does not say is left out."""
    if reason is None:
        return "null"
    said: dict[str, Any] = {"code": reason.code.value, "text": reason.text, "by": reason.by}
    if reason.phrase:
        said |= {"phrase": reason.phrase, "who": reason.who}
    if reason.until is not None:
        said["until"] = reason.until.isoformat()
    if reason.texts:
        said["texts"] = dict(reason.texts)
    return json.dumps(said)


@lru_cache(maxsize=64)
def _origin(origin: Origin | None) -> str:
    """Where a move came from, as it is kept, in JSON; what is not known is left out."""
    if origin is None:
        return "null"
    said = {"mail": origin.mail, "timer": origin.timer, "absence": origin.absence, "rule": origin.rule}
    return json.dumps({name: value for name, value in said.items() if value not in {None, ""}})


def _person(row: Any) -> Party:
    return Party(
        number=row.number,
        address=row.address,
        name=row.name,
        role=Role(row.role),
        proven=row.proven,
        kept=row.kept,
        machine=row.machine,
        stopped=row.stopped,
        agent=row.agent,
    )


def _party_row(ticket: TicketNo, party: Party) -> tuple[Any, ...]:
    """What is kept of a person, in the order of `_PARTY`."""
    return (
        *(ticket, party.number, party.address, party.name, party.role.value, party.proven, party.kept),
        *(party.machine, party.stopped, party.agent),
    )


def _attachment_values(attachment: Attachment) -> dict[str, Any]:
    return {
        "name": attachment.name,
        "type": attachment.type,
        "size": attachment.size,
        "sha256": attachment.sha256,
        "content_id": attachment.content_id,
        "inline": attachment.inline,
    }


def _read_entry(row: Any) -> Entry:
    return Entry(
        at=row.at,
        author=row.author,
        name=row.name,
        voice=Voice(row.voice),
        text=row.text,
        message_id=MessageId(row.message_id),
        agent=row.agent,
        attachments=tuple(Attachment(**kept, content=b"") for kept in row.attachments),
        inbox=row.inbox,
        whole=row.whole,
    )


def event_of(row: Row[Any]) -> Event:
    """The event that a row of the history holds."""
    why, origin = _reason(row.why), Origin(**row.origin) if row.origin else None
    return Event(row.at, row.event, row.who, row.code, row.text, row.before, row.after, why, origin)
