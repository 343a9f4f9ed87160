"""What becomes of one mail: which ticket, who speaks, and what follows (DESIGN 3.5, 3.6)."""

from __future__ import annotations

from dataclasses import dataclass

from maild.decide import agent, customer, robots
from maild.decide.situation import Situation
from maild.decide.turn import Turn
from maild.decision import Decision, Duplicate, SetAside
from maild.mail import Kind
from maild.threading.clues import same_words
from maild.ticket import Party, Status, Ticket, Use

_RECEIVED_MOST = 50


@dataclass(frozen=True, slots=True)
class Found:
    """The ticket that a clue names, and how; `door` tells a token or an id of ours from what anybody could write."""

    ticket: Ticket
    because: str
    door: bool = False


def on_mail(situation: Situation) -> Decision:
    """Decide one mail: a value with its reasons, the same for the same situation."""
    mail = situation.mail
    if situation.earlier is not None:
        return _duplicate(situation)
    if sum(name == "received" for name, _ in mail.headers) >= _RECEIVED_MOST:
        return _aside(f"it went through {_RECEIVED_MOST} servers or more: a loop")
    if situation.clues.token(Use.CONFIRM) is not None and not situation.waived:
        return agent.on_yes(situation)
    match mail.kind:
        case Kind.BOUNCE | Kind.DELAY:
            return robots.file_bounce(situation)
        case Kind.OWN:
            return _aside("own: it says that it comes from this desk itself")
        case _:
            pass
    spoken = agent.on_agent_mail(situation)
    if spoken is not None:
        return spoken
    return _from_outside(situation)


def _from_outside(situation: Situation) -> Decision:
    mail = situation.mail
    found = find(situation)
    if found is None:
        return _without_clue(situation)
    ticket, because = found.ticket, (found.because,)
    party = ticket.participant_at(mail.author.spec) if mail.author.spec else None
    if mail.kind in {Kind.COMPLAINT, Kind.RECEIPT, Kind.AUTO_REPLY}:
        return robots.file_machine(situation, ticket, found.because)
    if party is None:
        return _stranger(situation, found)
    if not situation.clues.replies and not ticket.status.active:
        told = f"it answers nothing, and #{ticket.number} is {ticket.status}"
        return customer.open_ticket(situation, because=(*because, told), linked=ticket)
    if ticket.status is Status.CLOSED:
        return customer.open_ticket(situation, because=(*because, f"#{ticket.number} is closed"), follows=ticket)
    return customer.append(situation, ticket, party, because)


def find(situation: Situation) -> Found | None:
    """The strongest clue that leads to a ticket; weaker ones are followed only for a participant (DESIGN 3.5)."""
    clues, tickets = situation.clues, situation.tickets
    for token in clues.tokens:
        if token.use in {Use.CUSTOMER, Use.REPLY, Use.NOTE} and token.ticket in tickets:
            return Found(tickets[token.ticket], f"signed address of #{token.ticket}", door=True)
    for ours in clues.own:
        if ours.token.ticket in tickets:
            return Found(tickets[ours.token.ticket], f"our Message-ID of #{ours.token.ticket}", door=True)
    for message_id, number in situation.met:
        ticket = tickets.get(number)
        if ticket is not None and _takes_part(situation, ticket) and same_words(situation.mail.subject, ticket.subject):
            return Found(ticket, f"Message-ID {message_id} stands on #{ticket.number}")
    tagged = _of(situation, clues.tag)
    if tagged is not None and situation.mail.proof.proven and _takes_part(situation, tagged):
        return Found(tagged, f"subject tag of #{tagged.number}, address proven")
    same = _of(situation, situation.same_id)
    if same is not None and _takes_part(situation, same):
        return Found(same, f"same Message-ID as a mail of #{same.number}, other words")
    return None


def _of(situation: Situation, number: int | None) -> Ticket | None:
    return situation.tickets.get(number) if number is not None else None


def _takes_part(situation: Situation, ticket: Ticket) -> Party | None:
    author = situation.mail.author.spec
    return ticket.participant_at(author) if author else None


def _without_clue(situation: Situation) -> Decision:
    mail = situation.mail
    if mail.kind in {Kind.COMPLAINT, Kind.RECEIPT}:
        return _aside(f"{mail.kind.value}: belongs to no mail of ours")
    weak = _weak(situation)
    if weak is None:
        return customer.open_ticket(situation, because=("no clue: a new ticket",))
    stranger = _takes_part(situation, weak.ticket) is None
    return customer.open_ticket(situation, because=(weak.because,), linked=weak.ticket, tell_owner=stranger)


def _weak(situation: Situation) -> Found | None:
    """A clue that joins nothing and still deserves a link."""
    for _message_id, met in situation.met:
        if met in situation.tickets:
            return Found(situation.tickets[met], f"it names a mail of #{met}, but cannot join it")
    for number in (situation.clues.tag, situation.same_id):
        ticket = _of(situation, number)
        if ticket is not None:
            return Found(ticket, f"it names #{ticket.number}, but nothing proves that it belongs there")
    return None


def _stranger(situation: Situation, found: Found) -> Decision:
    because = (found.because, f"{situation.mail.author.spec or 'nobody'} takes no part in #{found.ticket.number}")
    if situation.mail.kind is not Kind.PERSON:
        return customer.open_ticket(situation, because=because, linked=found.ticket)
    return customer.open_ticket(situation, because=because, linked=found.ticket, stranger=found.door)


def _duplicate(situation: Situation) -> Decision:
    """The same mail again; a team that only this copy addresses is added to the ticket."""
    earlier = situation.earlier
    if earlier is None:
        raise AssertionError("a duplicate has an earlier mail")
    because = (f"the same mail came before as inbox mail {earlier.inbox}",)
    ticket = situation.tickets.get(earlier.ticket) if earlier.ticket is not None else None
    if ticket is None:
        return Duplicate(earlier.inbox, earlier.ticket, because)
    known = frozenset(spec.lower() for spec in earlier.recipients)
    fresh = frozenset(spec.lower() for spec in situation.recipients) - known
    teams = tuple(team for team in customer.other_teams(situation, ticket.team, known) if team.address.lower() in fresh)
    if not teams:
        return Duplicate(earlier.inbox, earlier.ticket, because)
    turn = Turn(ticket, situation.desk, situation.now, "desk")
    customer.also_teams(turn, situation, teams)
    return Duplicate(earlier.inbox, earlier.ticket, (*because, *turn.because), turn.post())


def _aside(because: str) -> Decision:
    return SetAside((because,))
