"""Carry out a decision, in one transaction; the only writer of tickets."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import assert_never

from maild.brief import originals
from maild.compose import Unfit
from maild.decide.gathered import limit_of, lines_of
from maild.decide.people import visible
from maild.decide.ripe import look_ahead
from maild.decide.undelivered import on_refusal
from maild.decision import (
    Bulletin,
    ClearTimer,
    Decision,
    Done,
    Draft,
    Duplicate,
    Notice,
    Post,
    SetAside,
    SetTimer,
    TimerName,
)
from maild.desk import Desk
from maild.letters import AGENT_ATTACHMENTS, addressed, names_of, shown_subject, write
from maild.lines import Line, plain
from maild.mail import Attachment, Envelope, Mail, MessageId, Outgoing
from maild.readers.scribe import Page, Scribe
from maild.rules.match import RuleBook
from maild.rules.model import On
from maild.store import absences, inbox, later, meta, outbox, promises, tickets, timers
from maild.store.engine import Store, Tx
from maild.telling import Material, Press
from maild.ticket import Entry, Event, Origin, Party, Role, Status, Ticket, TicketNo, Use, Voice

BRIEF_FIRST = timedelta(minutes=5)
"""How long a customer's mail about a move waits for the successor's brief (DESIGN 3.3)."""

_CONVERSATION = 40
_SLOW = "slow-rule:"
_DAY = timedelta(days=1)

log = logging.getLogger("maild.act")


@dataclass(frozen=True, slots=True)
class Office:
    """All that deciding and acting need, built once."""

    store: Store
    press: Press
    rules: RuleBook
    scribe: Scribe | None = None
    """Who writes the letters of a decision; whoever sets it fills the outbox with what it wrote, before the commit."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What made a decision necessary: an inbox mail and who wrote it, or a timer; nothing where the desk itself did."""

    inbox: int | None = None
    message_id: MessageId = MessageId("")  # noqa: RUF009  an empty id is a value
    author: str = ""
    timer: str = ""


NO_CAUSE = Cause()


def settle(
    tx: Tx, office: Office, decision: Decision, kept: inbox.Kept, mail: Mail, known: Mapping[int, Ticket], now: datetime
) -> None:
    """Write what was decided about one mail, and where the mail ended."""
    cause = Cause(kept.id, mail.message_id, mail.author.key)
    ticket: TicketNo | None = None
    duplicate_of: int | None = None
    because = _because_in_english(decision, office.press, now)
    match decision:
        case Post():
            carry_out(tx, office, decision, cause, known, now)
            state, ticket = "ticket", decision.ticket.number
        case SetAside(post=post, bulletin=bulletin):
            if post is not None:
                carry_out(tx, office, post, cause, known, now)
            if bulletin is not None:
                publish(tx, office, bulletin, now, cause)
            state = "quarantine"
        case Duplicate(of=of, ticket=number, post=post):
            if post is not None:
                carry_out(tx, office, post, cause, known, now)
            state, ticket, duplicate_of = "duplicate", number, of
        case Done(release=release, bulletin=bulletin):
            if bulletin is not None:
                publish(tx, office, bulletin, now, cause)
            released = [inbox.confirm(tx, one, waives) for one, waives in (release.releases if release else ())]
            if release is not None and not any(released):
                because = (*because, "it was answered before: nothing is left to do")
            state = "done"
        case _:
            assert_never(decision)
    inbox.settle(
        tx,
        kept.id,
        state,
        because,
        now,
        ticket=ticket,
        duplicate_of=duplicate_of,
        message_id=mail.message_id,
        fingerprint=mail.fingerprint,
        author=mail.author.key,
    )


def carry_out(tx: Tx, office: Office, post: Post, cause: Cause, known: Mapping[int, Ticket], now: datetime) -> None:
    """Write a ticket's new state, its history, its timers and the mails that tell of it."""
    ticket = _named(post, office, now)
    before = None if post.opened else known[ticket.number]
    tickets.save(tx, ticket, before)
    events = [_traced(event, cause) for event in _in_english(post, office.press, now)]
    if post.entry is not None:
        seq = tickets.say(tx, ticket.number, post.entry, first=post.opened)
        who = post.entry.name or post.entry.author
        events.append(Event(post.at or now, "entry", who, text=post.entry.voice.value, after=str(seq)))
    tickets.meet(tx, ticket.number, post.met)
    for other, happened in post.elsewhere:
        tickets.save(tx, other, known[other.number])
        tickets.record(tx, other.number, happened)
    for timer in (*post.timers, *_look_ahead(office, post, ticket, now)):
        timers.change(tx, ticket.number, timer)
    promises.save(tx, ticket.number, post.promises)
    for absence in post.absences:
        absences.save(tx, absence, now)
    if post.proved:
        meta.put(tx, f"proved:{post.proved}", now.isoformat())
    told = _tell(tx, office, post, ticket, cause, now)
    tickets.record(tx, ticket.number, (*events, *told.events), first=post.opened)
    if post.bulletin is not None:
        publish(tx, office, post.bulletin, now, cause)
    if told.unsaid:
        _tell_unsaid(tx, office, ticket, told.unsaid, now)
    if post.slow:
        _tell_slow(tx, office, post.slow, ticket, now)


def _look_ahead(office: Office, post: Post, ticket: Ticket, now: datetime) -> Sequence[SetTimer | ClearTimer]:
    """When the rules on timers are to look at a ticket that has changed; history from elsewhere is left alone."""
    known = any(one.timer is TimerName.RULES for one in post.timers)
    if known or post.at is not None or not office.rules.by_event[On.TIMER]:
        return ()
    return (look_ahead(ticket, office.rules, office.press.desk, now),)


def _tell_slow(tx: Tx, office: Office, rules: Sequence[str], ticket: Ticket, now: datetime) -> None:
    """The admins hear once a day of each rule whose regexes ran out of time."""
    told = meta.starting(tx, _SLOW)
    fresh = [rule for rule in rules if rule not in told or now - datetime.fromisoformat(told[rule]) >= _DAY]
    for rule in fresh:
        meta.put(tx, f"{_SLOW}{rule}", now.isoformat())
    lines = [
        f'Rule "{rule}" ran over its time on ticket #{ticket.number}, so it did not act: make its regex simpler, '
        "or use plain words."
        for rule in fresh
    ]
    if lines:
        warn(tx, office, tuple(lines), now)


def _in_english(post: Post, press: Press, now: datetime) -> Sequence[Event]:
    """What happened, with the lines among the texts said in English, as the history has it."""
    if not post.lines:
        return post.events
    said = _sayings(post, press, now)
    return [replace(event, text=said.get(event.text, event.text)) for event in post.events]


def _because_in_english(decision: Decision, press: Press, now: datetime) -> tuple[str, ...]:
    """The reasons of a decision as an operator reads them, the lines among them said in English."""
    post = decision if isinstance(decision, Post) else decision.post if isinstance(decision, SetAside) else None
    if post is None or not post.lines:
        return decision.because
    because = decision.because
    for short, words in _sayings(post, press, now).items():
        because = tuple(one.replace(short, words) for one in because)
    return because


def _sayings(post: Post, press: Press, now: datetime) -> dict[str, str]:
    return {plain(one): press.templates.say(one, "en", press.desk.timezone, now) for one in post.lines}


def _traced(event: Event, cause: Cause) -> Event:
    """A move with what set it off, beside what stands behind it."""
    if event.event not in {"owner", "team"}:
        return event
    return replace(event, origin=replace(event.origin or Origin(), mail=cause.inbox, timer=cause.timer))


def warn(tx: Tx, office: Office, lines: tuple[str | Line, ...], now: datetime) -> None:
    """Put a warning to every admin into the outbox; it belongs to no ticket."""
    desk = office.press.desk
    agents = (agent.email for agent in desk.agents if agent.admin)
    tells = frozenset({Notice.WARNING})
    drafts = (
        Draft(Party(0, spec, role=Role.AGENT), tells, Use.NOTE, auto=True, lines=lines)
        for spec in dict.fromkeys((*desk.admins, *agents))
    )
    publish(tx, office, Bulletin((), drafts=tuple(drafts)), now)


def publish(tx: Tx, office: Office, bulletin: Bulletin, now: datetime, cause: Cause = NO_CAUSE) -> None:
    """Write what belongs to no one ticket: absences, the timers that they set, and mails to agents and admins."""
    for absence in bulletin.absences:
        absences.save(tx, absence, now)
    for number, timer in bulletin.timers:
        timers.change(tx, number, timer)
    if bulletin.proved:
        meta.put(tx, f"proved:{bulletin.proved}", now.isoformat())
    numbers = {agent: absences.renumber(tx, agent) for agent in bulletin.revoked}
    for draft in (_renumbered(one, numbers) for one in bulletin.drafts):
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


def _renumbered(draft: Draft, numbers: Mapping[str, int]) -> Draft:
    """The draft with the number that its reader's personal address carries from now on."""
    fresh = numbers.get(draft.to.agent or "")
    return draft if fresh is None else replace(draft, to=replace(draft.to, number=fresh))


def _named(post: Post, office: Office, now: datetime) -> Ticket:
    """The ticket with the Message-ID at the root of its thread, and with its subject once a customer is told."""
    ticket = post.ticket
    root = office.press.keyring.message_id(ticket.number, 0, 0, now) if post.opened else ticket.root
    told = [draft for draft in post.drafts if draft.to.agent is None and draft.to.number]
    shown = ticket.shown
    if told and not shown:
        person = any(not draft.auto for draft in told)
        shown = shown_subject(ticket, office.press, person=person)
    return ticket if (root, shown) == (ticket.root, ticket.shown) else replace(ticket, root=root, shown=shown)


@dataclass(slots=True)
class _Told:
    """What was told, for the history, and the first row that could not be said (0 is none)."""

    events: list[Event] = field(default_factory=list)
    unsaid: int = 0


def _tell(tx: Tx, office: Office, post: Post, ticket: Ticket, cause: Cause, now: datetime) -> _Told:
    """Put every draft into the outbox as finished bytes."""
    told = _Told()
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


def _tell_unsaid(tx: Tx, office: Office, ticket: Ticket, first: int, now: datetime) -> None:
    """What could not be said is news for whoever can act; news that cannot be said itself ends here."""
    for row, reason in outbox.unsaid(tx, first):
        fresh = tickets.get(tx, ticket.number, follow=False) or ticket
        post = on_refusal(fresh, row, reason, office.press.desk, now)
        carry_out(tx, office, post, NO_CAUSE, {ticket.number: fresh}, now)


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
        past = (*tickets.history(tx, ticket.number), *post.events) if asks else ()
        return Material(ticket, entries, ids, answers, history=past)
    return _asked_for(tx, office, draft, Material(ticket, entries, ids, answers))


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
