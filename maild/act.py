"""Carry out a decision, in one transaction; the only writer of tickets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import assert_never

from maild.abreast import Steps, alone
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
from maild.letters import shown_subject
from maild.lines import Line, plain
from maild.mail import Mail
from maild.office import NO_CAUSE, Cause, Office
from maild.postroom import tell, tell_apart
from maild.rules.model import On
from maild.store import absences, inbox, meta, outbox, promises, tickets, timers
from maild.store.engine import Tx
from maild.telling import Press
from maild.ticket import Event, Origin, Party, Role, Ticket, TicketNo, Use
from maild.values import replace

_SLOW = "slow-rule:"
_DAY = timedelta(days=1)
_MOVES = frozenset({"owner", "team"})


def settle(
    tx: Tx, office: Office, decision: Decision, kept: inbox.Kept, mail: Mail, known: Mapping[int, Ticket], now: datetime
) -> None:
    """`settling` in one go."""
    alone(settling(tx, office, decision, kept, mail, known, now))


def settling(
    tx: Tx, office: Office, decision: Decision, kept: inbox.Kept, mail: Mail, known: Mapping[int, Ticket], now: datetime
) -> Steps[None]:
    """Write what was decided about one mail, and where the mail ended."""
    cause = Cause(kept.id, mail.message_id, mail.author.key)
    ticket: TicketNo | None = None
    duplicate_of: int | None = None
    because = _because_in_english(decision, office.press, now)
    match decision:
        case Post():
            yield from carrying_out(tx, office, decision, cause, known, now)
            state, ticket = "ticket", decision.ticket.number
        case SetAside(post=post, bulletin=bulletin):
            if post is not None:
                yield from carrying_out(tx, office, post, cause, known, now)
            if bulletin is not None:
                publish(tx, office, bulletin, now, cause)
            state = "quarantine"
        case Duplicate(of=of, ticket=number, post=post):
            if post is not None:
                yield from carrying_out(tx, office, post, cause, known, now)
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
    yield
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
    """`carrying_out` in one go."""
    alone(carrying_out(tx, office, post, cause, known, now))


def carrying_out(
    tx: Tx, office: Office, post: Post, cause: Cause, known: Mapping[int, Ticket], now: datetime
) -> Steps[None]:
    """Write a ticket's new state, its history, its timers and the mails that tell of it."""
    ticket = _named(post, office, now)
    before = None if post.opened else known[ticket.number]
    tickets.save(tx, ticket, before)
    yield
    said = _in_english(post, office.press, now)
    events = [_traced(event, cause) if event.event in _MOVES else event for event in said]
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
    yield
    told = tell(tx, office, post, ticket, cause, now)
    yield
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
    said = _sayings(post.lines, press, now)
    return [replace(event, text=said.get(event.text, event.text)) for event in post.events]


def _because_in_english(decision: Decision, press: Press, now: datetime) -> tuple[str, ...]:
    """The reasons of a decision as an operator reads them, the lines among them said in English."""
    because = decision.because
    for short, words in _sayings(_lines_of(decision), press, now).items():
        because = tuple(one.replace(short, words) for one in because)
    return because


def _lines_of(decision: Decision) -> tuple[Line, ...]:
    match decision:
        case Post() | Done():
            return decision.lines
        case SetAside():
            return (*decision.lines, *(decision.post.lines if decision.post is not None else ()))
        case Duplicate():
            return decision.post.lines if decision.post is not None else ()
        case unexpected:
            assert_never(unexpected)


def _sayings(lines: Sequence[Line], press: Press, now: datetime) -> dict[str, str]:
    return {plain(one): press.templates.say(one, "en", press.desk.timezone, now) for one in lines}


def _traced(event: Event, cause: Cause) -> Event:
    """A move with what set it off, beside what stands behind it."""
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
    tell_apart(tx, office, [_renumbered(one, numbers) for one in bulletin.drafts], cause, now)


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


def _tell_unsaid(tx: Tx, office: Office, ticket: Ticket, first: int, now: datetime) -> None:
    """What could not be said is news for whoever can act; news that cannot be said itself ends here."""
    for row, reason in outbox.unsaid(tx, first):
        fresh = tickets.get(tx, ticket.number, follow=False) or ticket
        post = on_refusal(fresh, row, reason, office.press.desk, now)
        carry_out(tx, office, post, NO_CAUSE, {ticket.number: fresh}, now)
