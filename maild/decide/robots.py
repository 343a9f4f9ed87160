"""Mail that no person wrote: filed where it belongs, never answered."""

from __future__ import annotations

from maild.decide.assign import people_of
from maild.decide.learn import on_failure, status_of
from maild.decide.situation import Situation
from maild.decide.turn import Turn
from maild.decide.undelivered import tell_undelivered
from maild.decision import Bulletin, Done, Notice, Post, Sent, SetAside
from maild.lines import Line, line
from maild.mail import Address, Kind
from maild.ticket import Entry, Ticket, Use, Voice
from maild.values import replace

_BOUNCE = (Use.BOUNCE,)


def file_bounce(situation: Situation) -> Post | SetAside | Done:
    """A bounce or a delay of a mail of ours, known by its signed envelope address, else by what it returns.

    Only the signed address lets it speak of delivery (DESIGN 3.6); a returned id of ours alone is filed as evidence.
    """
    mail = situation.mail
    row = row_of(situation)
    ticket = situation.tickets.get(row.ticket) if row is not None and row.ticket is not None else None
    if row is None:
        return SetAside((f"{mail.kind.value}: belongs to no mail of ours",))
    # without sub-addresses there is no signed envelope address, and our own Message-ID has to do (DESIGN 3.4)
    signed = situation.clues.token(*_BOUNCE) is not None or situation.desk.subaddress == ""
    learnt = _learnt(situation, row) if signed and mail.kind is Kind.BOUNCE else None
    if ticket is None:
        because = f"{mail.kind.value} of outbox mail {row.row}: recorded"
        return Done((because, *(learnt.because if learnt else ())), bulletin=learnt)
    turn = Turn(ticket, situation.desk, situation.now, "mail system")
    turn.because.append(f"{mail.kind.value} of outbox mail {row.row} to {row.recipient}")
    turn.say(_entry(situation))
    permanent = mail.kind is Kind.BOUNCE and any(one.cls == "permanent" for one in mail.bounced)
    if not signed:
        turn.because.append("without our signed address: filed, changes nothing")
    elif permanent and _told_before(situation, ticket, row):
        turn.because.append("its people know already: filed")
    elif permanent:
        status = next((one.status for one in mail.bounced if one.cls == "permanent"), "")
        tell_undelivered(turn, row, f"{status} {' '.join(mail.new_text.split())[:300]}".strip())
    else:
        turn.because.append("not final: nothing is told")
    return _with(turn, learnt)


def file_machine(situation: Situation, ticket: Ticket, because: str | Line, learnt: Bulletin | None = None) -> Post:
    """Machine mail for a ticket that stands: kept in the conversation, changes nothing there, tells its people nothing.

    `learnt` is what it tells of an agent's absence.
    """
    turn = Turn(ticket, situation.desk, situation.now, situation.mail.author.spec or "a machine")
    turn.explain(because)
    turn.because.append(f"filed, changes nothing: {situation.mail.kind.value}")
    turn.say(_entry(situation))
    turn.met = (situation.mail.message_id,)
    if learnt is None:
        _tell_of_absence(turn, situation)
    return _with(turn, learnt)


def _tell_of_absence(turn: Turn, situation: Situation) -> None:
    """The owner learns until when a customer is away, who said so in an automatic reply; nothing changes by it."""
    mail, ticket = situation.mail, turn.ticket
    party = ticket.participant_at(mail.author.spec) if mail.author.spec else None
    if mail.kind is not Kind.AUTO_REPLY or mail.vacation is None or party is None or not ticket.status.active:
        return
    told = line("customer_away", who=party.name or party.address, until=mail.vacation.until)
    for agent in people_of(turn.desk, ticket.owner, ticket.team, turn.now):
        if party.key not in agent.addresses:
            turn.tell_agent(agent, Notice.NOTE, Use.NOTE, auto=True, lines=(told,))


def row_of(situation: Situation) -> Sent | None:
    """The mail of ours that a bounce is about: by its signed envelope address, else by an id that it names."""
    token = situation.clues.token(*_BOUNCE)
    if token is not None:
        return situation.sent.get(token.ticket)
    ids = (*situation.clues.returned, *situation.clues.own)
    return next((situation.sent[ours.row] for ours in ids if ours.row in situation.sent), None)


def _with(turn: Turn, learnt: Bulletin | None) -> Post:
    if learnt is None:
        return turn.post()
    turn.because.extend(learnt.because)
    return replace(turn.post(), bulletin=learnt)


def _learnt(situation: Situation, row: Sent) -> Bulletin | None:
    status = status_of(situation.mail.bounced, row)
    return on_failure(row, status, situation.living, situation.desk, situation.absence_facts, situation.now)


def _told_before(situation: Situation, ticket: Ticket, row: Sent) -> bool:
    """Whether the ticket tells already that this mail did not arrive; a second report of it is no news."""
    return any(
        event.event == "undelivered"
        and event.at >= row.created_at
        and (event.before, event.after) == (row.notice.value, row.recipient)
        for event in situation.history.get(ticket.number, ())
    )


def _entry(situation: Situation) -> Entry:
    mail = situation.mail
    author = mail.author if mail.author.spec else Address(situation.sender or "mail system")
    entry = Entry(
        at=situation.received_at,
        author=author.spec,
        name=author.name,
        voice=Voice.MACHINE,
        text=mail.new_text or mail.text,
        message_id=mail.message_id,
        inbox=situation.inbox,
    )
    return replace(entry, attachments=mail.attachments)
