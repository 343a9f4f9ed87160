"""From drafts to rows of the outbox: what leaves now, what is told later with others, what cannot be said."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from maild.brief import originals
from maild.compose import Unfit
from maild.decide.gathered import limit_of, lines_of
from maild.decide.people import visible
from maild.decide.trail import OF_DATES, dates_read
from maild.decision import Draft, Notice, Post
from maild.desk import Desk
from maild.letters import AGENT_ATTACHMENTS, addressed, names_of, write
from maild.mail import Attachment, Envelope, MessageId, Outgoing
from maild.office import Cause, Office
from maild.readers.scribe import Page
from maild.store import inbox, later, outbox, tickets
from maild.store.engine import Tx
from maild.telling import Material
from maild.ticket import Entry, Event, Status, Ticket, Voice
from maild.values import replace

log = logging.getLogger("maild.postroom")

BRIEF_FIRST = timedelta(minutes=5)
"""How long a customer's mail about a move waits for the successor's brief (DESIGN 3.3)."""

_CONVERSATION = 40


@dataclass(slots=True)
class Told:
    """What was told, for the history, and the first row that could not be said (0 is none)."""

    events: list[Event] = field(default_factory=list)
    unsaid: int = 0


def tell(tx: Tx, office: Office, post: Post, ticket: Ticket, cause: Cause, now: datetime) -> Told:
    """Put every draft into the outbox as finished bytes."""
    told = Told()
    if not post.drafts:
        return told
    row = outbox.next_row(tx)
    pages: list[Page] = []
    conversation = _entries(tx, post, ticket)
    for draft in post.drafts:
        due_at = _put_off(tx, draft, office, now)
        if due_at is not None:
            later.keep(tx, _later(draft, ticket, cause, now, due_at))
            continue
        material = _material(tx, office, draft, post, ticket, conversation, cause)
        mail: Outgoing | Unfit
        if office.scribe is None:
            mail = write(draft, material, office.press, row, now)
        else:
            names = names_of(draft, ticket, office.press, row, now)
            mail = addressed(names, draft)
            pages.append(Page(row, draft, material, now, names))
        match mail:
            case Outgoing():
                state, answer = "waiting", ""
            case Unfit(reason):
                # what cannot be said safely is not said; the row stays, so that somebody can see why
                state, answer = "held", reason
                told.unsaid = told.unsaid or row
                mail = _unsaid(draft, office, ticket, row, now)
        outbox.put(tx, _finished(tx, draft, mail, ticket, cause, row, now, state, answer))
        if state == "waiting" and (event := _telling(draft, row, now)) is not None:
            told.events.append(event)
        row += 1
    if office.scribe is not None:
        office.scribe.hand_in(pages)
    return told


def tell_apart(tx: Tx, office: Office, drafts: Iterable[Draft], cause: Cause, now: datetime) -> None:
    """Put drafts into the outbox that belong to no ticket."""
    for draft in drafts:
        due_at = _put_off(tx, draft, office, now)
        if due_at is not None:
            later.keep(tx, _later(draft, None, cause, now, due_at))
            continue
        row = outbox.next_row(tx)
        material = _asked_for(tx, office, draft, Material(None, cause=_answered(draft, office, cause)))
        match write(draft, material, office.press, row, now):
            case Outgoing() as mail:
                outbox.put(tx, _finished(tx, draft, mail, None, cause, row, now, "waiting", ""))
            case Unfit(reason):
                log.error("a mail to %s could not be written: %s", draft.to.address, reason)


def _telling(draft: Draft, row: int, now: datetime) -> Event | None:
    """What the history keeps of a mail: each to a customer, and each brief of somebody who gets the ticket."""
    if draft.to.agent is None and draft.to.number:
        return Event(now, "told", "desk", text=draft.notice.value, before=str(row), after=draft.to.address)
    if draft.to.agent is not None and draft.notice is Notice.ASSIGNED:
        return Event(now, "briefed", "desk", text=draft.notice.value, before=str(row), after=draft.to.agent)
    return None


def _put_off(tx: Tx, draft: Draft, office: Office, now: datetime) -> datetime | None:
    """When a mail to an agent may be told, together with others, where its kind has been told often enough of late."""
    limit = limit_of(draft, office.press.desk)
    if limit is None:
        return None
    told = outbox.told(tx, draft.to.address, draft.notice, now - limit.span, asked=draft.question is not None)
    waiting = later.waiting(tx, draft.to.agent or "", draft.notice)
    if waiting is not None or len(told) < limit.most:
        return waiting
    return told[-limit.most] + limit.span


def _later(draft: Draft, ticket: Ticket | None, cause: Cause, now: datetime, due_at: datetime) -> later.Later:
    return later.Later(
        agent=draft.to.agent or "",
        notice=draft.notice,
        ticket=ticket.number if ticket is not None else 0,
        lines=lines_of(draft),
        at=now,
        due_at=due_at,
        inbox=cause.inbox or 0,
        question=draft.question,
        fresh=bool(draft.fresh) or Notice.WELCOME in draft.tells,
    )


def _entries(tx: Tx, post: Post, ticket: Ticket) -> Material:
    if post.opened:
        return Material(ticket, entries=(post.entry,) if post.entry else ())
    return Material(ticket, entries=tickets.entries(tx, ticket.number, _CONVERSATION))


def _material(
    tx: Tx, office: Office, draft: Draft, post: Post, ticket: Ticket, conversation: Material, cause: Cause
) -> Material:
    answers = _answered(draft, office, cause)
    new = post.opened or (answers and not conversation.entries[1:])
    ids = () if new else tuple(outbox.ids_to(tx, ticket.number, draft.to.address))
    entries = conversation.entries
    if draft.to.agent is None and draft.to.number:
        entries = tuple(entry for entry in entries if entry.voice is not Voice.NOTE)
        asks = draft.notice is Notice.HISTORY
        dated = draft.late is not None or Notice.DELAYED in draft.tells
        before = tickets.history(tx, ticket.number) if asks or dated else ()
        past = (*before, *post.events) if asks else ()
        read = dates_read(before, draft.to.address) if dated else ()
        by = "" if ticket.status.active else _solved_by(tx, post, ticket)
        return Material(ticket, entries, ids, answers, history=past, dates_read=read, solved_by=by)
    brief = draft.notice is Notice.ASSIGNED
    known = brief and _knows_date(tx, post, ticket)
    told = brief and any(Notice.OWNER_CHANGED in one.tells and one.to.agent is None for one in post.drafts)
    return _asked_for(tx, office, draft, Material(ticket, entries, ids, answers, date_known=known, move_told=told))


def _solved_by(tx: Tx, post: Post, ticket: Ticket) -> str:
    """Who marked the ticket as solved last."""
    before = () if post.opened else tickets.history(tx, ticket.number, ("status",))
    solved = (one.who for one in (*before, *post.events) if one.event == "status" and one.after == Status.SOLVED.value)
    return next(reversed(list(solved)), "")


def _knows_date(tx: Tx, post: Post, ticket: Ticket) -> bool:
    """Whether the requester has read the date that is promised now, or reads it in a mail of this very turn."""
    address = ticket.requester.address
    if any(one.to.agent is None and one.to.address.lower() == address.lower() for one in post.drafts):
        return True
    if post.opened or ticket.promised_at is None:
        return False
    read = dates_read((*tickets.history(tx, ticket.number, OF_DATES), *post.events), address)
    return ticket.promised_at in read


def _answered(draft: Draft, office: Office, cause: Cause) -> MessageId:
    """The id of the mail that its own writer is answered, "" where the reader is somebody else."""
    answers = cause.message_id if cause.author and cause.author == draft.to.key else MessageId("")
    # another reader's id of ours is as good as their signed address: it is never repeated
    return answers if office.press.keyring.read_id(answers) is None else MessageId("")


def _asked_for(tx: Tx, office: Office, draft: Draft, material: Material) -> Material:
    """What an agent asked to see."""
    match draft.notice:
        case Notice.LIST:
            agent = office.press.desk.agent(draft.to.agent)
            listed = (
                one for one in _listed(tx, draft, office.press.desk) if agent and visible(office.press.desk, one, agent)
            )
            return replace(material, listed=tuple(listed))
        case Notice.SHOW | Notice.HISTORY if draft.about is not None:
            return replace(
                material,
                about=tickets.get(tx, draft.about),
                about_entries=tickets.entries(tx, draft.about, _CONVERSATION),
                history=tickets.history(tx, draft.about),
            )
        case Notice.ASSIGNED:
            before = tickets.entries(tx, draft.about, _CONVERSATION) if draft.about is not None else ()
            entries = (*before, *material.entries)
            files = _originals(tx, draft, entries)
            if not (before or files):
                return material
            earlier = tickets.earlier_of(tx, material.ticket) if files and material.ticket is not None else (0, 0)
            return replace(material, entries=entries, originals=files, earlier=earlier)
        case _:
            return material


def _originals(tx: Tx, draft: Draft, entries: tuple[Entry, ...]) -> tuple[Attachment, ...]:
    """The conversation as files for whoever takes over; what the brief itself passes on is in it already."""
    passed_on = draft.entry.inbox if draft.entry is not None else None
    entries = tuple(entry for entry in entries if passed_on is None or entry.inbox != passed_on)
    raws: dict[int, bytes] = {}
    room = AGENT_ATTACHMENTS
    for entry in reversed(entries):
        raw = inbox.original(tx, entry.inbox, most=room) if entry.inbox is not None else None
        if entry.inbox is not None and raw is not None:
            raws[entry.inbox] = raw
            room -= len(raw)
    return originals(entries, raws)


def _listed(tx: Tx, draft: Draft, desk: Desk) -> list[Ticket]:
    """What `#list` asked for; late is what the owner was warned of; without an SLA, what has waited for longest."""
    scope, _, name = draft.scope.partition(":")
    match scope:
        case "team":
            return [one for team in name.split(",") if team for one in tickets.active(tx, team=team)]
        case "late":
            mine = tickets.active(tx, owner=name)
            if desk.slas:
                return [one for one in mine if any(each.warned or each.missed for each in one.promises)]
            return [one for one in mine if one.status is Status.OPEN][:20]
        case _:
            return tickets.active(tx, owner=name)


def _unsaid(draft: Draft, office: Office, ticket: Ticket, row: int, now: datetime) -> Outgoing:
    message_id = office.press.keyring.message_id(ticket.number, draft.to.number, row, now)
    return Outgoing(message_id, Envelope("", draft.to.address), b"")


def _finished(
    tx: Tx,
    draft: Draft,
    mail: Outgoing,
    ticket: Ticket | None,
    cause: Cause,
    row: int,
    now: datetime,
    state: str,
    answer: str,
) -> outbox.Finished:
    after = outbox.newest(tx, ticket.number, Notice.ASSIGNED) if draft.after_brief and ticket else None
    return outbox.Finished(
        id=row,
        mail=mail,
        ticket=ticket.number if ticket else None,
        party=draft.to.number,
        agent=draft.to.agent,
        notice=draft.notice,
        auto=draft.auto,
        answers=draft.answers,
        proven=draft.proven,
        inbox=cause.inbox,
        created_at=now,
        question=draft.question,
        after=after,
        after_until=now + BRIEF_FIRST if after is not None else None,
        state=state,
        answer=answer,
    )
