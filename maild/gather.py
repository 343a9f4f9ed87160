"""Bring together what one mail's decision needs to know; reads, never chooses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from maild.absence import Absence, Stage
from maild.commands import read
from maild.decide.absence import Facts
from maild.decide.learn import ONCE_IN
from maild.decide.mail import find
from maild.decide.preview import Outcome, preview
from maild.decide.robots import row_of
from maild.decide.situation import Earlier, Situation
from maild.decision import NO_ANSWERS, Answers, Asked, Loads, TimerName
from maild.desk import Agent, Desk
from maild.mail import Kind, Mail
from maild.office import Office
from maild.store import absences, inbox, meta, outbox, tickets, timers
from maild.store.engine import Tx
from maild.threading.clues import Clues, clues
from maild.ticket import Ticket, TicketNo, Use
from maild.values import replace

_REFERENCES = 50


def gather(tx: Tx, office: Office, kept: inbox.Kept, mail: Mail, loads: Loads, now: datetime) -> Situation:
    """The situation of one mail, read in the transaction that will carry its decision out."""
    desk = absences.with_absences(tx, office.press.desk)
    found = clues(mail, kept.recipients, office.press.keyring, desk.addresses, now)
    before = inbox.before(tx, kept.id, mail.fingerprint, mail.message_id, mail.author.key)
    earlier, same_id = before.same_mail, before.ticket_of_id
    met = tickets.met(tx, found.foreign[:_REFERENCES])
    sent = outbox.find(tx, _rows(found))
    spoken = desk.agent_at(mail.author.spec) is not None
    named = {
        *(token.ticket for token in (*found.tokens, *found.expired) if token.use not in _ROW_TOKENS),
        *(ours.token.ticket for ours in found.own),
        *(number for _, number in met),
        *(row.ticket for row in sent.values() if row.ticket is not None),
        *((found.tag,) if found.tag is not None else ()),
        *((same_id,) if same_id is not None else ()),
        *((earlier.ticket,) if earlier and earlier.ticket is not None else ()),
        *(_asked(mail) if spoken else ()),
    }
    known = _tickets(tx, named)
    past = () if spoken else ("undelivered",) if mail.kind is Kind.BOUNCE else ("team", "also-team")
    told = {one.number for one in known.values()} if spoken or mail.kind is Kind.BOUNCE or earlier else set()
    situation = Situation(
        inbox=kept.id,
        mail=mail,
        sender=kept.sender,
        recipients=kept.recipients,
        received_at=kept.received_at,
        now=now,
        clues=found,
        desk=desk,
        rules=office.rules,
        number=tickets.next_number(tx),
        tickets=known,
        met=met,
        same_id=None if same_id is None else TicketNo(same_id),
        earlier=_earlier(earlier) if not kept.released else None,
        sent=sent,
        entries={one.number: tickets.entries(tx, one.number, 40) for one in known.values()} if spoken else {},
        history={number: tickets.history(tx, number, past) for number in told},
        loads=loads,
        proved=frozenset(meta.starting(tx, "proved:")) if spoken else frozenset(),
        waived=frozenset(kept.released),
        answers=NO_ANSWERS if known else _answers(tx, mail, None, now),
        first_time=not before.wrote,
        remembered=_remembered(tx, mail, desk) if before.wrote else "",
    )
    own = found.token(Use.PERSONAL) is not None
    about_absence = spoken or own or mail.kind is Kind.BOUNCE or _asks(situation) is not None
    if about_absence:
        situation = _of_absence(tx, situation)
    return _counted(tx, situation) if known else situation


def _remembered(tx: Tx, mail: Mail, desk: Desk) -> str:
    """The language of this author's tickets before, for a mail that is too short to tell its own."""
    language = "" if mail.language in desk.languages else tickets.language_of(tx, mail.author.key)
    return language if language in desk.languages else ""


def _of_absence(tx: Tx, situation: Situation) -> Situation:
    """The situation with what concerns an agent's absences, where an agent seems to write, a mail to an agent came
    back, or a question is answered."""
    agent = _out_of_reach(situation) if situation.mail.kind is Kind.BOUNCE else situation.agent
    question = _asks(situation)
    number = int(question.deed.partition(":")[2]) if question else 0
    absence = absences.get(tx, number) if number else None
    token = situation.clues.token(Use.PERSONAL)
    living = absences.living(tx, agent.id) if agent else ()
    # what a return would bring back was taken since the absence began that still runs
    under_way = absence or next((one for one in living if one.stage is Stage.BEGUN), None)
    return replace(
        situation,
        absence=absence,
        absence_facts=facts_of(tx, absence.agent if absence else agent.id if agent else "", under_way),
        living=(*living, *_over(tx, agent.id, situation.now)) if agent else (),
        personal=absences.agent_of(tx, token.party) if token else None,
    )


def _asks(situation: Situation) -> Asked | None:
    """The question about an absence that the mail may answer."""
    return next((row.question for row in situation.sent.values() if row.question and row.question.deed), None)


def _out_of_reach(situation: Situation) -> Agent | None:
    """The agent whom the mail that came back was for."""
    row = row_of(situation)
    return situation.desk.agent(row.agent) if row is not None else None


def _over(tx: Tx, agent: str, now: datetime) -> tuple[Absence, ...]:
    """What is over of this agent's absences and still counts, by the day of whatever zone is last."""
    return absences.over(tx, agent, now - ONCE_IN, (now - timedelta(days=1)).date())


def outlook_of(
    tx: Tx, fresh: Sequence[Absence], desk: Desk, now: datetime, until: datetime | None = None
) -> tuple[Outcome, ...]:
    """What absences in their new state will do to the tickets that are open now; `desk` is the one that they meet."""
    loads = Loads(tickets.open_counts(tx), tickets.last_owners(tx))
    owned = [one for one in tickets.active(tx, most=_ALL) if one.owner is not None]
    return preview(fresh, desk, absences.living(tx), owned, loads, now, until=until)


def facts_of(tx: Tx, agent: str, absence: Absence | None) -> Facts:
    """What is known of an agent's work: the tickets owned, and those that were taken away while the agent was gone."""
    return Facts(
        owned=tuple(tickets.active(tx, owner=agent, most=_ALL)) if agent else (),
        taken=absences.taken_from(tx, agent, absences.gone_since(tx, absence)) if absence else (),
        numbers=tuple((one.id, one.number) for one in absences.agents(tx).values()),
        fresh=absences.next_id(tx),
    )


_ALL = 1_000_000


_ROW_TOKENS = frozenset({Use.BOUNCE, Use.CONFIRM})


def _rows(found: Clues) -> list[int]:
    rows = [token.ticket for token in (*found.tokens, *found.expired) if token.use in _ROW_TOKENS]
    rows.extend(ours.row for ours in (*found.own[:_REFERENCES], *found.returned[:_REFERENCES]) if ours.row)
    return list(dict.fromkeys(rows))


def _asked(mail: Mail) -> set[int]:
    """Tickets that an agent's commands name."""
    if mail.kind is not Kind.PERSON:
        return set()
    return {command.number for command in read(mail.new_text).commands if command.number is not None}


def _tickets(tx: Tx, named: set[int]) -> dict[int, Ticket]:
    """The named tickets, merges followed, and those that they are linked with, under every number that leads there."""
    known: dict[int, Ticket] = {}
    for number in named:
        ticket = tickets.get(tx, number)
        if ticket is not None:
            known[number] = known.get(ticket.number, ticket)
            known.setdefault(ticket.number, ticket)
    for ticket in tuple(known.values()):
        for link in ticket.links[-5:]:
            if link not in known and (other := tickets.get(tx, link, follow=False)) is not None:
                known[link] = other
    return known


def _earlier(kept: inbox.Kept | None) -> Earlier | None:
    if kept is None:
        return None
    return Earlier(kept.id, None if kept.ticket is None else TicketNo(kept.ticket), kept.recipients)


def _answers(tx: Tx, mail: Mail, ticket: Ticket | None, now: datetime) -> Answers:
    if not (mail.answerable and mail.author.spec):
        return NO_ANSWERS
    number = ticket.number if ticket is not None else None
    quiet = timers.quiet(tx, ticket)
    return outbox.answers(tx, mail.author.spec, number, quiet, now, proven=mail.proof.proven)


def _counted(tx: Tx, situation: Situation) -> Situation:
    """The situation with what the limits count: answers to the author, and customers' mail on the ticket."""
    now = situation.now
    place = find(situation)
    ticket = place.ticket if place is not None else None
    answers = _answers(tx, situation.mail, ticket, now)
    if ticket is None:
        return replace(situation, answers=answers)
    since = now - timedelta(minutes=situation.desk.answers.summary_minutes)
    return replace(
        situation,
        answers=answers,
        recent=tickets.heard_since(tx, ticket.number, since),
        escalated=ticket.level > 1 and timers.set_for(tx, ticket.number, TimerName.ESCALATED),
    )
